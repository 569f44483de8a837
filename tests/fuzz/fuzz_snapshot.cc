// Signpost. Apache-2.0; see LICENSE.
// Any bytes as a snapshot file. What decodes encodes again, and then decodes to the same bytes.
#include <cstdint>
#include <string>
#include <string_view>

#include "dnsd/catalog/snapshot_codec.h"
#include "tests/fuzz/check.h"

namespace signpost::fuzz {
namespace {

// A checksum stops mutations at the door, so the file is given a right one first: header of 28 bytes, 64-bit FNV-1a of
// the rest.
std::string WithRightChecksum(std::string bytes) {
  constexpr size_t kHead = 28;
  if (bytes.size() < kHead) return bytes;
  uint64_t hash = 0xcbf29ce484222325U;
  for (size_t i = kHead; i < bytes.size(); ++i) hash = (hash ^ static_cast<uint8_t>(bytes[i])) * 0x100000001b3U;
  const uint64_t length = bytes.size() - kHead;
  for (size_t i = 0; i < 8; ++i) {
    bytes[12 + i] = static_cast<char>(length >> (8 * i));
    bytes[20 + i] = static_cast<char>(hash >> (8 * i));
  }
  return bytes;
}

void Decode(std::string_view bytes) {
  const auto snapshot = catalog::DecodeSnapshot(bytes);
  if (!snapshot.ok()) return Demand(!snapshot.status().text().empty(), "a failure says why");
  for (const auto& node : snapshot->nodes) Demand(node != nullptr, "no null node");
  for (const auto& service : snapshot->services) Demand(service != nullptr, "no null service");
  const std::string again = catalog::EncodeSnapshot(snapshot.value());
  const auto twice = catalog::DecodeSnapshot(again);
  Demand(twice.ok(), "what was encoded decodes");
  Demand(catalog::EncodeSnapshot(twice.value()) == again, "a second round gives the same bytes");
}

}  // namespace
}  // namespace signpost::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  signpost::fuzz::Decode(bytes);
  signpost::fuzz::Decode(signpost::fuzz::WithRightChecksum(bytes));
  return 0;
}
