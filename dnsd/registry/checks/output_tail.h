// Signpost. Apache-2.0; see LICENSE.
// The end of a check's output, of whatever length: Consul keeps the last bytes, where the reason of a failure stands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace signpost::registry {

class OutputTail {
 public:
  explicit OutputTail(size_t max);  // at least 1; holds up to twice as much
  void Append(std::string_view piece);

  uint64_t total() const { return total_; }
  std::string Text() const;      // the last `max` bytes
  std::string WithNote() const;  // the same after "Captured N of M bytes", when that is not all

 private:
  size_t max_;
  uint64_t total_ = 0;
  std::string kept_;
};

}  // namespace signpost::registry
