// Signpost. Apache-2.0; see LICENSE.
// Names and RDATA inside a message, whole or as an Answer keeps it: read with bounds, decompressed, without memory of
// their own.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "dnsd/wire/protocol.h"

namespace signpost::resolver {

// Bytes by their offset in a message.
class MessageView {
 public:
  explicit MessageView(std::span<const uint8_t> message) : body_(message) {}
  // Header and question as they would stand before `body`; only the question's name is readable of them.
  MessageView(std::span<const uint8_t> question_name, std::span<const uint8_t> body)
      : name_(question_name), body_(body), body_at_(wire::kHeaderSize + question_name.size() + 4) {}

  size_t size() const { return body_at_ + body_.size(); }
  size_t body_at() const { return body_at_; }
  uint8_t operator[](size_t at) const {
    if (at >= body_at_) return body_[at - body_at_];
    return at >= wire::kHeaderSize && at - wire::kHeaderSize < name_.size() ? name_[at - wire::kHeaderSize] : 0;
  }
  // `at` not before body_at().
  std::span<const uint8_t> Bytes(size_t at, size_t n) const { return body_.subspan(at - body_at_, n); }

 private:
  std::span<const uint8_t> name_;
  std::span<const uint8_t> body_;
  size_t body_at_ = 0;
};

// A name in wire form, not compressed, letter case kept.
struct FlatName {
  std::array<uint8_t, wire::kMaxName> bytes;
  size_t size = 0;
  std::span<const uint8_t> wire() const { return {bytes.data(), size}; }
};
// `name`: a whole one, in wire form.
inline FlatName Flat(std::span<const uint8_t> name) {
  FlatName out;
  std::ranges::copy(name, out.bytes.begin());
  out.size = name.size();
  return out;
}

enum class Pointers : unsigned char { kAllowed, kForbidden };

// Reads the name at `at`, whose own bytes must end by `end`. Returns how many these are; 0 for a name that is cut, has
// an unknown label type, more than 255 octets, or a pointer that is forbidden or does not lead strictly backwards.
size_t ReadName(const MessageView& message, size_t at, size_t end, Pointers pointers, FlatName& out);

// The same name, whatever the letter case (RFC 4343).
bool SameName(std::span<const uint8_t> a, std::span<const uint8_t> b);
// `name` is `zone` or lies below it.
bool NameIsIn(std::span<const uint8_t> name, std::span<const uint8_t> zone);

// How the RDATA of a type is made: fixed bytes, character-strings, names, a rest.
struct RdataForm {
  enum class Names : unsigned char {
    kCompressed,  // RFC 1035: read and written with pointers
    kPlain,       // written without (RFC 3597 4); read with them all the same
    kLiteral,     // a pointer is an error
  };
  static constexpr uint8_t kManyStrings = 255;  // one or more, to the end
  static constexpr uint16_t kAnyRest = 65535;

  uint16_t type;
  uint8_t fixed;
  uint8_t strings;
  uint8_t names;
  uint16_t rest;      // bytes behind the names: exactly so many, or any number
  uint16_t min_rest;  // of any number
  Names rule;
};

// Opaque for types that are not known.
const RdataForm& FormOf(uint16_t type);

// Calls `on_bytes(span)` and `on_name(FlatName, rule)` for the parts of the RDATA at [at, at + length), in order. False
// when it is not made as its type demands; then some calls may have been made.
template <typename OnBytes, typename OnName>
bool WalkRdata(const MessageView& message, const RdataForm& form, size_t at, size_t length, OnBytes on_bytes,
               OnName on_name) {
  const size_t end = at + length;
  size_t next = at + form.fixed;
  if (next > end) return false;
  for (size_t i = 0; form.strings == RdataForm::kManyStrings ? i == 0 || next < end : i < form.strings; ++i) {
    if (next >= end || next + 1 + message[next] > end) return false;
    next += size_t{1} + message[next];
  }
  if (next > at) on_bytes(message.Bytes(at, next - at));
  const Pointers pointers = form.rule == RdataForm::Names::kLiteral ? Pointers::kForbidden : Pointers::kAllowed;
  for (size_t i = 0; i < form.names; ++i) {
    FlatName name;
    const size_t used = ReadName(message, next, end, pointers, name);
    if (used == 0) return false;
    on_name(name, form.rule);
    next += used;
  }
  const size_t rest = end - next;
  if (form.rest == RdataForm::kAnyRest ? rest < form.min_rest : rest != form.rest) return false;
  if (rest > 0) on_bytes(message.Bytes(next, rest));
  return true;
}

}  // namespace signpost::resolver
