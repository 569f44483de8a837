// Signpost. Apache-2.0; see LICENSE.
#include "tests/support/dns/record_text.h"

#include <arpa/inet.h>

#include <cstdio>

namespace signpost::test {
namespace {

std::string Escaped(uint8_t c) {
  if (c == '.' || c == '\\' || c == '"') return std::string("\\") + static_cast<char>(c);
  if (c > 0x20 && c < 0x7f) return std::string(1, static_cast<char>(c));
  char buffer[8];
  std::snprintf(buffer, sizeof buffer, "\\%03u", unsigned{c});
  return buffer;
}

}  // namespace

void MessageReader::Fail(const std::string& what) {
  if (problem_.empty()) problem_ = what + " at offset " + std::to_string(at_);
  at_ = message_.size();
}

bool MessageReader::Need(size_t n) {
  if (problem_.empty() && n <= left()) return true;
  Fail("the message ends too early");
  return false;
}

uint8_t MessageReader::U8() { return Need(1) ? message_[at_++] : uint8_t{0}; }

uint16_t MessageReader::U16() {
  const uint8_t high = U8();
  return static_cast<uint16_t>(high << 8 | U8());
}

uint32_t MessageReader::U32() {
  const uint32_t high = U16();
  return high << 16 | U16();
}

// Follows pointers; each must lead to an earlier place at which a label of an earlier name begins. The labels that
// stand in the name itself are remembered as such places.
std::string MessageReader::Name() {
  std::string out;
  size_t at = at_;
  size_t after = 0;  // behind the first pointer
  size_t octets = 1;
  std::set<size_t> own_starts;
  for (;;) {
    if (at >= message_.size()) return Fail("a name is cut"), out;
    const uint8_t length = message_[at];
    if (length >= 0xc0) {
      if (at + 1 >= message_.size()) return Fail("a pointer is cut"), out;
      const size_t target = static_cast<size_t>(length & 0x3f) << 8 | message_[at + 1];
      if (after == 0) after = at + 2;
      if (!label_starts_.contains(target) || target >= at_) return Fail("a pointer to " + std::to_string(target)), out;
      at = target;
      continue;
    }
    if (length > 63) return Fail("an unknown kind of label"), out;
    if (after == 0) own_starts.insert(at);
    if (length == 0) break;
    if (at + 1 + length > message_.size()) return Fail("a label is cut"), out;
    octets += size_t{1} + length;
    for (size_t i = 0; i < length; ++i) out += Escaped(message_[at + 1 + i]);
    out += '.';
    at += size_t{1} + length;
  }
  if (octets > 255) Fail("a name of " + std::to_string(octets) + " octets");
  if (!problem_.empty()) return out;
  at_ = after != 0 ? after : at + 1;
  label_starts_.merge(own_starts);
  return out.empty() ? "." : out;
}

std::string MessageReader::Hex(size_t n) {
  std::string out;
  char buffer[4];
  for (size_t i = 0; i < n && problem_.empty(); ++i) {
    std::snprintf(buffer, sizeof buffer, "%02x", unsigned{U8()});
    out += buffer;
  }
  return out;
}

std::string MessageReader::Rdata(uint16_t type, size_t length) {
  if (!Need(length)) return {};
  const size_t end = at_ + length;
  std::string text = RdataOf(type, end);
  if (problem_.empty() && at_ != end)
    Fail("RDATA of type " + std::to_string(type) + " is not as long as RDLENGTH says");
  return text;
}

std::string MessageReader::RdataOf(uint16_t type, size_t end) {
  switch (type) {
    case 1:
      return Address(AF_INET, 4);
    case 28:
      return Address(AF_INET6, 16);
    case 2:
    case 5:
    case 12:
      return Name();
    case 15: {
      const std::string preference = std::to_string(U16());
      return preference + " " + Name();
    }
    case 6:
      return Soa();
    case 13:
    case 16:
      return Strings(end);
    case 33: {
      std::string out = std::to_string(U16());
      out += " " + std::to_string(U16());
      out += " " + std::to_string(U16());
      if (problem_.empty() && at_ < message_.size() && message_[at_] >= 0xc0) Fail("an SRV target is compressed");
      return out + " " + Name();
    }
    default: {
      const std::string length = std::to_string(end - at_);
      return "\\# " + length + " " + Hex(end - at_);
    }
  }
}

std::string MessageReader::Soa() {
  std::string out = Name();
  out += " " + Name();
  for (int i = 0; i < 5; ++i) out += " " + std::to_string(U32());
  return out;
}

std::string MessageReader::Strings(size_t end) {
  std::string out;
  if (at_ == end) Fail("a TXT record without a string");
  while (problem_.empty() && at_ < end) {
    const size_t length = U8();
    if (!Need(length)) break;
    out += out.empty() ? "\"" : " \"";
    for (size_t i = 0; i < length; ++i) {
      const uint8_t c = U8();
      out += c == ' ' || c == '.' ? std::string(1, static_cast<char>(c)) : Escaped(c);
    }
    out += '"';
  }
  return out;
}

std::string MessageReader::Address(int family, size_t size) {
  if (!Need(size)) return {};
  char buffer[INET6_ADDRSTRLEN];
  inet_ntop(family, &message_[at_], buffer, sizeof buffer);
  at_ += size;
  return buffer;
}

}  // namespace signpost::test
