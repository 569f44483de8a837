// Signpost. Apache-2.0; see LICENSE.
// A request on its way to an endpoint: what the kernel did not take yet, and, while the body is small, everything sent
// so far, so that it can be sent again to another. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace signpost::lb {

class RequestBuffer {
 public:
  // For a new request; keeps the memory. `replay`: bytes of body that are kept after they were sent.
  void Clear(size_t replay);
  // Where the head is written to, before anything else.
  std::string& head() { return bytes_; }
  // The head is written; what follows is body.
  void HeadDone() { head_ = bytes_.size(); }

  void Append(std::string_view body);
  // Body that does not come through here is on its way: nothing can be sent again. Only when unsent() is empty.
  void Pass();
  // More body of `size` bytes need not be kept after it was sent: when nothing is unsent, it may be passed.
  bool MayPass(size_t size) const;

  std::string_view unsent() const { return std::string_view(bytes_).substr(sent_); }
  void Sent(size_t size);
  // Any byte of this attempt was sent.
  bool started() const { return sent_ > 0 || lost_; }
  // Sent bytes were dropped: it cannot be sent again.
  bool lost() const { return lost_; }
  // Begins again from the first byte. Not when lost().
  void Rewind() { sent_ = 0; }
  void Release();  // gives the memory back if it is large

 private:
  void Drop();

  std::string bytes_;
  size_t head_ = 0;
  size_t sent_ = 0;
  size_t replay_ = 0;
  bool lost_ = false;
};

}  // namespace signpost::lb
