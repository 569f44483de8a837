// Signpost. Apache-2.0; see LICENSE.
// Domain names in wire form, folded to ASCII lower case (RFC 4343), with their label boundaries known.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "common/base/status.h"
#include "dnsd/wire/protocol.h"

namespace signpost::wire {

constexpr uint8_t ToLower(uint8_t c) { return c >= 'A' && c <= 'Z' ? static_cast<uint8_t>(c + 32) : c; }
std::string ToLower(std::string_view text);

// A name of fixed capacity; never allocates. Label 0 is the leftmost; the root is not counted.
class Name {
 public:
  Name() = default;

  // Reads an uncompressed name from the start of `bytes` and folds it. Returns the bytes used, or 0 for a cut name, a
  // pointer, an unknown label type, or more than 255 octets (RFC 1035 3.1, 4.1.4).
  size_t Read(std::span<const uint8_t> bytes);

  // "www.example.com" or "www.example.com."; no escapes. Empty labels, labels over 63 and names over 255 octets fail.
  static Result<Name> FromText(std::string_view text);

  std::span<const uint8_t> wire() const { return {wire_.data(), size_}; }
  size_t size() const { return size_; }
  size_t label_count() const { return labels_; }
  std::string_view label(size_t i) const {
    return {reinterpret_cast<const char*>(&wire_[offsets_[i] + 1]), wire_[offsets_[i]]};
  }
  // Where label i starts in wire(); label_count() gives the root.
  size_t offset(size_t i) const { return offsets_[i]; }

  // True when `suffix` is this name or an ancestor of it.
  bool EndsWith(const Name& suffix) const;

  // Labels [first, last) joined with dots, written into `buffer` (at least 255 bytes). A dot inside a label stays as it
  // is, so the text of such a name is ambiguous: see has_dot_in_label.
  std::string_view Text(size_t first, size_t last, std::span<char> buffer) const;
  bool has_dot_in_label() const { return has_dot_in_label_; }
  // Presentation form with a final dot, for logs and tests.
  std::string ToString() const;

 private:
  std::array<uint8_t, kMaxName> wire_{};
  std::array<uint8_t, kMaxLabels> offsets_{};
  uint8_t size_ = 0;
  uint8_t labels_ = 0;
  bool has_dot_in_label_ = false;
};

// Appends the wire form of `text` (dots separate labels, letter case kept, no root byte) to `out`.
// False, and `out` unchanged, when a label is empty or over 63 bytes.
bool AppendLabels(std::string_view text, std::string& out);

}  // namespace signpost::wire
