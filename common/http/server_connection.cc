// Signpost. Apache-2.0; see LICENSE.
#include "common/http/server_connection.h"

#include <utility>

#include "common/http/content_coding.h"
#include "common/http/response_text.h"

namespace signpost::http {
namespace {

// A client that takes less of its answer in body_timeout holds memory for nothing.
constexpr int64_t kLeastProgress = 16 << 10;

std::span<const uint8_t> AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// Of a body, handed to the stream at a time: it copies what the kernel does not take.
constexpr size_t kPiece = 32 << 10;

}  // namespace

class ServerConnection::Answer final : public Responder {
 public:
  Answer(std::weak_ptr<ServerConnection> connection, uint64_t serial)
      : connection_(std::move(connection)), serial_(serial) {}
  ~Answer() override {
    if (!sent_) Send({.status = 500, .headers = {}, .body = ""});
  }

  void Send(ServerResponse response) override {
    if (std::exchange(sent_, true)) return;
    if (const auto connection = connection_.lock()) connection->Respond(serial_, std::move(response));
  }

  void OnGone(std::function<void()> on_gone) override {
    const auto connection = connection_.lock();
    if (!sent_ && connection && connection->serial_ == serial_) connection->on_gone_ = std::move(on_gone);
  }

 private:
  const std::weak_ptr<ServerConnection> connection_;
  const uint64_t serial_;
  bool sent_ = false;
};

ServerConnection::ServerConnection(net::Loop& loop, std::shared_ptr<const Host> host,
                                   std::unique_ptr<net::TcpStream> stream)
    : host_(std::move(host)),
      stream_(std::move(stream)),
      timer_(loop, [this] { OnTimeout(); }),
      parser_({.max_head = host_->options.max_head, .max_body = host_->options.max_body}) {}

void ServerConnection::Serve() {
  stream_->SetHandlers({.on_data = [this](std::span<const uint8_t> data) { OnData(data); },
                        .on_end = [this](const Status& status) { OnEnd(status.ok()); },
                        .on_drained = [this] { OnDrained(); }});
  Enter(Phase::kIdle, host_->options.head_timeout);
  stream_->StartReading();
}

void ServerConnection::Abandon() {
  phase_ = Phase::kOver;
  stream_.reset();
  timer_.Stop();
  on_gone_ = nullptr;
}

void ServerConnection::Enter(Phase phase, Millis limit) {
  phase_ = phase;
  timer_.Start(limit);
}

void ServerConnection::OnData(std::span<const uint8_t> data) {
  const auto keep = shared_from_this();
  const std::string_view bytes(reinterpret_cast<const char*>(data.data()), data.size());
  if (processing_ || !pending_.empty()) {
    pending_.append(bytes);
  } else {
    pending_.append(bytes.substr(Consume(bytes)));
  }
  ProcessPending();
}

void ServerConnection::OnEnd(bool orderly) {
  const auto keep = shared_from_this();
  peer_finished_ = true;
  if (!orderly || phase_ == Phase::kIdle || phase_ == Phase::kReading) {
    Over(false);
  } else if (auto gone = std::exchange(on_gone_, nullptr)) {
    gone();  // it may only have shut down its sending side: an answer is still sent
  }
}

void ServerConnection::OnDrained() {
  const auto keep = shared_from_this();
  if (phase_ == Phase::kWriting && HandOver()) FinishAnswer();
}

void ServerConnection::OnTimeout() {
  const auto keep = shared_from_this();
  if (phase_ == Phase::kReading) {
    Refuse(408, "the request did not come in time");
  } else if (phase_ == Phase::kWriting && Taken() >= unsent_->seen_taken + kLeastProgress) {
    unsent_->seen_taken = Taken();  // slow, but it moves
    timer_.Start(host_->options.body_timeout);
  } else if (phase_ != Phase::kHandling) {
    Over(false);
  }
}

size_t ServerConnection::Consume(std::string_view bytes) {
  if (std::exchange(processing_, true)) return 0;
  size_t used = 0;
  while ((phase_ == Phase::kIdle || phase_ == Phase::kReading) && used < bytes.size()) {
    const RequestParser::State before = parser_.state();
    used += parser_.Feed(bytes.substr(used));
    OnProgress(before);
  }
  processing_ = false;
  return used;
}

void ServerConnection::ProcessPending() {
  if (processing_) return;
  pending_.erase(0, Consume(pending_));
  if (phase_ == Phase::kOver) return;
  if (peer_finished_ && (phase_ == Phase::kIdle || phase_ == Phase::kReading)) return Over(true);
  if (pending_.empty()) std::string().swap(pending_);  // an idle connection owns no buffer; an assignment would keep it
  if (pending_.size() > host_->options.max_head) {
    stream_->PauseReading();
  } else if (!peer_finished_) {
    stream_->StartReading();
  }
}

void ServerConnection::OnProgress(RequestParser::State before) {
  using State = RequestParser::State;
  const State now = parser_.state();
  if (phase_ == Phase::kIdle && parser_.started()) Enter(Phase::kReading, host_->options.head_timeout);
  if (now == State::kFailed) return Refuse(parser_.error(), parser_.error_text());
  if (now == State::kComplete) return Dispatch();
  if (before == State::kHead && now == State::kBody) {
    Enter(Phase::kReading, host_->options.body_timeout);
    if (parser_.wants_continue()) stream_->Write(AsBytes("HTTP/1.1 100 Continue\r\n\r\n"));
  }
}

void ServerConnection::Dispatch() {
  keep_alive_ = parser_.keep_alive();
  ServerRequest request = parser_.Take();
  request.peer = stream_->peer();
  head_only_ = request.method == "HEAD";
  wants_gzip_ = host_->options.gzip && PrefersGzip(request);
  ++serial_;
  phase_ = Phase::kHandling;
  timer_.Stop();
  host_->handler(std::move(request), std::make_unique<Answer>(weak_from_this(), serial_));
}

void ServerConnection::Respond(uint64_t serial, ServerResponse response) {
  if (phase_ != Phase::kHandling || serial != serial_) return;
  const auto gone = std::exchange(on_gone_, nullptr);
  for (const auto& [name, value] : response.headers) {
    if ((name == "Connection" || name == "connection") && value == "close") keep_alive_ = false;
  }
  if (wants_gzip_) Compress(response, host_->options.gzip_from);
  const ResponseFraming framing = {.keep_alive = keep_alive_, .head_only = head_only_, .vary = host_->options.gzip};
  const std::string head = ResponseHead(response, framing, SystemClock().Wall());
  const std::string_view body = HasBody(response, framing) ? BodyOf(response) : std::string_view();
  const std::string_view first = body.substr(0, kPiece);
  stream_->Write(AsBytes(head), AsBytes(first));
  if (first.size() == body.size() && stream_->queued() == 0) return FinishAnswer();
  const size_t skipped = body.empty() ? BodyOf(response).size() : first.size();
  unsent_ = std::make_unique<Unsent>(Unsent{.response = std::move(response),
                                            .body_offset = skipped,
                                            .handed_over = static_cast<int64_t>(head.size() + first.size())});
  if (HandOver()) return FinishAnswer();
  unsent_->seen_taken = Taken();
  Enter(Phase::kWriting, host_->options.body_timeout);
}

// Gives the stream as much as the kernel takes now. True when that was all.
bool ServerConnection::HandOver() {
  const std::string_view body = BodyOf(unsent_->response);
  while (stream_->queued() == 0 && unsent_->body_offset < body.size()) {
    const std::string_view piece = body.substr(unsent_->body_offset, kPiece);
    unsent_->body_offset += piece.size();
    unsent_->handed_over += static_cast<int64_t>(piece.size());
    stream_->Write(AsBytes(piece));
  }
  return stream_->queued() == 0;
}

// How much of the answer the client's kernel has acknowledged.
int64_t ServerConnection::Taken() const {
  return unsent_->handed_over - static_cast<int64_t>(stream_->unacknowledged());
}

void ServerConnection::FinishAnswer() {
  unsent_.reset();
  if (!keep_alive_) return Over(true);
  Enter(Phase::kIdle, host_->options.idle_timeout);
  ProcessPending();
}

// Answers what was no request, and closes: where the next one would start is unknown.
void ServerConnection::Refuse(int status, std::string_view text) {
  stream_->Write(AsBytes(RefusalText(status, text, host_->options.gzip, SystemClock().Wall())));
  Over(true);
}

void ServerConnection::Over(bool drain) {
  if (phase_ == Phase::kOver) return;
  phase_ = Phase::kOver;
  timer_.Stop();
  const auto gone = std::exchange(on_gone_, nullptr);
  if (drain) {
    net::TcpStream::CloseAfterDrain(std::move(stream_));
  } else {
    stream_.reset();
  }
  const auto keep = shared_from_this();
  host_->on_over(*this);
  if (gone) gone();
}

}  // namespace signpost::http
