// Signpost. Apache-2.0; see LICENSE.
// Static zones in words: Ask(*Small("a A 192.0.2.1"), Question("a.small.test", "A")).reply.answer.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/dns/zone_file.h"
#include "dnsd/static_zone/answer.h"
#include "dnsd/static_zone/rdata.h"
#include "dnsd/static_zone/zone.h"
#include "tests/support/dns/allocation_count.h"
#include "tests/support/dns/decode.h"
#include "tests/support/dns/question.h"

namespace signpost::static_zone {

using ZonePtr = std::shared_ptr<const Zone>;

// What Make says of that text: the warnings in lines, or the failure; "" when all is well.
inline std::string Findings(std::string_view text, std::string_view origin, ZonePtr* zone = nullptr) {
  const auto file = dns::ReadZoneText(text, "z", origin);
  if (!file.ok()) return file.status().text();
  std::vector<std::string> warnings;
  auto made = Zone::Make(origin, file.value(), false, &warnings);
  if (!made.ok()) return made.status().text();
  if (zone != nullptr) *zone = made.value();
  std::string out;
  for (const std::string& warning : warnings) out += (out.empty() ? "" : "\n") + warning;
  return out;
}

inline constexpr std::string_view kSmallApex = "$TTL 60\n@ SOA ns.other. h.other. 1 2 3 4 30\n@ NS ns.other.\n";
inline constexpr std::string_view kSmallSoa = "small.test. 30 SOA ns.other. h.other. 1 2 3 4 30";

// The zone small.test with these records behind an SOA and an NS.
inline ZonePtr Small(std::string_view records) {
  ZonePtr zone;
  const std::string findings = Findings(std::string(kSmallApex) + std::string(records) + "\n", "small.test", &zone);
  EXPECT_NE(zone, nullptr) << findings;
  return zone;
}

inline const Zone& Example() {
  static const ZonePtr zone = [] {
    const auto file = dns::ReadZoneFile("zones/example/example.test.zone", "example.test");
    EXPECT_TRUE(file.ok()) << file.status().text();
    std::vector<std::string> warnings;
    auto made = Zone::Make("example.test", file.value(), false, &warnings);
    EXPECT_TRUE(made.ok()) << made.status().text();
    EXPECT_TRUE(warnings.empty());
    return made.value();
  }();
  return *zone;
}

struct How {
  AnyPolicy any = AnyPolicy::kHinfo;
  uint32_t rotation = 0;
  bool refers = true;
  const Others* others = nullptr;
};

struct Told {
  test::Reply reply;
  Verdict verdict;
  std::string leaves;
};

inline Told Ask(const Zone& zone, const test::Question& question, const How& how = {}) {
  const test::Bytes packet = question.Packet();
  wire::Query query;
  EXPECT_EQ(wire::ParseQuery(packet, query), wire::Verdict::kQuery);
  test::Bytes buffer(65535, 0xee);
  wire::ResponseWriter writer(buffer, question.limit(), query);
  const StaticQuestion asked{.name = query.name,
                             .type = query.type,
                             .over_tcp = question.over_tcp(),
                             .any = how.any,
                             .rotation = how.rotation,
                             .refers = how.refers,
                             .others = how.others};
  const size_t allocations = test::AllocationCount();
  Told told{.reply = {}, .verdict = AnswerFrom(zone, asked, writer), .leaves = {}};
  EXPECT_EQ(test::AllocationCount(), allocations);
  wire::Name leaves;
  if (leaves.Read(told.verdict.leaves) != 0) told.leaves = leaves.ToString();
  const size_t size = writer.Finish(
      {.rcode = told.verdict.rcode, .authoritative = told.verdict.authoritative, .truncated = told.verdict.truncated});
  told.reply = test::Decode(std::span(buffer).first(size), question.limit());
  return told;
}

}  // namespace signpost::static_zone
