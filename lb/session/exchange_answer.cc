// Signpost. Apache-2.0; see LICENSE.
// The answer's bytes, from the endpoint to the client.
#include <algorithm>
#include <cstdint>
#include <utility>

#include "lb/http/forward.h"
#include "lb/session/cookies.h"
#include "lb/session/exchange.h"
#include "lb/session/exchange_pool.h"

namespace signpost::lb {
namespace {

constexpr int kSlabsPerTurn = 4;
constexpr uint32_t kMostInterims = 32;  // heads of 1xx before an answer
constexpr size_t kMostPieces = 60;      // and head and frame around them: StreamSocket::Send takes 64

iovec Part(std::string_view text) { return {const_cast<char*>(text.data()), text.size()}; }

}  // namespace

// Reads while the client takes: of what it does not take, response_pending bytes are kept (case H146).
bool Exchange::ReadAnswer() {
  for (int slabs = 0;; ++slabs) {
    if (phase_ == Phase::kFlushing || !upstream_ || !upstream_->socket->readable()) return true;
    if (pending_.size() >= rules_->response_pending) return true;
    if (slabs == kSlabsPerTurn) {
      upstream_->socket->Again();
      return true;
    }
    std::span<uint8_t> slab = context_.reactor.Slab();
    slab = slab.first(std::min(slab.size(), rules_->response_pending - pending_.size()));
    const net::IoResult result = upstream_->socket->Receive(slab);
    if (result.kind == net::Io::kWait) return true;
    if (result.kind != net::Io::kBytes) return UpstreamEnded(result.kind);
    from_endpoint_ += result.size;
    const std::string_view bytes(reinterpret_cast<const char*>(slab.data()), result.size);
    if (phase_ == Phase::kRelaying ? !RelayBody(bytes) : !TakeAnswerHead(bytes)) return false;
    if (WaitsForAnswer()) context_.reactor.Arm(upstream_deadline_, pool_->settings->read_timeout);
  }
}

bool Exchange::TakeAnswerHead(std::string_view in) {
  ExchangePool& scratch = *context_.exchanges;
  std::string_view bytes = in;
  if (!answer_head_.empty()) bytes = answer_head_.append(in);
  for (;;) {  // interim heads may come first
    const HeadScanner::Verdict verdict = answer_scanner_.Scan(bytes, rules_->head, false);
    if (verdict.kind == HeadScanner::Kind::kMore) {
      if (bytes.size() != answer_head_.size()) answer_head_ = std::string(bytes);
      return Flush();
    }
    if (verdict.kind == HeadScanner::Kind::kBad ||
        ParseResponseHead(bytes.substr(0, verdict.size), rules_->head, head_request_, scratch.response,
                          scratch.unfolded) != ResponseVerdict::kGood) {
      AttemptFailed(AttemptFailure::kInvalidHeader);
      return false;
    }
    const std::string_view rest = bytes.substr(verdict.size);
    if (scratch.response.status == 101) return BeginTunnel(scratch.response, rest);
    if (scratch.response.status >= 200) return BeginAnswer(scratch.response, rest);
    if (!TakeInterim(scratch.response)) return false;
    answer_scanner_.Reset();
    bytes = rest;
    if (bytes.empty()) {
      answer_head_.clear();
      return Flush();
    }
  }
}

// 100 and 103 are the endpoint's alone to send; an HTTP/1.0 client does not know them (cases H87 to H92). They go with
// what follows them, or with the next Flush.
bool Exchange::TakeInterim(const ResponseHead& head) {
  if (++interims_ > kMostInterims) {
    AttemptFailed(AttemptFailure::kInvalidHeader);
    return false;
  }
  reusable_ = reusable_ && head.reusable;
  if (expect_) {
    expect_ = false;
    RequestProgressed(true);
    BeginBodyPeriod();
  }
  if (http10_) return true;
  ResponseForwarding forwarding;
  forwarding.via = rules_->via;
  WriteResponseHead(head, forwarding, pending_.tail());
  answer_begun_ = true;
  return true;
}

bool Exchange::BeginAnswer(const ResponseHead& head, std::string_view rest) {
  if (RetryStatus(head.status)) return false;
  upstream_took_ = sent_at_ > Nanos(0) ? context_.reactor.Now() - sent_at_ : Nanos(0);
  status_ = head.status;
  reusable_ = reusable_ && head.reusable;
  client_framing_ = ClientFraming(head, http10_);
  answer_body_ = BodyDecoder(head.framing, head.content_length);
  ResponseForwarding forwarding;
  forwarding.http10_client = http10_;
  forwarding.keep_alive = MayKeepAlive() && client_framing_ != Framing::kUntilClose;
  forwarding.framing = client_framing_;
  forwarding.trailers = trailers_wanted_;
  forwarding.via = rules_->via;
  forwarding.set_cookies = ExtraFields();
  end_ = EndAfter(forwarding.keep_alive);
  WriteResponseHead(head, forwarding, out_);
  phase_ = Phase::kRelaying;
  answer_begun_ = true;
  const bool going_on = RelayBody(rest);
  if (going_on) answer_head_.clear();
  return going_on;
}

// Field lines that are ours to add.
std::string_view Exchange::ExtraFields() {
  std::string& lines = context_.exchanges->fields;
  lines.clear();
  const ServiceSettings& settings = *pool_->settings;
  if (set_sticky_ && !settings.sticky_cookie.empty()) AppendSetCookie(settings.sticky_cookie, HexText(sticky_), lines);
  if (keys_.new_version_id != 0) AppendSetCookie(settings.split.key_name, HexText(keys_.new_version_id), lines);
  if (rules_->served_version && version_index_ < pool_->versions.size()) {
    lines.append("X-Served-Version: ").append(pool_->versions[version_index_]).append("\r\n");
  }
  return lines;
}

bool Exchange::RelayBody(std::string_view in) {
  std::vector<std::string_view>& data = context_.exchanges->data;
  data.clear();
  const size_t taken = answer_body_.Decode(in, data);
  if (answer_body_.state() == BodyDecoder::State::kBad) return Truncated(Termination::kTruncated);
  if (taken < in.size()) reusable_ = false;  // bytes that nobody asked for (cases H117, H119, H135)
  const bool done = answer_body_.state() == BodyDecoder::State::kDone;
  if (!SendPieces(done)) return false;
  return !done || AnswerComplete();
}

// The head if it waits, and the pool's `data`, framed for the client. Straight to the kernel; what it does not take is
// kept.
bool Exchange::SendPieces(bool done) {
  const std::vector<std::string_view>& data = context_.exchanges->data;
  std::vector<iovec>& parts = context_.exchanges->parts;
  parts.clear();
  size_t size = 0;
  for (const std::string_view piece : data) size += piece.size();
  const bool chunked = client_framing_ == Framing::kChunked;
  const ChunkFrame frame(size);
  if (!out_.empty()) parts.push_back(Part(out_));
  if (chunked && size > 0) parts.push_back(Part(frame.head()));
  for (const std::string_view piece : data) parts.push_back(Part(piece));
  if (chunked && size > 0) parts.push_back(Part(ChunkFrame::kTail));
  std::string last;
  if (chunked && done) {
    last = LastChunk(trailers_wanted_ ? std::string_view(answer_body_.trailers()) : std::string_view());
    parts.push_back(Part(last));
  }
  net::IoResult result;
  if (pending_.empty() && !parts.empty()) {
    result = client_.socket->Send(std::span<const iovec>(parts).first(std::min<size_t>(parts.size(), kMostPieces + 4)));
  }
  if (result.kind != net::Io::kBytes && result.kind != net::Io::kWait) {
    ClientGone();
    return false;
  }
  bytes_sent_ += result.size;
  size_t sent = result.size;
  for (const iovec& part : parts) {
    const size_t gone = std::min(sent, part.iov_len);
    sent -= gone;
    pending_.Append({static_cast<const char*>(part.iov_base) + gone, part.iov_len - gone});
  }
  out_.clear();
  if (pending_.empty()) return true;
  WaitForClient(result.size > 0);
  return !client_.socket->writable() || Flush();  // more parts than one call takes
}

// The endpoint has done its part; the client may still have to take its own.
bool Exchange::AnswerComplete() {
  const bool keep = reusable_ && RequestSent() && !upload_broken_ && !upstream_->socket->peer_closed() &&
                    send_proxy_ == ProxyHeader::kNone;
  phase_ = Phase::kFlushing;
  upstream_deadline_.Cancel();
  body_deadline_.Cancel();
  if (keep) {
    context_.idle.Keep(std::move(upstream_), *pool_->settings);
  } else {
    DropUpstream();
  }
  LeaveEndpoint(outcome_);
  return Flush();
}

bool Exchange::UpstreamEnded(net::Io kind) {
  if (phase_ != Phase::kRelaying) {
    const bool stale = pooled_ && answer_head_.empty() && !answer_begun_;
    AttemptFailed(stale ? AttemptFailure::kStale : AttemptFailure::kError);
    return false;
  }
  if (kind == net::Io::kEnd) answer_body_.End();
  if (answer_body_.state() != BodyDecoder::State::kDone) return Truncated(Termination::kTruncated);
  reusable_ = false;
  context_.exchanges->data.clear();
  return SendPieces(true) && AnswerComplete();
}

// The client gets what there was, and must see that it is not all: by the missing end, or, where the end of the
// connection is the end of the body, by a reset (cases H110, H111).
bool Exchange::Truncated(Termination termination) {
  termination_ = termination;
  upstream_->socket->ResetOnClose();
  phase_ = Phase::kFlushing;
  body_deadline_.Cancel();
  end_ = client_framing_ == Framing::kUntilClose ? ExchangeEnd::kAbort : ExchangeEnd::kClose;
  DropUpstream();
  LeaveEndpoint(Outcome::kFailure);
  pending_.Append(out_);
  out_.clear();
  return Flush();
}

// Gives the client what is pending, and ends the exchange after the last byte of its answer.
bool Exchange::Flush() {
  bool moved = false;
  while (!pending_.empty()) {
    const std::string_view bytes = pending_.view();
    const net::IoResult result =
        client_.socket->Send(std::span(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
    if (result.kind == net::Io::kWait) break;
    if (result.kind != net::Io::kBytes) {
      ClientGone();
      return false;
    }
    moved = true;
    bytes_sent_ += result.size;
    pending_.Took(result.size);
  }
  if (!pending_.empty()) {
    WaitForClient(moved);
    return true;
  }
  write_deadline_.Cancel();
  if (phase_ != Phase::kFlushing) return true;
  Finish(end_);
  return false;
}

void Exchange::WaitForClient(bool moved) {
  if (moved || !write_deadline_.armed()) context_.reactor.Arm(write_deadline_, rules_->client_write_timeout);
}

}  // namespace signpost::lb
