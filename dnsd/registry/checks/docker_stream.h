// Signpost. Apache-2.0; see LICENSE.
// Takes the Docker Engine's frames off the output of a command: stream number (0, 1 stdout, 2 stderr), three zeros,
// four bytes of length, then so many bytes. Pure; the pieces may be cut anywhere and hold anything.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace signpost::registry {

class DockerStream {
 public:
  // Calls `payload` for what the piece holds of frames' contents. False: these are no frames; from then on always.
  bool Feed(std::string_view piece, const std::function<void(std::string_view)>& payload);

  // Nothing of a frame is outstanding: the stream may end here.
  bool complete() const { return ok_ && header_size_ == 0 && left_ == 0; }

 private:
  static constexpr size_t kHeader = 8;

  bool TakeHeader();

  std::array<char, kHeader> header_{};
  size_t header_size_ = 0;
  uint32_t left_ = 0;  // of the present frame's contents
  bool ok_ = true;
};

}  // namespace signpost::registry
