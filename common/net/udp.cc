// Signpost. Apache-2.0; see LICENSE.
#include "common/net/udp.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "common/net/pktinfo.h"
#include "common/net/poll.h"
#include "common/net/socket.h"

namespace signpost::net {
namespace {

// Not a multiple of 4096: buffers a page apart would all compete for the same lines of the L1 cache.
constexpr size_t kReceiveStride = UdpSocket::kMaxReceive + 192;
constexpr size_t kSendStride = UdpSocket::kMaxSend + 192;

struct alignas(cmsghdr) Control {
  uint8_t bytes[kReceiveControl];
};

void SetServerOptions(int fd, const SocketAddress& local) {
  constexpr int kReceiveBuffer = 1 << 20;
  if (!SetOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, kReceiveBuffer)) SetOption(fd, SOL_SOCKET, SO_RCVBUF, kReceiveBuffer);
  SetOption(fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
  if (local.family() == AF_INET) {
    SetOption(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT);
  } else {
    SetOption(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT);
    SetOption(fd, IPPROTO_IPV6, IPV6_MTU, 1280);
  }
}

// Errors that an earlier answer to a vanished client left on the socket (W240): the next call works.
bool IsStaleIcmpError(int error) {
  return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH || error == EINTR;
}

}  // namespace

struct UdpSocket::Impl : std::enable_shared_from_this<Impl> {
  Impl(Loop& owner, UniqueFd socket, std::function<void(std::span<UdpDatagram>)> handler)
      : loop(owner), fd(std::move(socket)), local(LocalName(fd.get())), on_batch(std::move(handler)) {
    buffers = std::make_unique_for_overwrite<uint8_t[]>(kBatch * (kReceiveStride + kSendStride));
    ask_local = local.is_wildcard();
    receive_control_size = ask_local ? sizeof(Control) : CMSG_SPACE(sizeof(uint32_t));
    for (size_t i = 0; i < kBatch; ++i) PrepareSlot(i);
    poll.emplace(loop, fd.get(), [this](unsigned) { OnReadable(); });
    poll->Start(kReadable);
  }

  void PrepareSlot(size_t i) {
    uint8_t* const in = buffers.get() + i * kReceiveStride;
    UdpDatagram& datagram = datagrams[i];
    datagram.slot = static_cast<uint32_t>(i);
    datagram.reply = {buffers.get() + kBatch * kReceiveStride + i * kSendStride, kMaxSend};
    receive_iov[i] = {in, kMaxReceive};
    msghdr& header = receive[i].msg_hdr;
    header.msg_name = datagram.peer.get();  // the kernel writes the peer into its final place
    header.msg_namelen = local.length();    // and leaves the same length behind: one family per socket
    header.msg_iov = &receive_iov[i];
    header.msg_iovlen = 1;
    header.msg_control = receive_control[i].bytes;
    header.msg_controllen = receive_control_size;
    send[i].msg_hdr.msg_iov = &send_iov[i];
    send[i].msg_hdr.msg_iovlen = 1;
  }

  void OnReadable() {
    const std::shared_ptr<Impl> keep = shared_from_this();  // the handler may destroy the socket
    for (int round = 0; round < kRounds && !closed; ++round) {
      const int n = recvmmsg(fd.get(), receive.data(), kBatch, MSG_DONTWAIT, nullptr);
      if (n > 0) {
        HandleBatch(static_cast<size_t>(n));
      } else if (n == 0 || !IsStaleIcmpError(errno)) {
        return;
      }
    }
  }

  void HandleBatch(size_t n) {
    counters.received.Add(n);
    for (size_t i = 0; i < n; ++i) {
      datagrams[i].payload = {static_cast<const uint8_t*>(receive_iov[i].iov_base), receive[i].msg_len};
      datagrams[i].peer.set_length(receive[i].msg_hdr.msg_namelen);
      datagrams[i].reply_size = 0;
    }
    CountDrops(receive[n - 1].msg_hdr);
    on_batch({datagrams.data(), n});
    if (!closed) SendReplies(n);
    for (size_t i = 0; i < n; ++i) {  // of the fields that recvmmsg overwrites, only this one changes
      receive[i].msg_hdr.msg_controllen = receive_control_size;
    }
  }

  // The kernel attaches its total to a datagram once anything was dropped.
  void CountDrops(const msghdr& header) {
    if (header.msg_controllen == 0) return;
    const uint32_t total = DropTotal(header, drop_total);
    counters.receive_dropped.Add(total - drop_total);
    drop_total = total;
  }

  void SendReplies(size_t n) {
    size_t count = 0;
    for (size_t i = 0; i < n; ++i) {
      const UdpDatagram& datagram = datagrams[i];
      if (datagram.reply_size == 0) continue;
      send_iov[count] = {datagram.reply.data(), datagram.reply_size};
      msghdr& out = send[count].msg_hdr;
      out.msg_name = receive[i].msg_hdr.msg_name;
      out.msg_namelen = receive[i].msg_hdr.msg_namelen;
      if (ask_local) {
        out.msg_controllen = CopyReturnControl(receive[i].msg_hdr, send_control[i].bytes);
        out.msg_control = out.msg_controllen > 0 ? send_control[i].bytes : nullptr;
      }
      ++count;
    }
    Transmit(count);
  }

  void Transmit(size_t count) {
    size_t done = 0;
    while (done < count) {
      const int n = sendmmsg(fd.get(), &send[done], static_cast<unsigned>(count - done), MSG_DONTWAIT);
      if (n > 0) {
        counters.sent.Add(static_cast<uint64_t>(n));
        done += static_cast<size_t>(n);
      } else if (n < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM)) {
        counters.send_dropped.Add(count - done);  // the kernel is full: so would the next call find it
        return;
      } else if (n == 0 || errno != EINTR) {
        counters.send_dropped.Add();
        ++done;
      }
    }
  }

  Loop& loop;
  UniqueFd fd;
  const SocketAddress local;
  std::function<void(std::span<UdpDatagram>)> on_batch;
  UdpCounters counters;
  bool closed = false;
  bool ask_local = false;
  uint32_t drop_total = 0;
  size_t receive_control_size = 0;

  std::unique_ptr<uint8_t[]> buffers;
  std::array<UdpDatagram, kBatch> datagrams;
  std::array<mmsghdr, kBatch> receive{};
  std::array<iovec, kBatch> receive_iov{};
  std::array<Control, kBatch> receive_control{};
  std::array<mmsghdr, kBatch> send{};
  std::array<iovec, kBatch> send_iov{};
  std::array<Control, kBatch> send_control{};
  std::optional<Poll> poll;  // after fd: gone before the descriptor closes
};

Status UdpSocket::Probe(const SocketAddress& address) {
  return BindSocket(address, SOCK_DGRAM, ReusePort::kNo).status();
}

Result<std::unique_ptr<UdpSocket>> UdpSocket::Bind(Loop& loop, const SocketAddress& address,
                                                   std::function<void(std::span<UdpDatagram>)> on_batch) {
  Result<UniqueFd> fd = BindSocket(address, SOCK_DGRAM, ReusePort::kYes);
  if (!fd.ok()) return fd.status();
  SetServerOptions(fd.value().get(), address);
  if (address.is_wildcard() && !AskForPktinfo(fd.value().get(), address.family())) {
    return ListenError(SOCK_DGRAM, address, errno);
  }
  return std::make_unique<UdpSocket>(std::make_shared<Impl>(loop, std::move(fd).value(), std::move(on_batch)));
}

UdpSocket::UdpSocket(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

UdpSocket::~UdpSocket() {
  impl_->closed = true;
  impl_->poll.reset();
}

UdpReturnPath UdpSocket::ReturnPath(const UdpDatagram& datagram) const {
  UdpReturnPath path{.peer = datagram.peer};
  if (!impl_->ask_local) return path;
  static_assert(sizeof path.control >= kReturnControl);
  path.control_size = static_cast<uint32_t>(CopyReturnControl(impl_->receive[datagram.slot].msg_hdr, path.control));
  return path;
}

void UdpSocket::Send(const UdpReturnPath& path, std::span<const uint8_t> payload) {
  impl_->loop.AssertInLoop();
  UdpReturnPath to = path;  // sendmsg takes pointers to non-const
  iovec iov{const_cast<uint8_t*>(payload.data()), payload.size()};
  msghdr header{};
  header.msg_name = to.peer.get();
  header.msg_namelen = to.peer.length();
  header.msg_iov = &iov;
  header.msg_iovlen = 1;
  header.msg_control = to.control_size > 0 ? to.control : nullptr;
  header.msg_controllen = to.control_size;
  const bool sent = sendmsg(impl_->fd.get(), &header, MSG_DONTWAIT) >= 0;
  (sent ? impl_->counters.sent : impl_->counters.send_dropped).Add();
}

const SocketAddress& UdpSocket::local() const { return impl_->local; }

const UdpCounters& UdpSocket::counters() const { return impl_->counters; }

}  // namespace signpost::net
