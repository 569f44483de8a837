// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/checks/scheduler.h"

#include <algorithm>
#include <utility>

namespace signpost::registry {
namespace {

using Kind = CheckDefinition::Kind;

// libuv's timers count whole milliseconds from a cached time; the rest of a longer wait is waited for anew.
constexpr Millis kLongestWait{60000};

}  // namespace

struct CheckScheduler::Check {
  explicit Check(Definition given, uint64_t number, std::string output)
      : definition(std::move(given)),
        generation(number),
        thresholds(definition->success_before_passing, definition->failures_before_critical),
        last_output(std::move(output)) {}

  const Definition definition;
  const uint64_t generation;  // tells a run's end from that of a run of an earlier check of the same key
  Thresholds thresholds;
  std::string last_output;  // TTL: what the last sign of life said
  std::unique_ptr<Run> run;
};

CheckScheduler::CheckScheduler(net::Loop& loop, const Clock& clock, const CheckOptions& options, Report report,
                               AliasLookup lookup)
    : clock_(clock),
      loop_(loop),
      report_(std::move(report)),
      lookup_(std::move(lookup)),
      context_(loop, options),
      schedule_(options.max_running, RandomSeed()),
      timer_(loop, [this] { Advance(); }),
      alias_timer_(loop, [this] { JudgeAliases(); }) {}

CheckScheduler::~CheckScheduler() = default;

void CheckScheduler::Add(const CheckKey& key, Definition definition, std::string last_output) {
  loop_.AssertInLoop();
  const auto found = checks_.find(key);
  const bool same = found != checks_.end() && *found->second->definition == *definition;
  if (!same) Remove(key);
  const CheckDefinition& check = *definition;
  const Nanos now = clock_.Monotonic();
  if (check.kind == Kind::kTtl) {
    ttls_.Set(key, now + check.ttl);
  } else if (check.kind == Kind::kAlias) {
    aliases_.insert(key);
    OnChecksChanged();
  } else if (!same) {
    schedule_.Add(key, std::max(check.interval, context_.options.min_interval), now);
  }
  if (same) {
    found->second->last_output = std::move(last_output);
  } else {
    checks_[key] = std::make_unique<Check>(std::move(definition), ++generation_, std::move(last_output));
  }
  Wind();
}

void CheckScheduler::Remove(const CheckKey& key) {
  loop_.AssertInLoop();
  const auto found = checks_.find(key);
  if (found == checks_.end()) return;
  if (found->second->run) counters_.cancelled.Add();
  schedule_.Remove(key);
  ttls_.Erase(key);
  aliases_.erase(key);
  checks_.erase(found);
  Wind();
}

bool CheckScheduler::Heartbeat(const CheckKey& key, CheckStatus status, std::string_view output) {
  const auto found = checks_.find(key);
  if (found == checks_.end() || found->second->definition->kind != Kind::kTtl) return false;
  Check& check = *found->second;
  check.last_output = CutHeartbeat(output, OutputLimitOf(*check.definition));
  ttls_.Set(key, clock_.Monotonic() + check.definition->ttl);
  Wind();
  const std::string text = check.last_output;  // the report may remove the check
  report_(key, status, text);
  return true;
}

void CheckScheduler::OnChecksChanged() {
  if (!aliases_.empty() && !alias_timer_.running()) alias_timer_.Start(Millis(0));
}

void CheckScheduler::JudgeAliases() {
  const std::set<CheckKey> keys = aliases_;  // reports may change it
  for (const CheckKey& key : keys) {
    const auto found = checks_.find(key);
    if (found == checks_.end() || found->second->definition->kind != Kind::kAlias) continue;
    const Definition definition = found->second->definition;
    const std::string& node = definition->alias_node;
    const std::string& service = definition->alias_service;
    Outcome outcome = JudgeAlias(lookup_(node, service), node, service, OutputLimitOf(*definition));
    report_(key, outcome.status, std::move(outcome.output));
  }
}

void CheckScheduler::Advance() {
  const Nanos now = clock_.Monotonic();
  ExpireTtls(now);
  StartDue(now);
  Wind();
}

void CheckScheduler::ExpireTtls(Nanos now) {
  while (const auto due = ttls_.TakeDue(now)) {
    counters_.ttl_expired.Add();
    report_(due->second, CheckStatus::kCritical, ExpiredText(checks_.at(due->second)->last_output));
  }
}

void CheckScheduler::StartDue(Nanos now) {
  while (const auto turn = schedule_.Take(now)) StartOne(*turn);
}

void CheckScheduler::StartOne(const Schedule::Turn& turn) {
  Check& check = *checks_.at(turn.key);
  counters_.started.Add();
  if (turn.waited > Schedule::kLate) counters_.late.Add();
  check.run = StartRun(context_, check.definition, [this, key = turn.key, generation = check.generation](Outcome end) {
    Finish(key, generation, std::move(end));
  });
}

void CheckScheduler::Finish(const CheckKey& key, uint64_t generation, Outcome outcome) {
  const auto found = checks_.find(key);
  if (found == checks_.end() || found->second->generation != generation) return;
  found->second->run.reset();
  counters_.finished.Add();
  const bool counts = found->second->thresholds.Counts(outcome.status);
  const Nanos now = clock_.Monotonic();
  schedule_.Finished(key, now);
  StartDue(now);
  Wind();
  if (counts) report_(key, outcome.status, std::move(outcome.output));
}

void CheckScheduler::Wind() {
  std::optional<Nanos> next = schedule_.Next();
  if (const auto ttl = ttls_.First(); ttl && (!next || *ttl < *next)) next = ttl;
  if (!next) {
    timer_.Stop();
    return;
  }
  // Rounded up: a timer that fires early would fire again and again until it is time.
  const auto wait = std::chrono::ceil<Millis>(*next - clock_.Monotonic());
  timer_.Start(std::clamp(wait, Millis(0), kLongestWait));
}

}  // namespace signpost::registry
