// Signpost. Apache-2.0; see LICENSE.
// Any bytes as a master file: read or refused with its place, and what is served of it is well formed, within its size
// and free of surprises. Input: one byte of switches (1: an SOA and an NS stand before the text), then the text.
#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/dns/zone_file.h"
#include "dnsd/static_zone/answer.h"
#include "dnsd/static_zone/rdata.h"
#include "dnsd/static_zone/zone.h"
#include "tests/fuzz/check.h"
#include "tests/support/dns/decode.h"
#include "tests/support/dns/question.h"

namespace signpost::fuzz {
namespace {

using static_zone::AnyPolicy;
using static_zone::Zone;

constexpr std::string_view kApex = "$TTL 60\n@ SOA ns h 1 2 3 4 30\n@ NS ns\nns A 192.0.2.1\n";
constexpr size_t kMaxAsked = 64;  // records of a zone that are asked for

// A question for a name in wire form.
std::vector<uint8_t> Packet(std::span<const uint8_t> name, uint16_t type) {
  std::vector<uint8_t> packet = {0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  packet.insert(packet.end(), name.begin(), name.end());
  for (const int byte : {type >> 8, type & 255, 0, 1}) packet.push_back(static_cast<uint8_t>(byte));
  return packet;
}

void Ask(const Zone& zone, std::span<const uint8_t> name, uint16_t type, bool tcp) {
  const std::vector<uint8_t> packet = Packet(name, type);
  wire::Query query;
  if (wire::ParseQuery(packet, query) != wire::Verdict::kQuery || !query.name.EndsWith(zone.origin())) return;
  const size_t limit = tcp ? 65535 : 512;
  std::vector<uint8_t> buffer(limit);
  wire::ResponseWriter writer(buffer, limit, query);
  const static_zone::Verdict verdict = AnswerFrom(
      zone, {.name = query.name, .type = type, .over_tcp = tcp, .any = AnyPolicy::kData, .rotation = 3}, writer);
  wire::Name leaves;
  Demand(verdict.leaves.empty() || leaves.Read(verdict.leaves) == verdict.leaves.size(), "a chain leaves to a name");
  Demand(leaves.size() == 0 || !leaves.EndsWith(zone.origin()), "a chain leaves the zone");
  Demand(!verdict.truncated || !tcp, "TC over TCP");
  const size_t size =
      writer.Finish({.rcode = verdict.rcode, .authoritative = verdict.authoritative, .truncated = verdict.truncated});
  const test::Reply reply = test::Decode(std::span(buffer).first(size), limit);
  Demand(reply.problem.empty(), reply.problem);
  const bool negative = reply.rcode == "NXDOMAIN" || (reply.rcode == "NOERROR" && reply.answer.empty());
  Demand(!negative || verdict.truncated || !reply.authority.empty(), "negative answers carry an SOA, referrals an NS");
}

void AskAround(const Zone& zone, const dns::ZoneFileRecord& record) {
  std::vector<uint8_t> below = {1, 'x'};
  const auto owner = static_zone::Bytes(record.owner);
  below.insert(below.end(), owner.begin(), owner.end());
  for (const uint16_t type : {record.type, wire::type::kA, wire::type::kDs, wire::type::kAny}) {
    for (const bool tcp : {false, true}) {
      Ask(zone, owner, type, tcp);
      Ask(zone, below, type, tcp);
      Ask(zone, owner.subspan(1 + owner[0] % owner.size()), type, tcp);
    }
  }
}

void Run(std::span<const uint8_t> input) {
  const bool has_apex = (input[0] & 1) != 0;
  const std::string text = std::string(has_apex ? kApex : "") + std::string(static_zone::Text(input.subspan(1)));
  const auto file = dns::ReadZoneText(text, "z", "t");
  if (!file.ok()) return Demand(file.status().text().starts_with("z:"), "a refusal says where");
  std::vector<std::string> warnings;
  const auto zone = Zone::Make("t", file.value(), false, &warnings);
  Demand(std::ranges::all_of(warnings, [](const std::string& w) { return w.starts_with("z:"); }), "so do warnings");
  if (!zone.ok()) return Demand(zone.status().text().starts_with("z:"), "a refusal says where");
  const auto& records = file.value().records;
  for (size_t i = 0; i < std::min(records.size(), kMaxAsked); ++i) AskAround(*zone.value(), records[i]);
}

}  // namespace
}  // namespace signpost::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 0) signpost::fuzz::Run({data, size});
  return 0;
}
