// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/checks/docker_stream.h"

#include <gtest/gtest.h>

#include <string>

namespace signpost::registry {
namespace {

using namespace std::string_literals;

std::string Frame(char stream, const std::string& text) {
  return std::string(1, stream) + "\0\0\0"s + "\0\0"s + static_cast<char>(text.size() >> 8) +
         static_cast<char>(text.size() & 0xff) + text;
}

struct Fed {
  std::string text;
  bool ok = true;
  bool complete = false;
};
Fed Feed(const std::string& bytes, size_t piece) {
  DockerStream stream;
  Fed fed;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    fed.ok = stream.Feed(std::string_view(bytes).substr(at, piece), [&](std::string_view part) { fed.text += part; });
  }
  fed.complete = stream.complete();
  return fed;
}

TEST(DockerStreamTest, FramesCutAnywhereGiveTheirContents) {
  const std::string bytes = Frame(1, "out") + Frame(2, "err") + Frame(1, "") + Frame(0, std::string(700, 'x'));
  for (size_t piece = 1; piece <= bytes.size(); ++piece) {
    const Fed fed = Feed(bytes, piece);
    EXPECT_TRUE(fed.ok && fed.complete) << piece;
    EXPECT_EQ(fed.text, "outerr" + std::string(700, 'x')) << piece;
  }
}

TEST(DockerStreamTest, AnythingElseIsRefusedForGood) {
  for (const std::string& bytes :
       {"HTTP/1.1 500"s, Frame(3, "x"), "\x01\x01\0\0\0\0\0\x01z"s, "\xff\xff\xff\xff\xff\xff\xff\xff"s}) {
    const Fed fed = Feed(bytes + Frame(1, "later"), 4);
    EXPECT_FALSE(fed.ok);
    EXPECT_FALSE(fed.complete);
    EXPECT_EQ(fed.text, "");
  }
}

TEST(DockerStreamTest, KnowsWhetherAFrameIsMissing) {
  EXPECT_TRUE(Feed("", 1).complete);
  EXPECT_FALSE(Feed("\x01\0\0"s, 1).complete);
  EXPECT_FALSE(Feed("\x01\0\0\0\0\0\0\x05half"s, 3).complete);
  const Fed fed = Feed("\x01\0\0\0\xff\xff\xff\xffnothing like four gigabytes"s, 5);
  EXPECT_TRUE(fed.ok);
  EXPECT_FALSE(fed.complete);
}

}  // namespace
}  // namespace signpost::registry
