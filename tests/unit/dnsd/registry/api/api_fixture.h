// Signpost. Apache-2.0; see LICENSE.
// The API over an engine without a network: requests go in as text, answers are kept.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dnsd/registry/api/api.h"
#include "dnsd/registry/model/catalog_writes.h"
#include "tests/support/run_loop.h"
#include "tests/unit/dnsd/registry/engine/held_parts.h"
#include "tests/unit/dnsd/registry/test_rows.h"

namespace signpost::registry {

using test::RunTurns;
using test::RunUntil;

// "PUT /v1/kv/a?flags=1" as the server hands it on.
inline http::ServerRequest Request(const std::string& line, std::string body = "") {
  http::ServerRequest request;
  const size_t space = line.find(' ');
  const size_t question = line.find('?');
  request.method = line.substr(0, space);
  request.path = line.substr(space + 1, question == std::string::npos ? question : question - space - 1);
  request.raw_path = request.path;
  if (question != std::string::npos) request.query = line.substr(question + 1);
  request.body = std::move(body);
  return request;
}

// What came of one request.
struct Received {
  bool answered = false;
  http::ServerResponse response;
  std::function<void()> on_gone;

  std::string Body() const { return response.shared_body ? response.shared_body->text() : response.body; }
  std::string Header(std::string_view name) const {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return "";
  }
};

class KeptResponder final : public http::Responder {
 public:
  explicit KeptResponder(std::shared_ptr<Received> outcome) : outcome_(std::move(outcome)) {}
  void Send(http::ServerResponse response) override {
    EXPECT_FALSE(outcome_->answered) << "answered twice";
    outcome_->answered = true;
    outcome_->response = std::move(response);
  }
  void OnGone(std::function<void()> on_gone) override { outcome_->on_gone = std::move(on_gone); }

 private:
  const std::shared_ptr<Received> outcome_;
};

class ApiFixture : public ::testing::Test {
 protected:
  ApiFixture() {
    State state;
    state.Put(TestNode("own"));
    state.TakeJournal();
    EngineOptions options;
    options.node = "own";
    store.AnswerAtOnce(Status::Ok());
    engine = std::make_unique<Engine>(loop, clock, options, std::move(state), store.Function());
    engine->Start(sink);
    api = std::make_unique<Api>(*engine, AccessRules{});
  }

  std::shared_ptr<Received> Send(http::ServerRequest request) {
    auto outcome = std::make_shared<Received>();
    api->Handle(std::move(request), std::make_unique<KeptResponder>(outcome));
    return outcome;
  }
  std::shared_ptr<Received> Send(const std::string& line, std::string body = "") {
    return Send(Request(line, std::move(body)));
  }
  int StatusOf(const std::string& line, std::string body = "") {
    const auto outcome = Send(line, std::move(body));
    return outcome->answered ? outcome->response.status : 0;
  }

  net::Loop loop;
  StillClock clock;
  HeldStore store;
  HeldSink sink;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<Api> api;
};

}  // namespace signpost::registry
