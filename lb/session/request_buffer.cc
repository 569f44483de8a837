// Signpost. Apache-2.0; see LICENSE.
#include "lb/session/request_buffer.h"

namespace signpost::lb {
namespace {

constexpr size_t kKeptMemory = 16 << 10;
constexpr size_t kCompactAt = 64 << 10;  // moving the rest to the front costs less than what was sent

}  // namespace

void RequestBuffer::Clear(size_t replay) {
  bytes_.clear();
  head_ = sent_ = 0;
  replay_ = replay;
  lost_ = false;
}

void RequestBuffer::Append(std::string_view body) {
  bytes_.append(body);
  Drop();
}

bool RequestBuffer::MayPass(size_t size) const {
  return sent_ == bytes_.size() && (lost_ || (sent_ > 0 && bytes_.size() - head_ + size > replay_));
}

void RequestBuffer::Pass() {
  bytes_.clear();
  sent_ = 0;
  lost_ = true;
}

void RequestBuffer::Sent(size_t size) {
  sent_ += size;
  Drop();
}

// What was sent of a body too large to be kept.
void RequestBuffer::Drop() {
  if (sent_ == 0 || (!lost_ && bytes_.size() - head_ <= replay_)) return;
  if (sent_ == bytes_.size()) {
    Pass();
  } else if (sent_ >= kCompactAt) {
    bytes_.erase(0, sent_);
    sent_ = 0;
    lost_ = true;
  }
}

void RequestBuffer::Release() {
  if (bytes_.capacity() > kKeptMemory) std::string().swap(bytes_);
}

}  // namespace signpost::lb
