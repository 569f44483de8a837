// Signpost. Apache-2.0; see LICENSE.
// Bounds-checked big-endian reading and writing on caller-owned memory. Neither class allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace signpost {

inline uint16_t LoadU16(const uint8_t* p) { return static_cast<uint16_t>(p[0] << 8 | p[1]); }
inline uint32_t LoadU32(const uint8_t* p) {
  return static_cast<uint32_t>(p[0]) << 24 | static_cast<uint32_t>(p[1]) << 16 | static_cast<uint32_t>(p[2]) << 8 |
         p[3];
}
inline void StoreU16(uint8_t* p, uint16_t v) {
  p[0] = static_cast<uint8_t>(v >> 8);
  p[1] = static_cast<uint8_t>(v);
}
inline void StoreU32(uint8_t* p, uint32_t v) {
  StoreU16(p, static_cast<uint16_t>(v >> 16));
  StoreU16(p + 2, static_cast<uint16_t>(v));
}

// Reads forward. After the first read past the end every read returns zero or an empty span
// and ok() stays false, so a parser may check once at its end.
class ByteReader {
 public:
  explicit ByteReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  size_t offset() const { return offset_; }
  size_t remaining() const { return bytes_.size() - offset_; }

  uint8_t U8() { return Take(1) ? bytes_[offset_ - 1] : uint8_t{0}; }
  uint16_t U16() { return Take(2) ? LoadU16(&bytes_[offset_ - 2]) : uint16_t{0}; }
  uint32_t U32() { return Take(4) ? LoadU32(&bytes_[offset_ - 4]) : 0; }
  std::span<const uint8_t> Bytes(size_t n) {
    return Take(n) ? bytes_.subspan(offset_ - n, n) : std::span<const uint8_t>{};
  }
  void Skip(size_t n) { Take(n); }

 private:
  bool Take(size_t n) {
    if (!ok_ || n > remaining()) return ok_ = false;
    offset_ += n;
    return true;
  }

  std::span<const uint8_t> bytes_;
  size_t offset_ = 0;
  bool ok_ = true;
};

// Appends. A write that does not fit changes nothing and makes ok() false for good.
class ByteWriter {
 public:
  explicit ByteWriter(std::span<uint8_t> buffer) : buffer_(buffer) {}

  bool ok() const { return ok_; }
  size_t size() const { return size_; }
  std::span<const uint8_t> written() const { return buffer_.first(size_); }

  void U8(uint8_t v) {
    if (Grow(1)) buffer_[size_ - 1] = v;
  }
  void U16(uint16_t v) {
    if (Grow(2)) StoreU16(&buffer_[size_ - 2], v);
  }
  void U32(uint32_t v) {
    if (Grow(4)) StoreU32(&buffer_[size_ - 4], v);
  }
  void Bytes(const void* p, size_t n) {
    if (Grow(n) && n > 0) std::memcpy(&buffer_[size_ - n], p, n);
  }
  void Bytes(std::span<const uint8_t> b) { Bytes(b.data(), b.size()); }
  void Text(std::string_view s) { Bytes(s.data(), s.size()); }

 private:
  bool Grow(size_t n) {
    if (!ok_ || n > buffer_.size() - size_) return ok_ = false;
    size_ += n;
    return true;
  }

  std::span<uint8_t> buffer_;
  size_t size_ = 0;
  bool ok_ = true;
};

}  // namespace signpost
