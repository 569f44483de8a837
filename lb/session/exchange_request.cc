// Signpost. Apache-2.0; see LICENSE.
// The request's bytes, from the client to the endpoint.
#include <algorithm>
#include <cstdint>

#include "lb/session/exchange.h"
#include "lb/session/exchange_pool.h"

namespace signpost::lb {
namespace {

constexpr int kSlabsPerTurn = 4;
constexpr size_t kMostPieces = 60;  // and a frame around them: StreamSocket::Send takes 64

std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

iovec Part(std::string_view text) { return {const_cast<char*>(text.data()), text.size()}; }

}  // namespace

// Moves what can be moved now. While the endpoint takes less than the client sends, the client is not read.
bool Exchange::PumpRequest() {
  for (int slabs = 0;; ++slabs) {
    if (!SendRequest()) return false;
    const bool connected = phase_ == Phase::kSending || phase_ == Phase::kRelaying;
    if (request_read_ || !connected || upload_broken_ || !client_.socket->readable()) return true;
    if (buffer_.unsent().size() >= rules_->relay.pending_high) {
      body_blocked_ = true;
      return true;
    }
    if (slabs == kSlabsPerTurn) {
      client_.socket->Again();
      return true;
    }
    if (!ReadBody()) return false;
  }
}

bool Exchange::SendRequest() {
  if (upload_broken_) return true;
  bool moved = false;
  while (!buffer_.unsent().empty()) {
    const net::IoResult result = upstream_->socket->Send(Bytes(buffer_.unsent()));
    if (result.kind == net::Io::kWait) break;
    if (result.kind != net::Io::kBytes) return UploadBroken();
    moved = true;
    to_endpoint_ += result.size;
    buffer_.Sent(result.size);
  }
  RequestProgressed(moved);
  return true;
}

// Which deadline runs while a request is on its way.
void Exchange::RequestProgressed(bool moved) {
  if (phase_ != Phase::kSending) return;
  const ServiceSettings& settings = *pool_->settings;
  if (RequestSent()) {
    phase_ = Phase::kWaiting;
    sent_at_ = context_.reactor.Now();
    context_.reactor.Arm(upstream_deadline_, settings.read_timeout);
  } else if (!buffer_.unsent().empty()) {
    if (moved || !upstream_deadline_.armed()) context_.reactor.Arm(upstream_deadline_, settings.write_timeout);
  } else if (expect_) {
    if (!upstream_deadline_.armed() || moved) context_.reactor.Arm(upstream_deadline_, settings.read_timeout);
  } else {
    upstream_deadline_.Cancel();
  }
}

bool Exchange::ReadBody() {
  const size_t room = rules_->relay.pending_high - buffer_.unsent().size();
  std::span<uint8_t> slab = context_.reactor.Slab();
  slab = slab.first(std::min(slab.size(), room));
  const net::IoResult result = client_.socket->Receive(slab);
  if (result.kind == net::Io::kWait) return true;
  if (result.kind == net::Io::kBytes) return TakeBody({reinterpret_cast<const char*>(slab.data()), result.size});
  ClientGone();
  return false;
}

bool Exchange::TakeBody(std::string_view in) {
  std::vector<std::string_view>& data = context_.exchanges->data;
  data.clear();
  const size_t taken = request_body_.Decode(in, data);
  if (request_body_.state() == BodyDecoder::State::kBad) return BadBody();
  body_received_ += taken;
  expect_ = false;
  request_read_ = request_body_.state() == BodyDecoder::State::kDone;
  if (request_read_) {
    body_deadline_.Cancel();
    if (taken < in.size()) client_.owner->KeepRest(in.substr(taken));
  } else if (!body_deadline_.armed()) {
    BeginBodyPeriod();
  }
  return ForwardBody() || UploadBroken();
}

// The pieces in the pool's `data`, framed as the request was. False: the endpoint takes no more.
bool Exchange::ForwardBody() {
  const std::vector<std::string_view>& data = context_.exchanges->data;
  size_t size = 0;
  for (const std::string_view piece : data) size += piece.size();
  bool taken = true;
  if (size > 0) {
    const ChunkFrame frame(size);
    const std::string_view head = request_chunked_ ? frame.head() : std::string_view();
    if (upstream_ && data.size() <= kMostPieces && buffer_.MayPass(size)) {
      taken = SendDirect(head);
    } else {
      buffer_.Append(head);
      for (const std::string_view piece : data) buffer_.Append(piece);
      if (request_chunked_) buffer_.Append(ChunkFrame::kTail);
    }
  }
  if (request_read_ && request_chunked_) buffer_.Append(LastChunk(request_body_.trailers()));
  return taken;
}

// A large body, from where it was received to the kernel; only the rest is copied. False: the endpoint took nothing,
// and all of it is kept for the next.
bool Exchange::SendDirect(std::string_view frame) {
  std::vector<iovec>& parts = context_.exchanges->parts;
  parts.clear();
  if (!frame.empty()) parts.push_back(Part(frame));
  for (const std::string_view piece : context_.exchanges->data) parts.push_back(Part(piece));
  if (!frame.empty()) parts.push_back(Part(ChunkFrame::kTail));
  const net::IoResult result = upstream_->socket->Send(parts);
  to_endpoint_ += result.size;
  size_t sent = result.size;
  if (sent > 0 || buffer_.lost()) buffer_.Pass();
  for (const iovec& part : parts) {
    const size_t gone = std::min(sent, part.iov_len);
    sent -= gone;
    buffer_.Append({static_cast<const char*>(part.iov_base) + gone, part.iov_len - gone});
  }
  return result.kind == net::Io::kBytes || result.kind == net::Io::kWait;
}

// The endpoint closed its side for reading. It may have answered before it did (case H143).
bool Exchange::UploadBroken() {
  upload_broken_ = true;
  body_deadline_.Cancel();
  if (phase_ == Phase::kRelaying) return true;
  phase_ = Phase::kWaiting;
  if (!ReadAnswer()) return false;
  if (phase_ == Phase::kWaiting && answer_head_.empty()) {
    AttemptFailed(pooled_ && !answer_begun_ ? AttemptFailure::kStale : AttemptFailure::kError);
    return false;
  }
  if (phase_ == Phase::kWaiting) context_.reactor.Arm(upstream_deadline_, pool_->settings->read_timeout);
  return true;
}

bool Exchange::BadBody() {
  context_.counters.bad_requests.Add();
  if (phase_ < Phase::kRelaying) {
    Answer(400, Termination::kBadRequest, {}, "The body's chunks are broken.");
  } else {
    termination_ = Termination::kBadRequest;
    Finish(ExchangeEnd::kAbort);
  }
  return false;
}

// Its FIN behind a complete request is no reason to stop (case H141), but before its end it is.
void Exchange::CheckClient() {
  if (request_read_ || phase_ == Phase::kFlushing || !client_.socket->peer_closed()) return;
  uint8_t byte = 0;
  const net::IoResult seen = client_.socket->Peek({&byte, 1});
  if (seen.kind != net::Io::kBytes && seen.kind != net::Io::kWait) ClientGone();
}

void Exchange::ClientGone() {
  termination_ = Termination::kClientAbort;
  Finish(ExchangeEnd::kGone);
}

// From now on nothing but the client is waited for.
void Exchange::BeginBodyPeriod() {
  if (request_read_ || expect_) return;
  body_blocked_ = false;
  body_counted_ = body_received_;
  context_.reactor.Arm(body_deadline_, rules_->body_rate_time);
}

// Too few bytes in a whole period in which nothing but the client was waited for (case H138).
void Exchange::OnBodyDeadline() {
  const uint64_t received = body_received_ - body_counted_;
  const auto wanted = rules_->body_rate * static_cast<uint64_t>(rules_->body_rate_time.count()) / 1000;
  if (!body_blocked_ && received < wanted) {
    if (phase_ < Phase::kRelaying) return Answer(408, Termination::kClientTimeout);
    termination_ = Termination::kClientTimeout;
    return Finish(ExchangeEnd::kAbort);
  }
  const bool connected = phase_ == Phase::kSending || phase_ == Phase::kRelaying;
  body_blocked_ = !connected || buffer_.unsent().size() >= rules_->relay.pending_high;
  body_counted_ = body_received_;
  context_.reactor.Arm(body_deadline_, rules_->body_rate_time);
}

}  // namespace signpost::lb
