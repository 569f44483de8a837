// Signpost. Apache-2.0; see LICENSE.
// Any bytes as an upstream's reply: refused, or rebuilt into an answer that every client can be given. Input: one byte
// of switches (1-4 which question, 8 header and question are put before, 16 DO, 32 rebinding filter, 64 over TCP, 128
// asked in upper case and with a cookie), then the reply; with switch 8: its flags, its counts, its records.
#include <algorithm>
#include <cstdint>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "dnsd/resolver/letter_case.h"
#include "dnsd/resolver/reply.h"
#include "tests/fuzz/check.h"
#include "tests/support/dns/decode.h"
#include "tests/support/dns/question.h"

namespace signpost::fuzz {
namespace {

using resolver::Age;
using resolver::Answer;
using resolver::ReplyVerdict;

constexpr uint16_t kId = 0x4711;
constexpr uint64_t kNow = 1'000'000;
constexpr uint32_t kMaxTtl = 86400;
constexpr uint32_t kMaxNegativeTtl = 900;

struct Asked {
  const char* name;
  const char* type;
};
constexpr Asked kAsked[] = {
    {"www.example.com", "A"}, {"www.example.com", "AAAA"},  {"_x._tcp.example.com", "SRV"},    {"example.com", "MX"},
    {"example.com", "TXT"},   {"a.b.example.com", "CNAME"}, {"1.2.0.192.in-addr.arpa", "PTR"}, {"example.com", "ANY"}};

std::string Wire(std::string_view name) {
  const test::Bytes bytes = test::NameBytes(name);
  return {bytes.begin(), bytes.end()};
}

std::vector<uint8_t> Message(std::span<const uint8_t> bytes, const resolver::Question& question, bool graft) {
  if (!graft || bytes.size() < 8) return {bytes.begin(), bytes.end()};
  std::vector<uint8_t> out = {kId >> 8, kId & 0xff, static_cast<uint8_t>((bytes[0] & 0x07) | 0x80), bytes[1], 0, 1};
  out.insert(out.end(), bytes.begin() + 2, bytes.begin() + 8);
  out.insert(out.end(), question.name.begin(), question.name.end());
  out.insert(out.end(), {0, static_cast<uint8_t>(question.type), 0, 1});
  out.insert(out.end(), bytes.begin() + 8, bytes.end());
  return out;
}

struct Line {
  explicit Line(const std::string& text) {
    std::istringstream in(text);
    in >> owner >> ttl >> type >> first;
    owner = wire::ToLower(owner);
    first = wire::ToLower(first);
  }
  std::string owner, type, first;
  uint32_t ttl = 0;
};

bool IsAbove(const std::string& name, const std::string& below) {
  return name == "." || below == name || below.ends_with("." + name);
}

// Every owner is the question's, or a CNAME that stands before leads to it.
void CheckAnswerSection(const test::Reply& reply, bool dnssec_ok, bool filtered) {
  std::set<std::string> reached = {wire::ToLower(reply.question.substr(0, reply.question.find(' ')))};
  for (const std::string& text : reply.in_order) {
    const Line line(text);
    Demand(line.ttl <= kMaxTtl, "the TTL is capped: " + text);
    if (line.type == "TYPE39" || line.type == "DNAME") {
      const bool above = std::ranges::any_of(reached, [&](const auto& name) { return IsAbove(line.owner, name); });
      Demand(above, "a DNAME stands above: " + text);
    } else if (line.type == "TYPE46" && dnssec_ok) {
      const bool above = std::ranges::any_of(reached, [&](const auto& name) { return IsAbove(line.owner, name); });
      Demand(above, "a signature is of something: " + text);
    } else {
      Demand(reached.contains(line.owner), "the owner is reached: " + text);
    }
    if (line.type == "CNAME") reached.insert(line.first);
    Demand(!filtered || line.type != "A" || !line.first.starts_with("127."), "filtered: " + text);
  }
}

void CheckReply(const test::Reply& reply, bool dnssec_ok, bool filtered) {
  Demand(reply.problem.empty(), reply.problem);
  CheckAnswerSection(reply, dnssec_ok, filtered);
  size_t soas = 0;
  for (const std::string& text : reply.authority) {
    const Line line(text);
    soas += line.type == "SOA" ? 1 : 0;
    Demand(line.type == "SOA" || dnssec_ok, "only an SOA: " + text);
    Demand(line.ttl <= kMaxNegativeTtl, "nothing is not known for long: " + text);
  }
  Demand(soas == (reply.authority.empty() ? 0 : 1), "one SOA");
  for (const std::string& text : reply.additional) {
    const Line line(text);
    Demand(line.type == "A" || line.type == "AAAA" || dnssec_ok, "addresses only: " + text);
  }
}

// A client's query about `name`, and the reply under way.
struct Client {
  Client(const std::string& name, uint16_t type, size_t size) : limit(size) {
    packet.resize(12);
    packet[2] = 1;
    packet[5] = 1;
    packet.insert(packet.end(), name.begin(), name.end());
    packet.insert(packet.end(), {0, static_cast<uint8_t>(type), 0, 1});
    Demand(wire::ParseQuery(packet, query) == wire::Verdict::kQuery, "our own query");
  }
  wire::ResponseWriter Writer() { return {buffer, limit, query}; }
  test::Reply Finish(const Answer& answer, resolver::Written written, wire::ResponseWriter& writer) {
    const size_t size = writer.Finish({.rcode = answer.rcode, .truncated = written.truncated});
    Demand(size <= limit, "the size limit holds");
    return test::Decode(std::span(buffer).first(size), limit);
  }
  std::vector<uint8_t> packet;
  size_t limit;
  wire::Query query;
  std::vector<uint8_t> buffer = std::vector<uint8_t>(65535, 0xee);
};

void CheckAnswer(const Answer& answer, bool filtered) {
  const bool dnssec_ok = answer.question.variant.dnssec_ok;
  Demand(answer.received_ms == kNow && answer.expires_ms <= kNow + kMaxTtl * 1000, "it ends in time");
  for (const size_t limit : {size_t{512}, size_t{1232}, size_t{65535}}) {
    Client client(answer.question.name, answer.question.type, limit);
    wire::ResponseWriter direct = client.Writer();
    const auto written = WriteAnswer(answer, Age::kFresh, kNow, 5, direct);
    const test::Reply reply = client.Finish(answer, written, direct);
    CheckReply(reply, dnssec_ok, filtered);
    Demand(limit < 65535 || !written.truncated, "over TCP everything fits");
    Demand(limit < 65535 ||
               reply.answer.size() + reply.authority.size() + reply.additional.size() == answer.records.size(),
           "everything is there");

    Client other(Wire("x.consul"), answer.question.type, limit);
    wire::ResponseWriter behind = other.Writer();
    behind.BeginRecord(wire::Section::kAnswer, test::NameBytes("x.consul"), wire::type::kCname, 0);
    behind.PutCompressedName(
        {reinterpret_cast<const uint8_t*>(answer.question.name.data()), answer.question.name.size()});
    Demand(behind.EndRecord(), "the alias fits");
    const auto appended = AppendToChain(answer, Age::kFresh, kNow, behind);
    CheckReply(other.Finish(answer, appended, behind), dnssec_ok, filtered);
  }
}

void CheckJoined(const resolver::Reply& links) {
  resolver::Question question = links.answer->question;
  question.name = links.chase;
  const std::vector<uint8_t> rest = {0x01, 0x80, 0, 1, 0, 0, 0, 0, 0xc0, 12, 0, static_cast<uint8_t>(question.type),
                                     0,    1,    0, 0, 0, 9, 0, 4, 192,  0,  2, 1};
  const resolver::Reply end =
      resolver::ReadReply(Message(rest, question, true), {.question = question, .id = kId}, {}, kNow);
  if (end.verdict != ReplyVerdict::kAnswer) return;
  const auto joined = Join(*links.answer, *end.answer, {});
  if (joined != nullptr) CheckAnswer(*joined, false);
}

resolver::Cookie OurCookie() {
  return resolver::Cookie::OfReply(std::vector<uint8_t>(wire::kClientCookieSize + resolver::Cookie::kMinServer, 1));
}

void Run(std::span<const uint8_t> input) {
  const uint8_t switches = input[0];
  const Asked& asked = kAsked[switches & 7];
  const resolver::Question question{
      Wire(asked.name), test::TypeNumber(asked.type), {.dnssec_ok = (switches & 16) != 0}};
  const resolver::ReplyRules rules{.rebind_protection = (switches & 32) != 0, .own_zones = {Wire("consul")}};
  const bool secrets = (switches & 128) != 0;
  const std::string spelling = secrets ? resolver::MixCase(question.name, [] { return ~uint64_t{0}; }) : std::string();
  const resolver::SentQuestion sent{.question = question,
                                    .id = kId,
                                    .over_tcp = (switches & 64) != 0,
                                    .spelling = spelling,
                                    .cookie = secrets ? OurCookie() : resolver::Cookie(),
                                    .keeps_case = false};
  const auto message = Message(input.subspan(1), question, (switches & 8) != 0);
  const resolver::Reply reply = resolver::ReadReply(message, sent, rules, kNow);
  const bool has_answer = reply.verdict == ReplyVerdict::kAnswer || reply.verdict == ReplyVerdict::kChase;
  Demand((reply.answer != nullptr) == has_answer, "an answer comes with its verdict");
  Demand((reply.verdict == ReplyVerdict::kChase) != reply.chase.empty(), "a chase has a name");
  Demand(reply.ede_text.size() <= 64, "texts are short");
  const bool ours = std::ranges::equal(reply.cookie.client(), sent.cookie.client());
  Demand(reply.cookie.empty() || ours, "a cookie that is kept is ours");
  if (!has_answer) return;
  CheckAnswer(*reply.answer, rules.rebind_protection);
  if (reply.verdict == ReplyVerdict::kChase) CheckJoined(reply);
}

}  // namespace
}  // namespace signpost::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 0 && size <= 65536) signpost::fuzz::Run({data, size});
  return 0;
}
