// Signpost. Apache-2.0; see LICENSE.
// Records: rendered ones, names against earlier names, and what was taken back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "dnsd/wire/response_writer.h"
#include "tests/unit/dnsd/wire/response_desk.h"

namespace signpost::wire {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ResponseWriterTest, TakesRenderedRecords) {
  // Two addresses of the question's name.
  const Bytes rendered = test::Hex("c00c 0001 0001 0000003c 0004 c0000207 c00c 0001 0001 0000003c 0004 c0000208");
  for (const size_t limit : {59U, 60U}) {
    Desk desk(Question("web.consul", "A"), limit);
    const size_t at = desk.writer->size();
    ASSERT_EQ(desk.writer->AddRendered(Section::kAnswer, rendered, 2), limit == 60);
    EXPECT_EQ(desk.writer->count(Section::kAnswer), limit == 60 ? 2 : 0);
    EXPECT_EQ(desk.writer->size(), limit == 60 ? 60U : 28U);
    if (limit == 60) StoreU32(desk.writer->At(at + 6), 7);
    const Reply reply = desk.Finish();
    EXPECT_EQ(reply.problem, "");
    if (limit == 60) {
      EXPECT_THAT(reply.in_order, ElementsAre("web.consul. 7 A 192.0.2.7", "web.consul. 60 A 192.0.2.8"));
    } else {
      EXPECT_THAT(reply.answer, IsEmpty());
    }
  }
}

TEST(ResponseWriterTest, RenderedRecordsGoIntoTheirSection) {
  const Bytes rendered = test::Hex("c00c 0002 0001 00000001 0002 c00c");
  Desk desk(Question("web.consul", "A"));
  EXPECT_TRUE(desk.writer->AddRendered(Section::kAnswer, {}, 0));
  const auto mark = desk.writer->Here();
  EXPECT_TRUE(desk.writer->AddRendered(Section::kAnswer, rendered, 1));
  desk.writer->RollBack(mark);
  EXPECT_TRUE(desk.writer->AddRendered(Section::kAuthority, rendered, 1));
  const Reply reply = desk.Finish();
  EXPECT_THAT(reply.answer, IsEmpty());
  EXPECT_THAT(reply.authority, ElementsAre("web.consul. 1 NS web.consul."));
}

TEST(ResponseWriterTest, CompressesNamesAgainstEarlierOnes) {
  Desk desk(Question("web.service.consul", "NS"));
  desk.writer->BeginRecord(Section::kAnswer, NameBytes("service.consul"), type::kNs, 1);
  desk.writer->PutCompressedName(NameBytes("n1.node.consul"));
  EXPECT_TRUE(desk.writer->EndRecord());
  desk.writer->BeginRecord(Section::kAdditional, NameBytes("n1.node.consul"), type::kA, 1);
  desk.writer->PutBytes(kV4);
  EXPECT_TRUE(desk.writer->EndRecord());
  const Reply reply = desk.Finish();
  EXPECT_THAT(reply.answer, ElementsAre("service.consul. 1 NS n1.node.consul."));
  EXPECT_THAT(reply.additional, ElementsAre("n1.node.consul. 1 A 192.0.2.7"));
  // 36 with the question; owner 2, head 10, "n1" "node" and a pointer; owner 2, head 10, address.
  EXPECT_EQ(reply.bytes.size(), 36U + (2 + 10 + 3 + 5 + 2) + (2 + 10 + 4));
}

TEST(ResponseWriterTest, CompressionKeepsTheLetterCaseOfData) {  // W140
  Desk desk(Question("WEB.SERVICE.CONSUL", "CNAME"));
  desk.writer->BeginRecordAt(Section::kAnswer, 0, type::kCname, 1);
  desk.writer->PutCompressedName(NameBytes("Db.service.consul"));
  EXPECT_TRUE(desk.writer->EndRecord());
  EXPECT_THAT(desk.Finish().answer, ElementsAre("WEB.SERVICE.CONSUL. 1 CNAME Db.service.consul."));
}

TEST(ResponseWriterTest, PlainNamesServeLaterOwners) {
  Desk desk(Question("web.service.consul", "SRV"));
  desk.writer->BeginRecordAt(Section::kAnswer, 0, type::kSrv, 0);
  for (const int v : {1, 1, 80}) desk.writer->PutU16(static_cast<uint16_t>(v));
  const size_t target = desk.writer->PutPlainName(NameBytes("n1.node.dc1.consul"));
  EXPECT_TRUE(desk.writer->EndRecord());
  desk.writer->BeginRecordAt(Section::kAdditional, target, type::kA, 0);
  desk.writer->PutBytes(kV4);
  EXPECT_TRUE(desk.writer->EndRecord());
  const Reply reply = desk.Finish();
  EXPECT_THAT(reply.answer, ElementsAre("web.service.consul. 0 SRV 1 1 80 n1.node.dc1.consul."));
  EXPECT_THAT(reply.additional, ElementsAre("n1.node.dc1.consul. 0 A 192.0.2.7"));
  EXPECT_EQ(reply.bytes.size(), 36U + (2 + 10 + 6 + 20) + 16);
}

TEST(ResponseWriterTest, ARecordThatDoesNotFitLeavesNoTrace) {
  Desk desk(Question("web.consul", "TXT"), 60);
  desk.writer->BeginRecord(Section::kAnswer, NameBytes("other.consul"), type::kTxt, 0);
  desk.writer->PutU8(40);
  desk.writer->PutBytes(Bytes(40, 'x'));
  EXPECT_FALSE(desk.writer->EndRecord());
  EXPECT_EQ(desk.writer->size(), 28U);
  EXPECT_TRUE(desk.writer->AddA(0, kV4));
  const Reply reply = desk.Finish();
  EXPECT_THAT(reply.answer, ElementsAre("web.consul. 0 A 192.0.2.7"));
}

TEST(ResponseWriterTest, RollsBackToAMark) {
  Desk desk(Question("web.consul", "A"));
  const auto mark = desk.writer->Here();
  desk.writer->AddA(0, kV4);
  desk.writer->BeginRecord(Section::kAuthority, NameBytes("zone.test"), type::kNs, 0);
  desk.writer->PutCompressedName(NameBytes("ns.zone.test"));
  desk.writer->EndRecord();
  desk.writer->RollBack(mark);
  // "zone.test" is gone: it must not be pointed to.
  desk.writer->BeginRecord(Section::kAdditional, NameBytes("zone.test"), type::kA, 0);
  desk.writer->PutBytes(kV4);
  EXPECT_TRUE(desk.writer->EndRecord());
  const Reply reply = desk.Finish();
  EXPECT_THAT(reply.answer, IsEmpty());
  EXPECT_THAT(reply.authority, IsEmpty());
  EXPECT_THAT(reply.additional, ElementsAre("zone.test. 0 A 192.0.2.7"));
}

TEST(ResponseWriterTest, PointersStayBelow16Kilobytes) {  // W139
  Desk desk(Question("web.service.consul", "SRV"), 65535);
  size_t last = 0;
  for (int i = 0; i < 1000; ++i) {
    desk.writer->BeginRecordAt(Section::kAnswer, 0, type::kSrv, 0);
    for (const int v : {1, 1, i}) desk.writer->PutU16(static_cast<uint16_t>(v));
    last = desk.writer->PutPlainName(NameBytes("node" + std::to_string(i) + ".node.dc1.consul"));
    ASSERT_TRUE(desk.writer->EndRecord());
  }
  ASSERT_GT(last, kMaxPointer);
  desk.writer->BeginRecordAt(Section::kAdditional, last, type::kA, 0);
  desk.writer->PutBytes(kV4);
  EXPECT_TRUE(desk.writer->EndRecord());
  desk.writer->BeginRecord(Section::kAdditional, NameBytes("node999.node.dc1.consul"), type::kTxt, 0);
  desk.writer->PutBytes(Bytes{1, 'x'});
  EXPECT_TRUE(desk.writer->EndRecord());
  const Reply reply = desk.Finish();
  EXPECT_EQ(reply.problem, "");
  EXPECT_EQ(reply.answer.size(), 1000U);
  EXPECT_THAT(reply.additional,
              ElementsAre("node999.node.dc1.consul. 0 A 192.0.2.7", "node999.node.dc1.consul. 0 TXT \"x\""));
}

}  // namespace
}  // namespace signpost::wire
