// Signpost. Apache-2.0; see LICENSE.
// Bodies: what the decoder takes and leaves, and the frames that lb writes. Broken framing is in the cases H73 to H80
// of tests/cases/lb_http_requests.cases, which request_head_test reads.
#include "lb/http/body.h"

#include <gmock/gmock.h>

namespace signpost::lb::test {
namespace {

using State = BodyDecoder::State;
using testing::ElementsAre;
using testing::IsEmpty;

class Decoding {
 public:
  explicit Decoding(Framing framing, uint64_t length = 0) : decoder_(framing, length) {}

  size_t Feed(std::string_view bytes) {
    data_.clear();
    return decoder_.Decode(bytes, data_);
  }
  void End() { decoder_.End(); }
  State state() const { return decoder_.state(); }
  const BodyDecoder& decoder() const { return decoder_; }
  const std::vector<std::string_view>& data() const { return data_; }

 private:
  BodyDecoder decoder_;
  std::vector<std::string_view> data_;
};

TEST(BodyDecoder, NoBodyIsDoneFromTheStart) {
  Decoding none(Framing::kNone);
  EXPECT_EQ(none.state(), State::kDone);
  EXPECT_EQ(none.Feed("next"), 0U);
  EXPECT_EQ(Decoding(Framing::kLength, 0).state(), State::kDone);
}

TEST(BodyDecoder, StopsAfterTheLength) {
  Decoding body(Framing::kLength, 5);
  EXPECT_EQ(body.Feed("ab"), 2U);
  EXPECT_EQ(body.state(), State::kMore);
  const std::string_view rest = "cdeGET";
  EXPECT_EQ(body.Feed(rest), 3U);
  ASSERT_THAT(body.data(), ElementsAre("cde"));
  EXPECT_EQ(body.data().front().data(), rest.data()) << "a view, no copy";
  EXPECT_EQ(body.state(), State::kDone);
  EXPECT_EQ(body.decoder().decoded(), 5U);
}

TEST(BodyDecoder, StopsAfterTheLastChunk) {
  Decoding body(Framing::kChunked);
  const std::string_view bytes = "2\r\nab\r\n3;x=y\r\ncde\r\n0\r\n\r\nGET";
  EXPECT_EQ(body.Feed(bytes), bytes.size() - 3);
  EXPECT_THAT(body.data(), ElementsAre("ab", "cde"));
  EXPECT_EQ(body.state(), State::kDone);
  EXPECT_EQ(body.decoder().decoded(), 5U);
  EXPECT_EQ(body.Feed("GET"), 0U);
}

TEST(BodyDecoder, FramingAloneGivesNoData) {
  Decoding body(Framing::kChunked);
  EXPECT_EQ(body.Feed("5"), 1U);
  EXPECT_THAT(body.data(), IsEmpty());
  EXPECT_EQ(body.Feed("\r"), 1U);
  EXPECT_EQ(body.Feed("\nabcde\r"), 7U);
  EXPECT_THAT(body.data(), ElementsAre("abcde"));
  EXPECT_EQ(body.Feed("\n"), 1U);
  EXPECT_THAT(body.data(), IsEmpty());
  EXPECT_EQ(body.state(), State::kMore);
}

TEST(BodyDecoder, TheEndOfTheConnectionEndsOnlyWhatHasNoOtherEnd) {
  Decoding until_close(Framing::kUntilClose);
  EXPECT_EQ(until_close.Feed("abc"), 3U);
  until_close.End();
  EXPECT_EQ(until_close.state(), State::kDone);
  EXPECT_EQ(until_close.decoder().decoded(), 3U);

  Decoding cut(Framing::kLength, 5);
  cut.Feed("abc");
  cut.End();
  EXPECT_EQ(cut.state(), State::kBad);

  Decoding chunks(Framing::kChunked);
  chunks.Feed("3\r\nabc\r\n");
  chunks.End();
  EXPECT_EQ(chunks.state(), State::kBad) << "case H111";

  Decoding whole(Framing::kLength, 3);
  whole.Feed("abc");
  whole.End();
  EXPECT_EQ(whole.state(), State::kDone);
}

TEST(BodyDecoder, LimitsOfExtensionsAndTrailers) {
  for (const auto& [size, state] : {std::pair<size_t, State>{4096, State::kMore}, {4097, State::kBad}}) {
    Decoding body(Framing::kChunked);
    body.Feed("1;" + std::string(size, 'x') + "\r\na\r\n");
    EXPECT_EQ(body.state(), state) << size;
  }
  for (const auto& [size, state] : {std::pair<size_t, State>{8192 - 7, State::kDone}, {8192 - 6, State::kBad}}) {
    Decoding body(Framing::kChunked);
    body.Feed("0\r\nA: " + std::string(size, 'x') + "\r\n\r\n");
    EXPECT_EQ(body.state(), state) << size;
  }
}

TEST(BodyDecoder, DroppedTrailersCountToo) {
  Decoding body(Framing::kChunked);
  body.Feed("0\r\n");
  for (int i = 0; i < 500; ++i) body.Feed("Content-Length: 1\r\n");
  EXPECT_EQ(body.state(), State::kBad);
}

TEST(BodyDecoder, ASizeOf63BitsIsTheLargest) {
  Decoding most(Framing::kChunked);
  most.Feed("7fffffffffffffff\r\n");
  EXPECT_EQ(most.state(), State::kMore);
  Decoding more(Framing::kChunked);
  more.Feed("8000000000000000\r\n");
  EXPECT_EQ(more.state(), State::kBad);
}

TEST(ChunkFrame, IsTheSizeInHexadecimal) {
  EXPECT_EQ(ChunkFrame(1).head(), "1\r\n");
  EXPECT_EQ(ChunkFrame(65536).head(), "10000\r\n");
  EXPECT_EQ(ChunkFrame(UINT64_MAX).head(), "ffffffffffffffff\r\n");
}

TEST(LastChunk, CarriesTrailers) {
  EXPECT_EQ(LastChunk(""), "0\r\n\r\n");
  EXPECT_EQ(LastChunk("A: 1\r\n"), "0\r\nA: 1\r\n\r\n");
}

}  // namespace
}  // namespace signpost::lb::test
