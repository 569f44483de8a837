// Signpost. Apache-2.0; see LICENSE.
// Bytes that a socket did not take yet. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace signpost::lb {

class PendingBytes {
 public:
  bool empty() const { return start_ == bytes_.size(); }
  size_t size() const { return bytes_.size() - start_; }
  std::string_view view() const { return std::string_view(bytes_).substr(start_); }
  // To be appended to.
  std::string& tail() { return bytes_; }
  void Append(std::string_view more) { bytes_.append(more); }
  void Took(size_t size) {
    start_ += size;
    if (start_ == bytes_.size()) {
      Clear();
    } else if (start_ >= kCompactAt) {
      bytes_.erase(0, start_);
      start_ = 0;
    }
  }
  void Clear() {
    bytes_.clear();
    start_ = 0;
  }
  // Gives the memory back if it is large.
  void Release() {
    Clear();
    if (bytes_.capacity() > kKeptMemory) std::string().swap(bytes_);
  }

 private:
  static constexpr size_t kCompactAt = 64 << 10;
  static constexpr size_t kKeptMemory = 16 << 10;
  std::string bytes_;
  size_t start_ = 0;
};

}  // namespace signpost::lb
