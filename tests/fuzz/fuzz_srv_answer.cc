// Signpost. Apache-2.0; see LICENSE.
// Any bytes as a DNS server's answer to an SRV question: read or refused, and the instances made of it are usable and
// bounded. Input: the message; its id is the one asked for, and its question ours when a flag in the first byte says
// so.
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "common/dns/message.h"
#include "lb/discovery/dns_sd.h"
#include "lb/discovery/srv_set.h"
#include "tests/fuzz/check.h"

namespace signpost::fuzz {
namespace {

const dns::Question kQuestion{"web.service.consul", dns::Type::kSrv};

// Header and question of an answer to kQuestion with the counts of `bytes`, then the rest of `bytes`.
std::vector<uint8_t> Graft(std::span<const uint8_t> bytes) {
  std::vector<uint8_t> out = dns::BuildQuery(0x1234, kQuestion, 0).value();
  out[2] = 0x84;
  for (size_t i = 6; i < 12 && i - 6 < bytes.size(); ++i) out[i] = bytes[i - 6];
  if (bytes.size() > 6) out.insert(out.end(), bytes.begin() + 6, bytes.end());
  return out;
}

void CheckRecords(const std::vector<dns::Record>& records) {
  for (const dns::Record& record : records) {
    const bool is_address = record.type == dns::Type::kA || record.type == dns::Type::kAaaa;
    Demand(record.address.empty() != is_address, "addresses have addresses");
    Demand(record.ttl <= 0x7fffffff, "TTLs are positive");
    Demand(record.target.size() <= 1024, "names are bounded");
    (void)lb::ReadTxt(record.strings);
    (void)lb::ServiceOfType(record.target, "service.consul");
  }
}

void CheckAnswer(const dns::Answer& answer) {
  CheckRecords(answer.answers);
  CheckRecords(answer.additional);
  const lb::ChainEnd end = lb::FollowChain(answer.answers, kQuestion.name, dns::Type::kSrv);
  Demand(end.cnames <= lb::kMaxCnames + 1, "chains end");
  const lb::SrvRows rows = lb::ReadSrvRows(end.records);
  Demand(!rows.absent || rows.rows.empty(), "absent means nothing else");
  uint32_t ttl = end.ttl;
  const lb::HostAddresses addresses = lb::AddressesAlong(rows, answer.additional, true, ttl);
  Demand(ttl <= end.ttl, "TTLs only fall");
  const std::vector<lb::Instance> instances = lb::MakeInstances(rows.rows, addresses, 0);
  Demand(instances.size() <= lb::kMaxInstancesPerName, "instances are bounded");
  for (const lb::Instance& instance : instances) {
    Demand(!instance.address.empty() && instance.address.port() != 0, "instances can be connected to");
    Demand(instance.weight <= 65535, "weights are bounded");
  }
}

void Run(std::span<const uint8_t> bytes) {
  const bool graft = !bytes.empty() && (bytes[0] & 1) != 0;
  if (!bytes.empty()) bytes = bytes.subspan(1);
  const std::vector<uint8_t> message = graft ? Graft(bytes) : std::vector<uint8_t>(bytes.begin(), bytes.end());
  const Result<dns::Answer> answer = dns::ReadAnswer(message, 0x1234, kQuestion);
  if (answer.ok()) {
    CheckAnswer(answer.value());
  } else {
    Demand(answer.status().kind() == ErrorKind::kInvalid && !answer.status().text().empty(), "a refusal says why");
  }
}

}  // namespace
}  // namespace signpost::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  signpost::fuzz::Run({data, size});
  return 0;
}
