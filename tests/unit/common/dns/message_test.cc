// Signpost. Apache-2.0; see LICENSE.
#include "common/dns/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/dns_packet.h"

namespace signpost::dns {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace signpost::test;  // NOLINT: the records' names are the language of these tests

const Question kWeb{"web.service.consul", Type::kSrv};
constexpr uint16_t kId = 0x1234;

WireMessage WebAnswer() { return {.id = kId, .question = "web.service.consul"}; }

Result<Answer> Read(const WireMessage& message) { return ReadAnswer(message.Bytes(), kId, kWeb); }

TEST(BuildQuery, AsksRecursivelyWithEdns) {
  const auto query = BuildQuery(kId, kWeb, 1232);
  ASSERT_TRUE(query.ok());
  Octets expected = {0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 1};
  Append(expected, WireName("web.service.consul"));
  Append(expected, Octets{0, 33, 0, 1, 0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0});
  EXPECT_EQ(query.value(), expected);
}

TEST(BuildQuery, WithoutEdnsHasNoOpt) {
  const auto query = BuildQuery(kId, {"web.service.consul.", Type::kA}, 0);
  ASSERT_TRUE(query.ok());
  EXPECT_EQ(query.value().size(), 12 + WireName("web.service.consul").size() + 4);
  EXPECT_EQ(query.value()[11], 0);
}

TEST(BuildQuery, TakesEscapedDots) {
  const auto query = BuildQuery(kId, {"a\\.b._web._tcp.example", Type::kSrv}, 0);
  ASSERT_TRUE(query.ok());
  EXPECT_EQ(query.value()[12], 3);  // "a.b" is one label
}

TEST(BuildQuery, RefusesWhatIsNoName) {
  const std::string label(64, 'a');
  std::string long_name;
  for (int i = 0; i < 60; ++i) long_name += "abcd.";
  for (const std::string& name :
       {std::string(), std::string("a..b"), label + ".example", long_name, std::string("a\0b", 3)}) {
    EXPECT_EQ(BuildQuery(kId, {name, Type::kA}, 0).status().kind(), ErrorKind::kInvalid) << name;
  }
}

TEST(ReadAnswer, SrvAndItsAddresses) {
  WireMessage message = WebAnswer();
  message.flags |= WireMessage::kAuthoritative;
  message.answers = {Srv("WEB.service.consul", 1, 10, 8080, "Node1.node.consul", 30),
                     Srv("web.service.consul", 2, 0, 81, ".", 5)};
  message.additional = {A("node1.node.consul", "192.0.2.1", 7), Aaaa("node1.node.consul", "2001:db8::1", 9)};
  const auto answer = Read(message);
  ASSERT_TRUE(answer.ok()) << answer.status().text();
  EXPECT_EQ(answer->rcode, kNoError);
  EXPECT_TRUE(answer->authoritative);
  EXPECT_FALSE(answer->truncated);
  ASSERT_THAT(answer->answers, SizeIs(2));
  const Record& first = answer->answers[0];
  EXPECT_EQ(first.owner, "web.service.consul");
  EXPECT_EQ(first.target, "node1.node.consul");
  EXPECT_EQ(first.ttl, 30U);
  EXPECT_EQ(first.priority, 1);
  EXPECT_EQ(first.weight, 10);
  EXPECT_EQ(first.port, 8080);
  EXPECT_EQ(answer->answers[1].target, "");
  ASSERT_THAT(answer->additional, SizeIs(2));
  EXPECT_EQ(answer->additional[0].address.ToString(), "192.0.2.1:0");
  EXPECT_EQ(answer->additional[1].address.ToString(), "[2001:db8::1]:0");
}

TEST(ReadAnswer, NamesInTheirForms) {
  WireMessage message = WebAnswer();
  message.answers = {Cname("web.service.consul", "Other.Example"),
                     Ptr("x.example", "My\\.Web Server._web._tcp.example"), Txt("x.example", {"tags=a,b", "", "v=1"})};
  const auto answer = Read(message);
  ASSERT_TRUE(answer.ok()) << answer.status().text();
  ASSERT_THAT(answer->answers, SizeIs(3));
  EXPECT_EQ(answer->answers[0].target, "other.example");
  EXPECT_EQ(answer->answers[1].target, "My\\.Web\\032Server._web._tcp.example");
  EXPECT_THAT(answer->answers[2].strings, ElementsAre("tags=a,b", "", "v=1"));
}

TEST(ReadAnswer, CompressedNames) {
  Octets bytes = WebAnswer().Bytes();
  bytes[7] = 1;  // one answer: web.service.consul by pointer, target n1.<service.consul> by pointer
  Append(bytes, Octets{0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 5, 0, 11, 0, 1, 0, 1, 0, 80, 2, 'n', '1', 0xc0, 16});
  const auto answer = ReadAnswer(bytes, kId, kWeb);
  ASSERT_TRUE(answer.ok()) << answer.status().text();
  ASSERT_THAT(answer->answers, SizeIs(1));
  EXPECT_EQ(answer->answers[0].owner, "web.service.consul");
  EXPECT_EQ(answer->answers[0].target, "n1.service.consul");
}

TEST(ReadAnswer, NegativeTtlIsBoundedByTheSoaMinimum) {
  WireMessage message = WebAnswer();
  message.flags |= kNxDomain;
  message.authority = {Soa("consul", 300, 10)};
  EXPECT_EQ(Read(message)->negative_ttl, 10U);
  EXPECT_EQ(Read(message)->rcode, kNxDomain);
  message.authority = {Soa("consul", 5, 10)};
  EXPECT_EQ(Read(message)->negative_ttl, 5U);
}

TEST(ReadAnswer, LeavesOutOtherTypesAndClasses) {
  WireMessage message = WebAnswer();
  WireRecord chaos = A("web.service.consul", "192.0.2.9");
  chaos.record_class = 3;
  message.answers = {chaos, {"web.service.consul", 15, 0, {1}}, {"web.service.consul", 65280, 0, {0xff, 0xc0}}};
  message.additional = {{"", 41, 0, {}, 1232}};
  const auto answer = Read(message);
  ASSERT_TRUE(answer.ok()) << answer.status().text();
  EXPECT_THAT(answer->answers, IsEmpty());
  EXPECT_THAT(answer->additional, IsEmpty());
}

TEST(ReadAnswer, TtlWithTheTopBitIsZero) {
  WireMessage message = WebAnswer();
  message.answers = {Srv("web.service.consul", 1, 1, 80, "n.example", 0x80000001)};
  EXPECT_EQ(Read(message)->answers.at(0).ttl, 0U);
}

// Case D14: what is no answer to the question asked.
TEST(ReadAnswer, RefusesOtherAnswers) {
  struct Case {
    const char* what;
    void (*change)(WireMessage&);
    const char* text;
  };
  const Case cases[] = {
      {"id", [](WireMessage& m) { m.id ^= 1; }, "another id"},
      {"name", [](WireMessage& m) { m.question = "web.service.consuk"; }, "another question"},
      {"longer name", [](WireMessage& m) { m.question = "web.service.consul.example"; }, "another question"},
      {"type", [](WireMessage& m) { m.type = 1; }, "another question"},
      {"a query", [](WireMessage& m) { m.flags = 0x0100; }, "no response"},
      {"opcode", [](WireMessage& m) { m.flags |= 0x2800; }, "no response"},
  };
  for (const Case& c : cases) {
    WireMessage message = WebAnswer();
    c.change(message);
    EXPECT_EQ(Read(message).status().text(), c.text) << c.what;
  }
}

TEST(ReadAnswer, QuestionsMayDifferInCase) {
  WireMessage message = WebAnswer();
  message.question = "wEB.Service.CONSUL";
  EXPECT_TRUE(Read(message).ok());
}

TEST(ReadAnswer, OnlyRefusalsMayLackTheQuestion) {
  for (const auto& [rcode, allowed] :
       {std::pair(kFormErr, true), {kServFail, true}, {kNotImp, true}, {kNoError, false}, {kNxDomain, false}}) {
    Octets bytes = {0x12, 0x34, 0x81, 0x80, 0, 0, 0, 0, 0, 0, 0, 0};
    bytes[3] = static_cast<uint8_t>(bytes[3] | rcode);
    EXPECT_EQ(ReadAnswer(bytes, kId, kWeb).ok(), allowed) << rcode;
  }
}

// The record part of a message with one answer, as bytes behind the question.
Octets WithAnswer(const Octets& record) {
  Octets bytes = WebAnswer().Bytes();
  bytes[7] = 1;
  Append(bytes, record);
  return bytes;
}

TEST(ReadAnswer, HostileRecords) {
  const auto at = static_cast<uint8_t>(WebAnswer().Bytes().size());
  const auto next = static_cast<uint8_t>(at + 2);
  const Octets tail = {0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4};  // A
  const auto with_tail = [&](Octets name) {
    Append(name, tail);
    return name;
  };
  const struct {
    const char* what;
    Octets record;
  } cases[] = {
      {"pointer to itself", with_tail({0xc0, at})},
      {"pointer loop", with_tail({1, 'a', 0xc0, at})},
      {"pointer forward", with_tail({0xc0, next, 0})},
      {"pointer into the header", with_tail({0xc0, 0})},
      {"pointer past the end", with_tail({0xff, 0xff})},
      {"label type 01", with_tail({0x41, 'a', 0})},
      {"label type 10", with_tail({0x81, 'a', 0})},
      {"half a pointer", {0xc0}},
      {"no record at all", {}},
      {"cut head", {0xc0, 12, 0, 1, 0, 1, 0, 0}},
      {"data past the end", {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 5, 1, 2, 3, 4}},
      {"A of 3 bytes", {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 3, 1, 2, 3}},
      {"A of 5 bytes", {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 5, 1, 2, 3, 4, 5}},
      {"AAAA of 4 bytes", {0xc0, 12, 0, 28, 0, 1, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4}},
      {"SRV without target", {0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 0, 0, 6, 0, 1, 0, 1, 0, 80}},
      {"SRV whose target runs out", {0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 0, 0, 8, 0, 1, 0, 1, 0, 80, 5, 'a'}},
      {"SRV with bytes behind", {0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 0, 0, 8, 0, 1, 0, 1, 0, 80, 0, 0}},
      {"CNAME that points to itself", {0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 0, 0, 2, 0xc0, static_cast<uint8_t>(at + 12)}},
      {"TXT whose string runs out", {0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 0, 0, 2, 9, 'a'}},
      {"bytes behind the last record", {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4, 0}},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(ReadAnswer(WithAnswer(c.record), kId, kWeb).status().text(), "malformed records") << c.what;
  }
  EXPECT_TRUE(ReadAnswer(WithAnswer(with_tail({0xc0, 12})), kId, kWeb).ok());  // the table's good sister
}

TEST(ReadAnswer, CountsThatLie) {
  for (const size_t at : {7U, 9U, 11U}) {
    Octets bytes = WebAnswer().Bytes();
    bytes[at] = 1;
    EXPECT_FALSE(ReadAnswer(bytes, kId, kWeb).ok()) << at;
    bytes[at - 1] = 0xff;
    EXPECT_FALSE(ReadAnswer(bytes, kId, kWeb).ok()) << at;
  }
}

TEST(ReadAnswer, EveryCutOfAGoodMessage) {
  WireMessage message = WebAnswer();
  message.answers = {Srv("web.service.consul", 1, 10, 8080, "n1.example", 30), Txt("x.example", {"a=b"})};
  message.additional = {A("n1.example", "192.0.2.1", 7)};
  const Octets bytes = message.Bytes();
  ASSERT_TRUE(ReadAnswer(bytes, kId, kWeb).ok());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(ReadAnswer(std::span(bytes).first(size), kId, kWeb).ok()) << size;
  }
}

// An A record whose owner is a pointer.
Octets PointedAt(size_t target) {
  Octets out = {static_cast<uint8_t>(0xc0 | target >> 8), static_cast<uint8_t>(target)};
  Append(out, Octets{0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4});
  return out;
}

// 64 KiB of owners that each lead through a chain of pointers.
TEST(ReadAnswer, LongestMessageOfPointers) {
  Octets bytes = WebAnswer().Bytes();
  size_t last = 12, count = 0;
  while (bytes.size() + 16 <= 65535) {
    const size_t here = bytes.size();
    Append(bytes, PointedAt(last));
    if (++count < 127) last = here;
  }
  StoreU16(&bytes[6], static_cast<uint16_t>(count));
  const auto answer = ReadAnswer(bytes, kId, kWeb);
  ASSERT_TRUE(answer.ok());
  EXPECT_THAT(answer->answers, SizeIs(count));
  EXPECT_EQ(answer->answers.back().owner, "web.service.consul");
  bytes.resize(65536);
  EXPECT_FALSE(ReadAnswer(bytes, kId, kWeb).ok());
}

TEST(ReadAnswer, ChainsOfPointersAreBounded) {
  for (const auto& [records, good] : {std::pair(127, true), {128, false}}) {
    Octets bytes = WebAnswer().Bytes();
    size_t last = 12;
    for (int i = 0; i < records; ++i) {
      const size_t here = bytes.size();
      Append(bytes, PointedAt(last));
      last = here;
    }
    bytes[7] = static_cast<uint8_t>(records);
    EXPECT_EQ(ReadAnswer(bytes, kId, kWeb).ok(), good) << records;
  }
}

}  // namespace
}  // namespace signpost::dns
