// Signpost. Apache-2.0; see LICENSE.
// Docker checks: a command in a container, by three requests (create, start, inspect) under one time-out.
#include <utility>

#include "common/http/url.h"
#include "common/net/timer.h"
#include "dnsd/registry/checks/docker_stream.h"
#include "dnsd/registry/checks/output_tail.h"
#include "dnsd/registry/checks/run.h"

namespace signpost::registry {
namespace {

class DockerRun final : public Run {
 public:
  DockerRun(RunContext& context, Definition definition, OnOutcome on_outcome)
      : engine_(context.docker),
        definition_(std::move(definition)),
        on_outcome_(std::move(on_outcome)),
        tail_(OutputLimitOf(*definition_)),
        limit_(context.loop,
               [this] { Fail("Timed out (" + GoDuration(TimeoutOf(*definition_)) + ") running check"); }) {
    limit_.Start(TimeoutOf(*definition_));
    const std::string container = http::EncodePathSegment(definition_->docker_container_id);
    Post("/containers/" + container + "/exec", ExecCreateBody(definition_->script_args), "create", 201,
         [this](const http::Response& response) { OnCreated(response); });
  }

 private:
  using OnResponse = std::function<void(const http::Response&)>;

  void Post(const std::string& path, std::string body, const char* step, int wanted, OnResponse next) {
    call_ = engine_.client().Send(engine_.MakeRequest(path, std::move(body)), Checked(step, wanted, std::move(next)));
  }

  // What is not the wanted status ends the run.
  http::Client::OnDone Checked(const char* step, int wanted, OnResponse next) {
    return [this, step, wanted, next = std::move(next)](const Result<http::Response>& result) {
      const std::string& container = definition_->docker_container_id;
      if (!result.ok()) {
        Fail(std::string(step) + " exec failed for container " + container + ": " + result.status().text());
      } else if (result.value().status != wanted) {
        Fail(DockerFault(step, container, result.value()));
      } else {
        next(result.value());
      }
    };
  }

  void OnCreated(const http::Response& response) {
    const Result<std::string> id = ExecIdOf(response.body);
    if (!id.ok()) return Fail("create exec failed: " + id.status().text());
    path_ = "/exec/" + id.value();
    http::Request request = engine_.MakeRequest(path_ + "/start", R"({"Detach":false,"Tty":false})");
    // An error's text is no frames either: what it was is known by the status, at the end.
    const auto read = [this](std::string_view piece) {
      garbled_ = !frames_.Feed(piece, [this](std::string_view text) { tail_.Append(text); });
      return true;
    };
    call_ = engine_.client().Stream(std::move(request), read,
                                    Checked("start", 200, [this](const http::Response& /*done*/) { OnOutputEnd(); }));
  }

  void OnOutputEnd() {
    if (garbled_ || !frames_.complete()) {
      return Fail("start exec failed for container " + definition_->docker_container_id + ": garbled output");
    }
    Inspect();
  }

  void Inspect() {
    Post(path_ + "/json", "", "inspect", 200, [this](const http::Response& response) {
      const Result<int> code = ExitCodeOf(response.body);
      if (!code.ok()) return Fail("inspect exec failed: " + code.status().text());
      Finish({StatusOfExit(code.value()), tail_.WithNote()});
    });
  }

  void Fail(std::string text) { Finish({CheckStatus::kCritical, std::move(text)}); }

  void Finish(Outcome outcome) {
    limit_.Stop();
    const OnOutcome done = std::move(on_outcome_);
    done(std::move(outcome));
  }

  DockerEngine& engine_;
  Definition definition_;
  OnOutcome on_outcome_;
  OutputTail tail_;
  DockerStream frames_;
  bool garbled_ = false;
  std::string path_;
  net::Timer limit_;
  std::unique_ptr<http::Client::Call> call_;
};

}  // namespace

std::unique_ptr<Run> StartDockerRun(RunContext& context, const Definition& definition, OnOutcome on_outcome) {
  if (!context.docker.status().ok()) {
    return StartKnownRun(context, {CheckStatus::kCritical, context.docker.status().text()}, std::move(on_outcome));
  }
  return std::make_unique<DockerRun>(context, definition, std::move(on_outcome));
}

}  // namespace signpost::registry
