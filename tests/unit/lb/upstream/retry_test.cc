// Signpost. Apache-2.0; see LICENSE.
#include "lb/upstream/retry.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace signpost::lb {
namespace {

using enum AttemptFailure;

AttemptFacts Failed(AttemptFailure failure, std::string_view method = "GET") {
  AttemptFacts facts;
  facts.failure = failure;
  facts.method = method;
  facts.request_sent = failure != kConnect && failure != kLimit;
  facts.endpoints = 3;
  return facts;
}

AttemptFacts Answered(int status, std::string_view method = "GET") {
  AttemptFacts facts = Failed(kStatus, method);
  facts.status = status;
  return facts;
}

template <typename Change>
AttemptFacts With(AttemptFacts facts, Change change) {
  change(facts);
  return facts;
}

template <typename Change>
ServiceSettings Set(Change change) {
  ServiceSettings settings;
  change(settings);
  return settings;
}

struct StepCase {
  std::string name;
  AttemptFacts facts;
  RetryStep step;
  ServiceSettings settings = {};
};

std::string CaseName(const testing::TestParamInfo<StepCase>& one) { return one.param.name; }

class NextStepTest : public testing::TestWithParam<StepCase> {};

TEST_P(NextStepTest, IsAsTheRulesSay) {
  EXPECT_EQ(static_cast<int>(NextStep(GetParam().facts, GetParam().settings)), static_cast<int>(GetParam().step));
}

const ServiceSettings kNginx = Set([](ServiceSettings& s) { s.retry_on.nginx = true; });
const ServiceSettings kAll = Set([](ServiceSettings& s) { s.retry_on.non_idempotent = true; });
const ServiceSettings kOn500 = Set([](ServiceSettings& s) { s.retry_on.http_500 = true; });
const ServiceSettings kNothing = Set([](ServiceSettings& s) { s.retry_on.error = s.retry_on.timeout = false; });
const ServiceSettings kAnyNumber = Set([](ServiceSettings& s) { s.attempts = 0; });
const ServiceSettings kNoTimeLimit = Set([](ServiceSettings& s) { s.attempts_timeout = Millis(0); });

INSTANTIATE_TEST_SUITE_P(ByMethod, NextStepTest,
                         testing::ValuesIn(std::vector<StepCase>{
                             {"F07_PostConnectRefused", Failed(kConnect, "POST"), RetryStep::kElsewhere},
                             {"F08_PostResetAfterSend", Failed(kError, "POST"), RetryStep::kGiveUp},
                             {"F08_PatchResetAfterSend", Failed(kError, "PATCH"), RetryStep::kGiveUp},
                             {"F09_GetResetBeforeHead", Failed(kError), RetryStep::kElsewhere},
                             {"F09_HeadResetBeforeHead", Failed(kError, "HEAD"), RetryStep::kElsewhere},
                             {"F09_OptionsResetBeforeHead", Failed(kError, "OPTIONS"), RetryStep::kElsewhere},
                             {"PutOnlyAsNginx", Failed(kError, "PUT"), RetryStep::kGiveUp},
                             {"PutAsNginx", Failed(kError, "PUT"), RetryStep::kElsewhere, kNginx},
                             {"DeleteAsNginx", Failed(kError, "DELETE"), RetryStep::kElsewhere, kNginx},
                             {"PostNotEvenAsNginx", Failed(kError, "POST"), RetryStep::kGiveUp, kNginx},
                             {"UnknownMethod", Failed(kError, "BREW"), RetryStep::kGiveUp, kNginx},
                             {"MethodsAreCaseSensitive", Failed(kError, "get"), RetryStep::kGiveUp},
                             {"PostWhenAskedFor", Failed(kError, "POST"), RetryStep::kElsewhere, kAll},
                             {"PostOfWhichNothingWasSent",
                              With(Failed(kError, "POST"), [](auto& f) { f.request_sent = false; }),
                              RetryStep::kElsewhere},
                         }),
                         CaseName);

INSTANTIATE_TEST_SUITE_P(ByFailure, NextStepTest,
                         testing::ValuesIn(std::vector<StepCase>{
                             {"H144_Timeout", Failed(kTimeout), RetryStep::kElsewhere},
                             {"TimeoutOff", Failed(kTimeout), RetryStep::kGiveUp, kNothing},
                             {"ErrorOff", Failed(kError), RetryStep::kGiveUp, kNothing},
                             {"OutOfDescriptors", Failed(kLimit), RetryStep::kGiveUp, kAll},
                             {"ConnectCannotBeOff", Failed(kConnect), RetryStep::kElsewhere, kNothing},
                             {"MalformedOff", Failed(kInvalidHeader), RetryStep::kGiveUp},
                             {"Malformed", Failed(kInvalidHeader), RetryStep::kElsewhere,
                              Set([](ServiceSettings& s) { s.retry_on.invalid_header = true; })},
                             {"F12_500", Answered(500), RetryStep::kGiveUp},
                             {"F12_500Listed", Answered(500), RetryStep::kElsewhere, kOn500},
                             {"F12_500ListedPost", Answered(500, "POST"), RetryStep::kGiveUp, kOn500},
                             {"502WhenOnly500IsListed", Answered(502), RetryStep::kGiveUp, kOn500},
                             {"404Listed", Answered(404), RetryStep::kElsewhere,
                              Set([](ServiceSettings& s) { s.retry_on.http_404 = true; })},
                         }),
                         CaseName);

INSTANTIATE_TEST_SUITE_P(
    NeverAgain, NextStepTest,
    testing::ValuesIn(std::vector<StepCase>{
        {"F10_AnswerBegun", With(Failed(kError), [](auto& f) { f.answer_begun = true; }), RetryStep::kGiveUp, kAll},
        {"F14_BodyLost", With(Failed(kError), [](auto& f) { f.body_lost = true; }), RetryStep::kGiveUp, kAll},
        {"F14_BodyLostBeforeAFailedConnect", With(Failed(kConnect), [](auto& f) { f.body_lost = true; }),
         RetryStep::kGiveUp},
        {"H142_ClientGone", With(Failed(kConnect), [](auto& f) { f.client_gone = true; }), RetryStep::kGiveUp},
        {"F11_TimeIsUp", With(Failed(kTimeout), [](auto& f) { f.elapsed = Millis(10000); }), RetryStep::kGiveUp},
        {"F11_TimeIsNotUp", With(Failed(kTimeout), [](auto& f) { f.elapsed = Millis(9999); }), RetryStep::kElsewhere},
        {"NoTimeLimit", With(Failed(kTimeout), [](auto& f) { f.elapsed = Millis(99999); }), RetryStep::kElsewhere,
         kNoTimeLimit},
        {"F06_ThirdAttempt",
         With(Failed(kError),
              [](auto& f) {
                f.attempt = 3;
                f.endpoints = 9;
              }),
         RetryStep::kGiveUp},
        {"F06_SecondAttempt",
         With(Failed(kError),
              [](auto& f) {
                f.attempt = 2;
                f.endpoints = 9;
              }),
         RetryStep::kElsewhere},
        {"AllEndpointsTried",
         With(Failed(kError),
              [](auto& f) {
                f.attempt = 2;
                f.endpoints = 2;
              }),
         RetryStep::kGiveUp},
        {"OnlyEndpoint", With(Failed(kConnect), [](auto& f) { f.endpoints = 1; }), RetryStep::kGiveUp},
        {"AnyNumberOfAttempts",
         With(Failed(kError),
              [](auto& f) {
                f.attempt = 8;
                f.endpoints = 9;
              }),
         RetryStep::kElsewhere, kAnyNumber},
        {"AnyNumberButOnceEach",
         With(Failed(kError),
              [](auto& f) {
                f.attempt = 9;
                f.endpoints = 9;
              }),
         RetryStep::kGiveUp, kAnyNumber},
    }),
    CaseName);

INSTANTIATE_TEST_SUITE_P(
    H145Stale, NextStepTest,
    testing::ValuesIn(std::vector<StepCase>{
        {"Get", Failed(kStale), RetryStep::kFresh},
        {"GetOfTheOnlyEndpoint", With(Failed(kStale), [](auto& f) { f.endpoints = 1; }), RetryStep::kFresh},
        {"GetWithoutRetries", Failed(kStale), RetryStep::kFresh, kNothing},
        {"GetAsLastAttempt", With(Failed(kStale), [](auto& f) { f.attempt = 3; }), RetryStep::kFresh},
        {"Post", Failed(kStale, "POST"), RetryStep::kGiveUp},
        {"PostOfWhichNothingWasSent", With(Failed(kStale, "POST"), [](auto& f) { f.request_sent = false; }),
         RetryStep::kFresh},
        {"BodyLost", With(Failed(kStale), [](auto& f) { f.body_lost = true; }), RetryStep::kGiveUp},
        {"SecondTimeCostsAnAttempt",
         With(Failed(kStale),
              [](auto& f) {
                f.stale_used = true;
                f.attempt = 2;
              }),
         RetryStep::kElsewhere},
        {"OneAttemptMore",
         With(Failed(kError),
              [](auto& f) {
                f.stale_used = true;
                f.attempt = 3;
              }),
         RetryStep::kElsewhere},
        {"AndNotTwo",
         With(Failed(kError),
              [](auto& f) {
                f.stale_used = true;
                f.attempt = 4;
              }),
         RetryStep::kGiveUp},
    }),
    CaseName);

TEST(CountsAsFailureTest, ByClass) {
  RetryOn all;
  all.http_403 = all.http_404 = all.http_429 = all.http_500 = all.http_502 = all.http_503 = all.http_504 = true;
  struct {
    AttemptFacts facts;
    RetryOn retry_on;
    bool counts;
  } const cases[] = {
      {Failed(kConnect), {}, true},
      {Failed(kError), {}, true},
      {Failed(kTimeout), {}, true},
      {Failed(kInvalidHeader), {}, true},
      {Failed(kStale), {}, false},
      {Failed(kLimit), all, false},
      {Failed(kError, "POST"), {}, true},
      {Answered(500), {}, false},
      {Answered(500), all, true},
      {Answered(429), all, true},
      {Answered(503), all, true},
      {Answered(403), all, false},
      {Answered(404), all, false},
      {Answered(200), all, false},
      {Answered(501), all, false},
      {With(Failed(kError), [](auto& f) { f.client_gone = true; }), {}, false},
      {With(Failed(kError), [](auto& f) { f.answer_begun = true; }), {}, true},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(CountsAsFailure(one.facts, one.retry_on), one.counts)
        << static_cast<int>(one.facts.failure) << " " << one.facts.status;
  }
}

TEST(FinalStatusTest, TimeoutsAre504) {
  EXPECT_EQ(FinalStatus(kTimeout), 504);
  EXPECT_EQ(FinalStatus(kConnect), 502);
  EXPECT_EQ(FinalStatus(kLimit), 503);
  EXPECT_EQ(FinalStatus(kError), 502);
  EXPECT_EQ(FinalStatus(kInvalidHeader), 502);
}

// How many of `wanted` retries at `now` are granted.
int Granted(RetryBudget& budget, Millis now, int wanted, uint32_t percent = 20) {
  int granted = 0;
  for (int i = 0; i < wanted; ++i) granted += budget.TryRetry(now, percent) ? 1 : 0;
  return granted;
}

void Requests(RetryBudget& budget, Millis now, int count) {
  for (int i = 0; i < count; ++i) budget.CountRequest(now);
}

TEST(RetryBudgetTest, F13AFifthOfTheRequests) {
  RetryBudget budget;
  Requests(budget, Millis(500), 1000);
  EXPECT_EQ(Granted(budget, Millis(600), 1000), 200);
}

TEST(RetryBudgetTest, TenASecondWhateverTheRequests) {
  RetryBudget budget;
  budget.CountRequest(Millis(100));
  EXPECT_EQ(Granted(budget, Millis(200), 50), 10);
  EXPECT_EQ(Granted(budget, Millis(999), 50), 0);
  EXPECT_EQ(Granted(budget, Millis(1000), 50), 10);
}

TEST(RetryBudgetTest, CountsTheLastTenSeconds) {
  RetryBudget budget;
  Requests(budget, Millis(0), 1000);
  EXPECT_EQ(Granted(budget, Millis(9999), 1000), 200);
  RetryBudget later;
  Requests(later, Millis(0), 1000);
  EXPECT_EQ(Granted(later, Millis(10000), 1000), 10);
}

TEST(RetryBudgetTest, RetriesComeBackAfterTenSeconds) {
  RetryBudget budget;
  Requests(budget, Millis(0), 1000);
  EXPECT_EQ(Granted(budget, Millis(0), 1000), 200);
  Requests(budget, Millis(10500), 1000);
  EXPECT_EQ(Granted(budget, Millis(10500), 1000), 200);
}

TEST(RetryBudgetTest, F13OverMinutesOfFailure) {
  RetryBudget budget;
  int requests = 0;
  int retries = 0;
  for (Millis now{0}; now < Millis(120000); now += Millis(5)) {
    budget.CountRequest(now);
    ++requests;
    retries += Granted(budget, now, 2);
  }
  EXPECT_LE(retries, requests / 5 + 10);
  EXPECT_GE(retries, requests / 5 - 10);
}

TEST(RetryBudgetTest, NoneWithZeroPercent) {
  RetryBudget budget;
  Requests(budget, Millis(0), 1000);
  EXPECT_EQ(Granted(budget, Millis(0), 10, 0), 0);
}

TEST(RetryBudgetTest, ThreadsTogetherStayNearIt) {
  constexpr int kThreads = 4;
  RetryBudget budget;
  Requests(budget, Millis(0), 2000);
  std::atomic<int> granted = 0;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] { granted += Granted(budget, Millis(1), 1000); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(granted, 400);
  EXPECT_LE(granted, 400 + kThreads);
}

}  // namespace
}  // namespace signpost::lb
