// Signpost. Apache-2.0; see LICENSE.
#include "registrar/agent/agent_writer.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>

#include "tests/support/consul/fake_agent.h"
#include "tests/support/run_loop.h"

namespace signpost::registrar {
namespace {

using consul::AgentError;
using test::RunTurns;
using test::RunUntil;

consul::AgentReply Reply(AgentError error, int status, const std::string& text = "") {
  consul::AgentReply reply;
  reply.error = error;
  reply.status = status;
  reply.error_text = text;
  return reply;
}

TEST(JudgeWrite, DecidesByTheReply) {
  const struct {
    const char* what;
    AgentError error;
    int status;
    const char* text;
    WriteOutcome expected;
  } cases[] = {
      {"done", AgentError::kNone, 200, "", WriteOutcome::kDone},
      {"no connection", AgentError::kConnect, 0, "127.0.0.1:8500: refused", WriteOutcome::kRetry},
      {"no reply in time, case 110", AgentError::kTimeout, 0, "127.0.0.1:8500: timeout", WriteOutcome::kRetry},
      {"a body without end", AgentError::kBadReply, 0, "too large", WriteOutcome::kRetry},
      {"bad meta, case 105", AgentError::kBadReply, 400, "status 400: Invalid Service Meta", WriteOutcome::kRefused},
      {"no right, case 106", AgentError::kDenied, 403, "status 403: Permission denied", WriteOutcome::kDenied},
      {"unknown token", AgentError::kDenied, 403, "status 403: ACL not found", WriteOutcome::kDenied},
      {"a proxy's 401", AgentError::kDenied, 401, "status 401: ", WriteOutcome::kDenied},
      {"maintenance of nothing", AgentError::kNotFound, 404, "status 404: No service registered with ID \"x\"",
       WriteOutcome::kUnknown},
      {"no such method", AgentError::kBadReply, 405, "status 405: ", WriteOutcome::kRefused},
      {"a path that the agent cleans", AgentError::kBadReply, 301, "status 301: ", WriteOutcome::kRefused},
      {"too many requests", AgentError::kServer, 429, "status 429: ", WriteOutcome::kRetry},
      {"a proxy's 204", AgentError::kBadReply, 204, "status 204: ", WriteOutcome::kRetry},
      {"scripts are off, case 108", AgentError::kServer, 500,
       "status 500: Scripts are disabled on this agent; to enable, configure 'enable_script_checks' or "
       "'enable_local_script_checks' to true",
       WriteOutcome::kNoScripts},
      {"scripts are on for local calls only", AgentError::kServer, 500,
       "status 500: Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' "
       "to true",
       WriteOutcome::kNoScripts},
      {"report on no TTL check", AgentError::kServer, 500, "status 500: CheckID \"x\" does not have associated TTL",
       WriteOutcome::kUnknown},
      {"the same with ACLs", AgentError::kServer, 500, "status 500: Unknown check \"x\"", WriteOutcome::kUnknown},
      {"deregistration with ACLs", AgentError::kServer, 500, "status 500: Unknown service {\"x\" {}}",
       WriteOutcome::kUnknown},
      {"any other 500", AgentError::kServer, 500, "status 500: rpc error", WriteOutcome::kRetry},
      {"503", AgentError::kServer, 503, "status 503: ", WriteOutcome::kRetry},
  };
  for (const auto& test : cases) {
    const WriteResult result = JudgeWrite(Reply(test.error, test.status, test.text));
    EXPECT_EQ(result.outcome, test.expected) << test.what;
    EXPECT_EQ(result.text, test.text) << test.what;
  }
}

TEST(WriteOutcomeName, IsAnotherOneForEach) {
  std::set<std::string> names;
  for (size_t i = 0; i < kWriteOutcomes; ++i) names.insert(WriteOutcomeName(static_cast<WriteOutcome>(i)));
  EXPECT_EQ(names.size(), kWriteOutcomes);
}

Service Web(const std::string& id) {
  Service service;
  service.id = id;
  service.name = "web";
  service.port = 8080;
  return service;
}

class AgentWriterTest : public ::testing::Test {
 protected:
  AgentWriterTest() {
    consul::AgentOptions options;
    options.url = fake_.url();
    client_ = std::make_unique<consul::AgentClient>(loop_, options);
    writer_ = std::make_unique<AgentWriter>(loop_, *client_, false);
  }

  AgentWriter::On Keep() {
    result_.reset();
    return [this](WriteResult result) { result_ = std::move(result); };
  }
  WriteOutcome Wait() {
    EXPECT_TRUE(RunUntil(loop_, [this] { return result_.has_value(); }));
    return result_ ? result_->outcome : WriteOutcome::kRetry;
  }
  const test::FakeAgent::Write& last() const { return fake_.writes().back(); }

  net::Loop loop_;
  test::FakeAgent fake_{loop_};
  std::unique_ptr<consul::AgentClient> client_;
  std::unique_ptr<AgentWriter> writer_;
  std::unique_ptr<AgentWriter::Call> call_;
  std::optional<WriteResult> result_;
};

TEST_F(AgentWriterTest, Registers) {
  call_ = writer_->Register(Web("n:web:80"), "me", Keep(), ActionKind::kAdd);
  ASSERT_EQ(Wait(), WriteOutcome::kDone);
  EXPECT_EQ(last().path, "/v1/agent/service/register");
  EXPECT_EQ(last().query, "");
  EXPECT_EQ(fake_.state().services().at("n:web:80").port, 8080);
  EXPECT_EQ(fake_.state().services().at("n:web:80").meta.at("registrar-owner"), "me");
  fake_.state().SetMaintenance("n:web:80", true, "by hand");
  call_ = writer_->Register(Web("n:web:80"), "me", Keep(), ActionKind::kChange);
  ASSERT_EQ(Wait(), WriteOutcome::kDone);
  EXPECT_EQ(last().query, "");
  EXPECT_TRUE(fake_.state().InMaintenance("n:web:80"));
  EXPECT_EQ(writer_->count(ActionKind::kAdd, WriteOutcome::kDone).value(), 1U);
  EXPECT_EQ(writer_->count(ActionKind::kChange, WriteOutcome::kDone).value(), 1U);
}

TEST_F(AgentWriterTest, AnAdditionDoesNotOverwriteWhatHasAppeared) {
  fake_.Put("a b", "", 81);
  call_ = writer_->Register(Web("a b"), "me", Keep(), ActionKind::kAdd);
  EXPECT_EQ(Wait(), WriteOutcome::kUnknown);
  EXPECT_EQ(result_->text, "the ID has appeared at the agent meanwhile");
  EXPECT_TRUE(fake_.writes().empty());
  EXPECT_EQ(fake_.state().services().at("a b").port, 81);
  EXPECT_EQ(writer_->count(ActionKind::kAdd, WriteOutcome::kUnknown).value(), 1U);
  call_ = writer_->Register(Web("a b"), "me", Keep(), ActionKind::kChange);
  EXPECT_EQ(Wait(), WriteOutcome::kDone) << "a change does not ask";
}

TEST_F(AgentWriterTest, AnAdditionNeedsNoRightToRead) {
  for (const int status : {403, 405, 500, 503}) {
    const std::string id = "a" + std::to_string(status);
    fake_.FailWith("/v1/agent/service/" + id, status);
    call_ = writer_->Register(Web(id), "me", Keep(), ActionKind::kAdd);
    EXPECT_EQ(Wait(), WriteOutcome::kDone) << status;
    EXPECT_TRUE(fake_.state().services().contains(id)) << status;
  }
  EXPECT_EQ(writer_->count(ActionKind::kAdd, WriteOutcome::kDone).value(), 4U) << "one outcome each";
}

TEST_F(AgentWriterTest, AnAdditionIsRetriedWithoutAConnection) {
  fake_.Stop();
  call_ = writer_->Register(Web("a"), "me", Keep(), ActionKind::kAdd);
  EXPECT_EQ(Wait(), WriteOutcome::kRetry);
  EXPECT_NE(result_->text, "");
}

TEST_F(AgentWriterTest, EitherStepOfAnAdditionIsCancelled) {
  fake_.Delay("/v1/agent/service/", Millis(20));
  call_ = writer_->Register(Web("a"), "me", Keep(), ActionKind::kAdd);
  ASSERT_TRUE(RunUntil(loop_, [this] { return fake_.requests("/v1/agent/service/a") == 1; }));
  call_.reset();
  call_ = writer_->Register(Web("b"), "me", Keep(), ActionKind::kAdd);
  ASSERT_TRUE(RunUntil(loop_, [this] { return fake_.requests("/v1/agent/service/register") == 1; }));
  call_.reset();
  call_ = writer_->Deregister("c", Keep());
  ASSERT_EQ(Wait(), WriteOutcome::kDone);
  EXPECT_EQ(fake_.requests("/v1/agent/service/register"), 1) << "that of b";
  EXPECT_EQ(fake_.state().services().size(), 0U);
  EXPECT_EQ(writer_->count(ActionKind::kAdd, WriteOutcome::kDone).value(), 0U);
}

TEST_F(AgentWriterTest, RemovesOneCheck) {
  fake_.state().Register(R"({"ID":"a","Name":"a","Checks":[{"CheckID":"service:a/b:2","TTL":"90s"},{"TTL":"90s"}]})",
                         false);
  ASSERT_EQ(fake_.state().checks().size(), 2U);
  call_ = writer_->RemoveCheck("service:a/b:2", Keep());
  ASSERT_EQ(Wait(), WriteOutcome::kDone);
  EXPECT_EQ(last().path, "/v1/agent/check/deregister/service:a/b:2");
  EXPECT_FALSE(fake_.state().checks().contains("service:a/b:2"));
  EXPECT_EQ(fake_.state().checks().size(), 1U);
  fake_.FailWith("/v1/agent/check/deregister", 500, "Unknown check \"x\"");
  call_ = writer_->RemoveCheck("x", Keep());
  EXPECT_EQ(Wait(), WriteOutcome::kDone);
  EXPECT_EQ(writer_->count(ActionKind::kRemoveCheck, WriteOutcome::kDone).value(), 2U);
}

TEST_F(AgentWriterTest, IdsOfAnyKindAreOneSegment) {
  for (const std::string& id :
       {std::string("n:web:80"), std::string("a/b c"), std::string("100%?x#y"), std::string("\xc3\xbc")}) {
    fake_.Put(id, "me");
    call_ = writer_->SetMaintenance(id, true, "registrar: why & how", Keep());
    ASSERT_EQ(Wait(), WriteOutcome::kDone) << id;
    EXPECT_TRUE(fake_.state().InMaintenance(id)) << id;
    EXPECT_EQ(fake_.state().checks().at("_service_maintenance:" + id).notes, "registrar: why & how");
    call_ = writer_->SetMaintenance(id, false, "", Keep());
    ASSERT_EQ(Wait(), WriteOutcome::kDone) << id;
    EXPECT_FALSE(fake_.state().InMaintenance(id)) << id;
    call_ = writer_->Deregister(id, Keep());
    ASSERT_EQ(Wait(), WriteOutcome::kDone) << id;
    EXPECT_TRUE(fake_.state().services().empty()) << id;
  }
}

TEST_F(AgentWriterTest, ReportsWithOutputOfAnyBytes) {
  fake_.state().Register(R"({"ID":"a","Name":"a","Checks":[{"CheckID":"docker:a","TTL":"90s","Status":"passing"}]})",
                         false);
  call_ = writer_->Report({.check_id = "docker:a", .status = "critical", .output = "\"no\"\n\xff"}, Keep());
  ASSERT_EQ(Wait(), WriteOutcome::kDone);
  EXPECT_EQ(fake_.state().checks().at("docker:a").status, "critical");
  EXPECT_EQ(fake_.state().checks().at("docker:a").output, "\"no\"\n\xef\xbf\xbd");
  call_ = writer_->Report({.check_id = "docker:b", .status = "passing", .output = ""}, Keep());
  EXPECT_EQ(Wait(), WriteOutcome::kUnknown);
  EXPECT_EQ(writer_->count(ActionKind::kReport, WriteOutcome::kUnknown).value(), 1U);
}

TEST_F(AgentWriterTest, WhatIsGoneAlreadyIsDeregistered) {
  fake_.FailWith("/v1/agent/service/deregister", 500, "Unknown service {\"x\" {}}");
  call_ = writer_->Deregister("x", Keep());
  EXPECT_EQ(Wait(), WriteOutcome::kDone);
  EXPECT_EQ(result_->text, "");
  EXPECT_EQ(writer_->count(ActionKind::kRemove, WriteOutcome::kDone).value(), 1U);
  fake_.FailWith("/v1/agent/service/deregister", 500, "no");
  call_ = writer_->Deregister("x", Keep());
  EXPECT_EQ(Wait(), WriteOutcome::kRetry);
  EXPECT_EQ(result_->text, "status 500: no");
}

TEST_F(AgentWriterTest, MayDestroyItsCallWhenDone) {
  for (const bool dry : {false, true}) {
    AgentWriter writer(loop_, *client_, dry);
    bool done = false;
    std::unique_ptr<AgentWriter::Call> call = writer.Deregister("x", [&](const WriteResult&) {
      call.reset();
      done = true;
    });
    EXPECT_TRUE(RunUntil(loop_, [&] { return done; })) << dry;
  }
}

TEST_F(AgentWriterTest, DryRunSendsNothing) {  // case 123
  AgentWriter dry(loop_, *client_, true);
  call_ = dry.Register(Web("a"), "me", Keep(), ActionKind::kAdd);
  EXPECT_FALSE(result_.has_value()) << "later, as without --dry-run";
  EXPECT_EQ(Wait(), WriteOutcome::kDone);
  call_ = dry.Deregister("a", Keep());
  EXPECT_EQ(Wait(), WriteOutcome::kDone);
  EXPECT_EQ(fake_.requests("/"), 0);
  EXPECT_EQ(dry.count(ActionKind::kAdd, WriteOutcome::kDone).value(), 1U);
  EXPECT_EQ(dry.count(ActionKind::kRemove, WriteOutcome::kDone).value(), 1U);
}

TEST_F(AgentWriterTest, ADestroyedCallIsSilent) {
  AgentWriter dry(loop_, *client_, true);
  call_ = dry.Deregister("a", Keep());
  call_.reset();
  call_ = writer_->Deregister("a", Keep());
  call_.reset();
  RunTurns(loop_, 20);
  EXPECT_FALSE(result_.has_value());
  EXPECT_EQ(dry.count(ActionKind::kRemove, WriteOutcome::kDone).value(), 0U);
}

}  // namespace
}  // namespace signpost::registrar
