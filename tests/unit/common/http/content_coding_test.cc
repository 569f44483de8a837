// Signpost. Apache-2.0; see LICENSE.
#include "common/http/content_coding.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "tests/unit/common/http/gunzip.h"

namespace signpost::http {
namespace {

using test::Gunzip;

TEST(ContentCodingTest, ReadsWhatTheClientPrefers) {
  const struct {
    std::vector<std::string> accept;
    bool gzip;
  } rows[] = {
      {{}, false},
      {{""}, false},
      {{"gzip"}, true},
      {{"GZip"}, true},
      {{"x-gzip"}, true},
      {{"deflate, gzip, br"}, true},
      {{"deflate", "gzip"}, true},
      {{" gzip ; q=0.5 "}, true},
      {{"gzip;Q=1.000"}, true},
      {{"gzip;q=0.001"}, true},
      {{"gzip;q=0"}, false},
      {{"gzip;q=0.000"}, false},
      {{"gzip;q=0, *"}, false},
      {{"*"}, true},
      {{"*;q=0"}, false},
      {{"*;q=0, gzip"}, true},
      {{"identity"}, false},
      {{"identity;q=0"}, false},
      {{"br"}, false},
      {{"gzip, identity"}, true},
      {{"gzip;q=0.1, identity"}, false},
      {{"gzip;q=0.5, identity;q=0.4"}, true},
      {{"*;q=0.1, identity;q=0.2"}, false},
      {{"notgzip, gzipped"}, false},
      {{"gzip;q=2"}, false},
      {{"gzip;q=1.5"}, false},
      {{"gzip;q=0.1234"}, false},
      {{"gzip;q=x"}, false},
      {{"gzip;q="}, false},
      {{"gzip;level=9"}, false},
      {{"gzip;q=rubbish, x-gzip"}, true},
      {{",,gzip,,"}, true},
  };
  for (const auto& row : rows) {
    ServerRequest request;
    std::string all;
    for (const std::string& value : row.accept) {
      request.headers.emplace_back("accept-encoding", value);
      all += "[" + value + "]";
    }
    EXPECT_EQ(PrefersGzip(request), row.gzip) << all;
  }
}

TEST(ContentCodingTest, CompressesOneTextAfterTheOther) {
  std::string any;
  for (unsigned i = 0; i < 100000; ++i) any += static_cast<char>(i * i >> 3);
  for (const std::string& text : {std::string(), std::string("a"), std::string(1 << 20, 'z'), any, std::string("b")}) {
    EXPECT_EQ(Gunzip(Gzip(text)), text) << text.size();
  }
  EXPECT_LT(Gzip(std::string(1 << 20, 'z')).size(), 10000U);
}

TEST(ContentCodingTest, CompressesOnlyWhatGains) {
  ServerResponse response = {.status = 200, .headers = {}, .body = std::string(1000, 'b')};
  Compress(response, 1001);
  EXPECT_TRUE(response.headers.empty());
  Compress(response, 1000);
  EXPECT_EQ(Gunzip(response.body), std::string(1000, 'b'));
  ASSERT_EQ(response.headers.size(), 1U);
  EXPECT_EQ(response.headers[0].first + ": " + response.headers[0].second, "Content-Encoding: gzip");

  std::string noise;
  for (uint32_t state = 1; noise.size() < 5000; state = state * 1664525 + 1013904223) {
    noise += static_cast<char>(state >> 24);
  }
  ServerResponse random = {.status = 200, .headers = {}, .body = noise};
  Compress(random, 0);
  EXPECT_EQ(random.body, noise);
  EXPECT_TRUE(random.headers.empty());
  ServerResponse tiny = {.status = 200, .headers = {}, .body = "[]"};
  Compress(tiny, 0);
  EXPECT_EQ(tiny.body, "[]") << "gzip would make it longer";
  EXPECT_TRUE(tiny.headers.empty());
}

TEST(ContentCodingTest, LeavesAloneWhatTheHandlerEncoded) {
  for (const char* name : {"Content-Encoding", "content-encoding", "Content-Range"}) {
    ServerResponse response = {.status = 200, .headers = {{name, "x"}}, .body = std::string(5000, 'b')};
    Compress(response, 0);
    EXPECT_EQ(response.body.size(), 5000U) << name;
    EXPECT_EQ(response.headers.size(), 1U) << name;
  }
  ServerResponse nothing = {.status = 304, .headers = {}, .body = std::string(5000, 'b')};
  Compress(nothing, 0);
  EXPECT_TRUE(nothing.headers.empty()) << "there is no body to speak of";
}

TEST(SharedBodyTest, IsCompressedOnce) {
  const SharedBodyPtr body = Share(std::string(5000, 's'));
  ServerResponse one = {.status = 200, .headers = {}, .body = "ignored", .shared_body = body};
  ServerResponse two = one;
  Compress(one, 1024);
  Compress(two, 1024);
  EXPECT_EQ(one.shared_body.get(), two.shared_body.get());
  EXPECT_EQ(one.shared_body, body->gzip());
  EXPECT_EQ(Gunzip(one.shared_body->text()), body->text());
  EXPECT_EQ(body->text(), std::string(5000, 's'));
}

TEST(SharedBodyTest, HasNoGzipFormThatIsNotSmaller) {
  const SharedBodyPtr body = Share("[]");
  EXPECT_EQ(body->gzip(), nullptr);
  EXPECT_EQ(body->gzip(), nullptr);
  ServerResponse response = {.status = 200, .headers = {}, .body = "", .shared_body = body};
  Compress(response, 0);
  EXPECT_EQ(response.shared_body, body);
  EXPECT_TRUE(response.headers.empty());
}

}  // namespace
}  // namespace signpost::http
