// Signpost. Apache-2.0; see LICENSE.
#include "registrar/engine_reading.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <tuple>

#include "tests/support/run_loop.h"
#include "tests/unit/registrar/fake_neighbours.h"

namespace signpost::registrar {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class EngineReadingTest : public testing::Test {
 protected:
  EngineReadingTest() : engine_(loop_) { MakeEngine(engine_); }

  void Have(const std::string& id, const std::string& name, const std::string& status) {
    list_ += (list_.empty() ? "" : ",") + (R"({"Id":")" + id + R"(","State":")" + status + "\"}");
    engine_.answers["GET /v1.41/containers/json"].body = "[" + list_ + "]";
    engine_.answers["GET /v1.41/containers/" + id + "/json"] = {200, InspectJson(id, name, status)};
  }

  Result<EnginePicture> Read() {
    EngineOptions options;
    options.address.base = "http://" + engine_.address();
    EngineClient client(loop_, options);
    std::optional<Result<EnginePicture>> result;
    const EngineReading reading(client, [&](Result<EnginePicture> picture) { result = std::move(picture); });
    EXPECT_TRUE(test::RunUntil(loop_, [&] { return result.has_value(); }));
    return result ? *result : Status::Unavailable("no result");
  }

  net::Loop loop_;
  FakeNeighbour engine_;
  std::string list_;
};

std::vector<std::string> Names(const EnginePicture& picture) {
  std::vector<std::string> names;
  for (const Container& container : picture.containers) names.push_back(container.name);
  return names;
}

TEST_F(EngineReadingTest, AnEmptyEngine) {
  const auto picture = Read();
  ASSERT_TRUE(picture.ok()) << picture.status().text();
  EXPECT_EQ(picture->info.id, "ENGINE");
  EXPECT_THAT(picture->containers, IsEmpty());
}

TEST_F(EngineReadingTest, AllContainersWhateverTheirState) {
  for (const char last : std::string("987654321")) Have(IdOf(last), std::string("web.") + last, "running");
  Have(IdOf('0'), "web.0", "exited");
  const auto picture = Read();
  ASSERT_TRUE(picture.ok()) << picture.status().text();
  EXPECT_THAT(Names(picture.value()),
              ElementsAre("web.0", "web.1", "web.2", "web.3", "web.4", "web.5", "web.6", "web.7", "web.8", "web.9"));
}

TEST_F(EngineReadingTest, OneThatWentSinceTheListIsNone) {
  Have(IdOf('1'), "web.1", "running");
  Have(IdOf('2'), "web.2", "running");
  engine_.answers.erase("GET /v1.41/containers/" + IdOf('1') + "/json");
  EXPECT_THAT(Names(Read().value()), ElementsAre("web.2"));
}

TEST_F(EngineReadingTest, OneThatCannotBeReadIsNotTakenForGone) {
  Have(IdOf('1'), "web.1", "running");
  Have(IdOf('2'), "web.2", "running");
  auto& answer = engine_.answers["GET /v1.41/containers/" + IdOf('1') + "/json"];
  for (const auto& [status, body, kind] : {std::tuple(200, "[]", ErrorKind::kInvalid),
                                           {403, "{}", ErrorKind::kDenied},
                                           {400, "{}", ErrorKind::kInvalid}}) {
    answer.status = status;
    answer.body = body;
    const auto picture = Read();
    EXPECT_EQ(picture.status().kind(), kind) << status;
    EXPECT_THAT(std::string(picture.status().text()), testing::StartsWith("container " + IdOf('1').substr(0, 12)));
  }
}

TEST_F(EngineReadingTest, AFailureEndsIt) {
  Have(IdOf('1'), "web.1", "running");
  engine_.answers["GET /v1.41/containers/" + IdOf('1') + "/json"] = {500, "{}"};
  EXPECT_EQ(Read().status().kind(), ErrorKind::kUnavailable);
  engine_.answers["GET /v1.41/containers/json"].status = 500;
  EXPECT_EQ(Read().status().kind(), ErrorKind::kUnavailable);
}

}  // namespace
}  // namespace signpost::registrar
