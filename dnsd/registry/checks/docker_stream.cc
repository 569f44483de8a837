// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/checks/docker_stream.h"

#include <algorithm>

#include "common/base/bytes.h"

namespace signpost::registry {

bool DockerStream::Feed(std::string_view piece, const std::function<void(std::string_view)>& payload) {
  while (ok_ && !piece.empty()) {
    if (left_ > 0) {
      const std::string_view part = piece.substr(0, left_);
      left_ -= static_cast<uint32_t>(part.size());
      piece.remove_prefix(part.size());
      payload(part);
      continue;
    }
    const std::string_view part = piece.substr(0, kHeader - header_size_);
    std::copy(part.begin(), part.end(), header_.begin() + static_cast<ptrdiff_t>(header_size_));
    header_size_ += part.size();
    piece.remove_prefix(part.size());
    if (header_size_ == kHeader) ok_ = TakeHeader();
  }
  return ok_;
}

bool DockerStream::TakeHeader() {
  header_size_ = 0;
  left_ = LoadU32(reinterpret_cast<const uint8_t*>(header_.data()) + 4);
  const bool padded = header_[1] == 0 && header_[2] == 0 && header_[3] == 0;
  return padded && header_[0] >= 0 && header_[0] <= 2;
}

}  // namespace signpost::registry
