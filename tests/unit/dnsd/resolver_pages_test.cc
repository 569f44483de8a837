// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/resolver_pages.h"

#include "tests/unit/dnsd/operations_side.h"

namespace signpost::dnsd {
namespace {

using resolver::FakeUpstream;
using ::testing::HasSubstr;

class ResolverPagesTest : public OperationsSide {
 protected:
  std::string Metrics() {
    MetricsText text;
    AppendResolverMetrics(view, text);
    return text.Render();
  }
  // The sample's number, as text; "" without one.
  static std::string Sample(const std::string& page, const std::string& series) {
    const size_t at = page.find("\n" + series + " ");
    if (at == std::string::npos) return "";
    const size_t begin = at + series.size() + 2;
    return page.substr(begin, page.find('\n', begin) - begin);
  }
  json::Document Status() {
    json::Writer out;
    out.BeginObject();
    WriteResolverStatus(view, out);
    out.EndObject();
    return json::Document::Parse(out.Take()).value();
  }

  FakeUpstream upstream{resolver::Good};
};

TEST_F(ResolverPagesTest, CountsQuestionsByHowTheyWereSettled) {
  Start({"--upstream", At(upstream)});
  Ask("a.example", 0);
  Ask("a.example", 1);
  Ask("b.example", 0);
  const std::string page = Metrics();
  EXPECT_EQ(Sample(page, "signpost_resolver_questions_total"), "3");
  EXPECT_EQ(Sample(page, "signpost_resolver_cached_total"), "1");
  EXPECT_EQ(Sample(page, "signpost_resolver_shared_total"), "0");
  EXPECT_EQ(Sample(page, "signpost_resolver_failures_total"), "0");
  EXPECT_EQ(Sample(page, "signpost_resolver_in_flight"), "0");
  EXPECT_EQ(Sample(page, "signpost_resolver_cache_entries"), "2");
  EXPECT_EQ(Sample(page, "signpost_resolver_evicted_total"), "0");
  EXPECT_EQ(Sample(page, "signpost_resolver_sent_total{transport=\"tcp\"}"), "0");
  EXPECT_GE(std::stoi(Sample(page, "signpost_resolver_sent_total{transport=\"udp\"}")), 2) << "probes are sent too";
  EXPECT_GT(std::stoi(Sample(page, "signpost_resolver_cache_bytes")), 0);
}

TEST_F(ResolverPagesTest, ShowsEachUpstream) {
  FakeUpstream other(resolver::Good);
  Start({"--upstream", At(upstream), "--forward", "corp.example=" + At(other)});
  Ask("a.example");
  const std::string page = Metrics();
  const std::string label = "{upstream=\"" + At(upstream) + "\"";
  EXPECT_EQ(Sample(page, "signpost_resolver_upstream_up" + label + "}"), "1");
  EXPECT_EQ(Sample(page, "signpost_resolver_upstream_up{upstream=\"" + At(other) + "\"}"), "1");
  EXPECT_NE(Sample(page, "signpost_resolver_upstream_rtt_seconds" + label + "}"), "");
  const std::string answered = "signpost_resolver_upstream_tries_total" + label + ",outcome=\"answered\"}";
  EXPECT_TRUE(test::RunUntil(loop, [&] { return std::stoi(Sample(Metrics(), answered)) >= 1; }));
  EXPECT_EQ(Sample(page, "signpost_resolver_upstream_tries_total" + label + ",outcome=\"timed_out\"}"), "0");
  EXPECT_EQ(Sample(page, "signpost_resolver_upstream_tries_total" + label + ",outcome=\"failed\"}"), "0");
}

TEST_F(ResolverPagesTest, TheStatusSaysWhatIsAskedAndWhatIsServed) {
  const std::string zone = File("zone", "@ 60 SOA ns h 1 2 3 4 30\n@ 60 NS ns.example.org.\n");
  Start({"--upstream", At(upstream), "--forward", "corp.example=192.0.2.53", "--zone", "example.com=" + zone});
  Ask("a.example");
  const auto document = Status();
  const json::Value status = document.root()["resolver"];
  EXPECT_EQ(status["cache_entries"].Int(), 1);
  EXPECT_GT(status["cache_bytes"].Int(), 0);
  EXPECT_EQ(status["in_flight"].Int(), 0);
  ASSERT_EQ(status["routes"].size(), 2U);
  EXPECT_EQ(status["routes"].At(0)["zone"].String(), "corp.example.");
  EXPECT_EQ(status["routes"].At(0)["upstreams"].At(0).String(), "192.0.2.53:53");
  EXPECT_EQ(status["routes"].At(1)["zone"].String(), ".");
  ASSERT_EQ(status["upstreams"].size(), 2U);
  for (size_t i = 0; i < 2; ++i) {
    const json::Value one = status["upstreams"].At(i);
    EXPECT_TRUE(one["up"].Bool());
    EXPECT_FALSE(one["loop"].Bool(true));
    EXPECT_TRUE(one["edns"].Bool());
    EXPECT_EQ(one["trouble"].String(), "");
  }
  ASSERT_EQ(status["zones"].size(), 1U) << "the built-in ones are not the operator's";
  EXPECT_EQ(status["zones"].At(0).String(), "example.com.");
}

}  // namespace
}  // namespace signpost::dnsd
