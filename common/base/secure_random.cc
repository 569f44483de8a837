// Signpost. Apache-2.0; see LICENSE.
#include "common/base/secure_random.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "common/base/status.h"

namespace signpost {
namespace {

void FromKernel(std::span<uint8_t> out) {
  while (!out.empty()) {
    const ssize_t n = getrandom(out.data(), out.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) Abort("getrandom failed");
    out = out.subspan(static_cast<size_t>(n));
  }
}

// What was handed out is wiped, so that memory read later tells nothing of the past.
class Stock {
 public:
  void Take(std::span<uint8_t> out) {
    if (out.size() > bytes_.size()) return FromKernel(out);
    if (out.size() > left_) {
      FromKernel(bytes_);
      left_ = bytes_.size();
    }
    if (out.empty()) return;
    left_ -= out.size();
    std::memcpy(out.data(), &bytes_[left_], out.size());
    std::memset(&bytes_[left_], 0, out.size());
  }

 private:
  std::array<uint8_t, 4096> bytes_{};
  size_t left_ = 0;
};

constinit thread_local Stock stock;

template <typename T>
T Draw() {
  std::array<uint8_t, sizeof(T)> bytes;
  stock.Take(bytes);
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

}  // namespace

void SecureBytes(std::span<uint8_t> out) { stock.Take(out); }
uint16_t SecureU16() { return Draw<uint16_t>(); }
uint64_t SecureU64() { return Draw<uint64_t>(); }

}  // namespace signpost
