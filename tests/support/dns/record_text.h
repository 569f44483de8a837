// Signpost. Apache-2.0; see LICENSE.
// Names and RDATA of a message as text, read with suspicion.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>

namespace signpost::test {

// Reads a message from the front; the first thing wrong stays in problem().
class MessageReader {
 public:
  explicit MessageReader(std::span<const uint8_t> message) : message_(message) {}

  const std::string& problem() const { return problem_; }
  void Fail(const std::string& what);
  size_t at() const { return at_; }
  size_t left() const { return message_.size() - at_; }

  uint8_t U8();
  uint16_t U16();
  uint32_t U32();
  std::string Name();  // "a.b.", compressed or not; "\." and "\000" for odd bytes
  std::string Hex(size_t n);
  // RDATA of `length` bytes as text; an unknown type as "\# length hex".
  std::string Rdata(uint16_t type, size_t length);

 private:
  bool Need(size_t n);
  std::string RdataOf(uint16_t type, size_t end);
  std::string Strings(size_t end);
  std::string Soa();
  std::string Address(int family, size_t size);

  std::span<const uint8_t> message_;
  size_t at_ = 0;
  std::string problem_;
  std::set<size_t> label_starts_;  // where a pointer may point
};

}  // namespace signpost::test
