// Signpost. Apache-2.0; see LICENSE.
#include "common/net/tcp_stream.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "common/net/socket.h"

namespace signpost::net {
namespace {

Status ConnectionError(const SocketAddress& peer, int uv_error) {
  return Status::Unavailable("connection with " + peer.ToString() + ": " + uv_strerror(uv_error));
}

uv_buf_t ToBuf(std::span<const uint8_t> bytes) {
  return uv_buf_init(const_cast<char*>(reinterpret_cast<const char*>(bytes.data())),
                     static_cast<unsigned>(bytes.size()));
}

void OfferBuffer(uv_handle_t* handle, size_t /*suggested*/, uv_buf_t* buffer) {
  auto& impl = *static_cast<Loop::Impl*>(handle->loop->data);
  if (!impl.read_buffer) impl.read_buffer = std::make_unique<char[]>(Loop::Impl::kReadBuffer);
  *buffer = uv_buf_init(impl.read_buffer.get(), Loop::Impl::kReadBuffer);
}

}  // namespace

std::shared_ptr<TcpStream::Impl> TcpStream::Impl::Adopt(Loop& loop, int fd, const SocketAddress& peer) {
  auto impl = std::make_shared<Impl>(loop, peer);
  if (uv_tcp_open(&impl->tcp, fd) != 0) {
    close(fd);
    impl->Close();
    return impl;
  }
  uv_tcp_nodelay(&impl->tcp, 1);
  return impl;
}

TcpStream::Impl::Impl(Loop& owner, const SocketAddress& peer_name)
    : Handle(owner), handlers(std::make_shared<Handlers>()), peer(peer_name) {
  CheckUv(uv_tcp_init(uv(), &tcp), "uv_tcp_init");
  Attach(reinterpret_cast<uv_handle_t*>(&tcp));
}

void TcpStream::Impl::StartReading() {
  if (closing() || reading || ended) return;
  loop().AssertInLoop();
  const auto on_read = [](uv_stream_t* s, ssize_t n, const uv_buf_t* buffer) {
    OwnerOf<Impl>(s).OnRead(n, buffer->base);
  };
  reading = true;
  const int result = uv_read_start(stream(), OfferBuffer, on_read);
  if (result < 0) FailLater(result);
}

void TcpStream::Impl::PauseReading() {
  if (closing() || !reading) return;
  reading = false;
  uv_read_stop(stream());
}

void TcpStream::Impl::OnRead(ssize_t size, const char* data) {
  if (size == 0 || closing()) return;
  if (draining) {
    if (size < 0) Close();  // the peer has finished too, or is gone
    return;
  }
  if (size > 0) {
    const std::shared_ptr<const Handlers> call = handlers;
    if (call->on_data) call->on_data({reinterpret_cast<const uint8_t*>(data), static_cast<size_t>(size)});
    return;
  }
  reading = false;
  uv_read_stop(stream());
  if (ended) return;
  ended = true;
  failed = failed || size != UV_EOF;
  End(size == UV_EOF ? Status::Ok() : ConnectionError(peer, static_cast<int>(size)));
}

void TcpStream::Impl::End(const Status& status) {
  const std::shared_ptr<const Handlers> call = handlers;
  if (call->on_end) call->on_end(status);
}

void TcpStream::Impl::FailLater(int uv_error) {
  failed = true;
  waiting.clear();
  if (draining) {
    Close();
    return;
  }
  if (ended) return;
  ended = true;
  loop().Post([weak = weak_from_this(), uv_error] {
    const auto self = std::static_pointer_cast<Impl>(weak.lock());
    if (self && !self->closing() && !self->draining) self->End(ConnectionError(self->peer, uv_error));
  });
}

void TcpStream::Impl::Write(std::span<const uint8_t> head, std::span<const uint8_t> body) {
  if (closing() || failed || draining) return;
  loop().AssertInLoop();
  if (!writing) {
    const std::array<uv_buf_t, 2> buffers = {ToBuf(head), ToBuf(body)};
    const int result = uv_try_write(stream(), buffers.data(), body.empty() ? 1 : 2);
    if (result < 0 && result != UV_EAGAIN) {
      FailLater(result);
      return;
    }
    const size_t taken = result > 0 ? static_cast<size_t>(result) : 0;
    if (taken == head.size() + body.size()) return;
    const size_t of_head = std::min(taken, head.size());
    head = head.subspan(of_head);
    body = body.subspan(taken - of_head);
  }
  waiting.insert(waiting.end(), head.begin(), head.end());
  waiting.insert(waiting.end(), body.begin(), body.end());
  if (!writing) Flush();
}

void TcpStream::Impl::Flush() {
  in_flight.swap(waiting);
  waiting.clear();
  writing = true;
  const uv_buf_t buffer = ToBuf(in_flight);
  const auto on_written = [](uv_write_t* request, int status) { OwnerOf<Impl>(request->handle).OnWritten(status); };
  const int result = uv_write(&write, stream(), &buffer, 1, on_written);
  if (result < 0) {
    writing = false;
    FailLater(result);
  }
}

void TcpStream::Impl::OnWritten(int status) {
  writing = false;
  in_flight = std::vector<uint8_t>();
  if (closing()) return;
  if (status < 0) {
    FailLater(status);
  } else if (!waiting.empty()) {
    Flush();
  } else if (draining) {
    SendFin();
  } else {
    waiting = std::vector<uint8_t>();  // a burst is over: an idle connection owns no buffer
    const std::shared_ptr<const Handlers> call = handlers;
    if (call->on_drained) call->on_drained();
  }
}

// Closing with unread input would make the kernel send RST and so destroy output that the peer has not read
// yet. So we go on reading, and throw away, until the peer has seen our FIN and answered with its own.
void TcpStream::Impl::CloseAfterDrain() {
  if (closing() || draining) return;
  if (failed) {
    Close();
    return;
  }
  PauseReading();
  draining = true;
  keep_alive = shared_from_this();
  handlers = std::make_shared<Handlers>();
  limit = std::make_unique<Timer>(loop(), [this] { Close(); });
  limit->Start(kDrainLimit);
  if (!writing) SendFin();
}

void TcpStream::Impl::SendFin() {
  const int result = uv_shutdown(&shutdown, stream(), [](uv_shutdown_t* request, int status) {
    auto& impl = OwnerOf<Impl>(request->handle);
    if (status < 0 && !impl.closing()) impl.Close();
  });
  if (result < 0) {
    Close();
    return;
  }
  limit->Start(kLingerLimit);
  const auto on_read = [](uv_stream_t* s, ssize_t n, const uv_buf_t* buffer) {
    OwnerOf<Impl>(s).OnRead(n, buffer->base);
  };
  if (uv_read_start(stream(), OfferBuffer, on_read) < 0) Close();
}

void TcpStream::Impl::CloseWithReset() {
  if (closing()) return;
  const linger abort_now = {.l_onoff = 1, .l_linger = 0};
  setsockopt(Descriptor(), SOL_SOCKET, SO_LINGER, &abort_now, sizeof abort_now);
  Close();
}

int TcpStream::Impl::Descriptor() const {
  uv_os_fd_t fd = -1;
  if (closing() || uv_fileno(reinterpret_cast<const uv_handle_t*>(&tcp), &fd) != 0) return -1;
  return fd;
}

void TcpStream::Impl::OnClosed() {
  limit.reset();
  keep_alive.reset();
  handlers = std::make_shared<Handlers>();
}

TcpStream::TcpStream(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

TcpStream::~TcpStream() {
  if (impl_ && !impl_->draining) impl_->Close();
}

void TcpStream::SetHandlers(Handlers handlers) {
  impl_->handlers = std::make_shared<const Handlers>(std::move(handlers));
}

void TcpStream::StartReading() { impl_->StartReading(); }

void TcpStream::PauseReading() { impl_->PauseReading(); }

void TcpStream::Write(std::span<const uint8_t> head, std::span<const uint8_t> body) { impl_->Write(head, body); }

size_t TcpStream::queued() const { return impl_->waiting.size() + (impl_->writing ? impl_->tcp.write_queue_size : 0); }

size_t TcpStream::unacknowledged() const {
  int in_kernel = 0;
  const int fd = impl_->Descriptor();
  if (fd < 0 || ioctl(fd, SIOCOUTQ, &in_kernel) != 0) in_kernel = 0;
  return queued() + static_cast<size_t>(in_kernel);
}

void TcpStream::CloseAfterDrain(std::unique_ptr<TcpStream> stream) { stream->impl_->CloseAfterDrain(); }

void TcpStream::Reset(std::unique_ptr<TcpStream> stream) { stream->impl_->CloseWithReset(); }

const SocketAddress& TcpStream::peer() const { return impl_->peer; }

const SocketAddress& TcpStream::local() const {
  if (impl_->local.empty() && impl_->Descriptor() >= 0) impl_->local = LocalName(impl_->Descriptor());
  return impl_->local;
}

}  // namespace signpost::net
