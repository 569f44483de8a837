// Signpost. Apache-2.0; see LICENSE.
#include "registrar/plan/plan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <utility>

#include "common/json/utf8.h"
#include "registrar/plan/differences.h"
#include "registrar/plan/registration.h"

namespace signpost::registrar {
namespace {

constexpr std::string_view kUntil = " until ";

bool IsAlphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

// A container's name as the engine takes it.
bool IsContainerName(std::string_view text) {
  return text.size() >= 2 && IsAlphanumeric(text[0]) &&
         std::ranges::all_of(text, [](char c) { return IsAlphanumeric(c) || c == '_' || c == '.' || c == '-'; });
}

bool IsDigits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool IsPort(std::string_view text) { return text.size() <= 5 && IsDigits(text); }

bool SkipPrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// "service:ID", "service:ID:NUMBER", "docker:ID" or "alias:ID"
bool IsGeneratedCheck(std::string_view check_id, std::string_view service_id) {
  if (SkipPrefix(check_id, "docker:") || SkipPrefix(check_id, "alias:")) return check_id == service_id;
  if (!SkipPrefix(check_id, "service:") || !SkipPrefix(check_id, service_id)) return false;
  return check_id.empty() || (SkipPrefix(check_id, ":") && IsDigits(check_id));
}

bool Defines(const Service& service, std::string_view check_id) {
  return std::ranges::find(service.checks, check_id, &CheckDefinition::check_id) != service.checks.end();
}

std::string ReasonUntil(std::string_view text, int64_t until_seconds) {
  return std::string(kOwnReason) + std::string(text) + std::string(kUntil) + std::to_string(until_seconds);
}

// NAME:PORT[:PROTOCOL]
bool IsGeneratedRest(std::string_view rest) {
  const size_t colon = rest.find(':');
  if (colon == std::string_view::npos || !IsContainerName(rest.substr(0, colon))) return false;
  const std::string_view tail = rest.substr(colon + 1);
  const size_t second = tail.find(':');
  if (!IsPort(tail.substr(0, second))) return false;
  if (second == std::string_view::npos) return true;
  const std::string_view protocol = tail.substr(second + 1);
  return protocol == "udp" || protocol == "tcp" || protocol == "sctp";
}

bool IsAdoptable(const ActualService& actual, const PlanOptions& options) {
  const std::string_view id = actual.id;
  return !options.adopt_prefix.empty() && actual.Meta(kOwnerKey).empty() && id.starts_with(options.adopt_prefix) &&
         IsGeneratedRest(id.substr(options.adopt_prefix.size()));
}

bool IsOwned(const ActualService& actual, const PlanOptions& options) {
  return !options.owner.empty() && actual.Meta(kOwnerKey) == options.owner;
}

std::string Conflict(const ActualService& actual) {
  const std::string_view owner = actual.Meta(kOwnerKey);
  const std::string whose = owner.empty() ? "a service without an owner" : "another registrar, " + Shown(owner);
  return "service ID " + Shown(actual.id) + " is taken by " + whose +
         ": it is left alone; give the container another SERVICE_ID or name, or deregister that service" +
         (owner.empty() ? ", or take it over with --adopt-prefix" : "");
}

// One service that is desired, step by step. `picture_` is what the agent has after the actions so far.
class Planner {
 public:
  Planner(const DesiredService& desired, const ActualService* actual, const PlanOptions& options)
      : desired_(desired), actual_(actual), options_(options) {
    if (actual) picture_ = *actual;
  }

  std::vector<Action> Run() {
    if (desired_.frozen && !actual_) return {};
    if (!desired_.frozen) Register();
    const std::optional<std::string> mark = Mark();
    if (mark && !picture_.maintenance) SetMaintenance(*mark);
    if (!desired_.frozen) RemoveChecks();
    Report();
    if (!mark && picture_.maintenance) LiftMaintenance();
    return std::move(actions_);
  }

 private:
  Action& Add(ActionKind kind, std::string reason) {
    actions_.push_back({.kind = kind, .service_id = desired_.service.id, .reason = std::move(reason)});
    return actions_.back();
  }

  void Register() {
    const Service& service = desired_.service;
    if (!actual_) {
      picture_ = AfterRegistration(service, options_.owner, nullptr);
      Add(ActionKind::kAdd, "it was not registered");
      return;
    }
    const std::vector<ActualCheck> retyped = DropRetyped();
    ActualService after = AfterRegistration(service, options_.owner, &picture_);
    std::string reason = Differences(after, *actual_);
    if (!IsOwned(*actual_, options_)) reason = "taken over" + (reason.empty() ? "" : ": " + reason);
    if (reason.empty()) {
      picture_ = *actual_;
      return;
    }
    for (const ActualCheck& check : retyped) RemoveCheck(check.id, "is of another type");
    Action& change = Add(ActionKind::kChange, std::move(reason));
    if (service.enable_tag_override && actual_->enable_tag_override) change.keep_tags = actual_->tags;
    picture_ = std::move(after);
  }

  // Out of the picture: checks that are to be registered with another type. Consul stops no check of another type.
  std::vector<ActualCheck> DropRetyped() {
    const Service& service = desired_.service;
    const ActualService after = AfterRegistration(service, options_.owner, nullptr);
    std::vector<ActualCheck> dropped;
    std::erase_if(picture_.checks, [&](const ActualCheck& check) {
      const ActualCheck* wanted = after.FindCheck(check.id);
      if (!wanted || wanted->type.empty() || check.type.empty() || wanted->type == check.type) return false;
      dropped.push_back(check);
      return true;
    });
    return dropped;
  }

  void RemoveCheck(const std::string& id, std::string_view why) {
    Add(ActionKind::kRemoveCheck, "check " + Shown(id) + " " + std::string(why)).report.check_id = id;
  }

  // Why the service has to be in maintenance, if it has to: a mark that nobody but its maker may lift comes first.
  std::optional<std::string> Mark() const {
    if (actual_ && actual_->maintenance) {
      const std::string& reason = actual_->maintenance_reason;
      const bool own = reason.starts_with(kOwnReason);
      const bool lasts = !desired_.may_lift && options_.now_seconds < MarkUntil(reason);
      if (!own || desired_.frozen || lasts) return reason;
    }
    if (desired_.maintenance.empty()) return std::nullopt;
    return desired_.maintenance;
  }

  void SetMaintenance(const std::string& mark) {
    Add(ActionKind::kMaintenanceOn, Shown(mark)).text = mark;
    picture_.maintenance = true;
  }

  void RemoveChecks() {
    const auto is_left = [this](const ActualCheck& check) {
      return IsGeneratedCheck(check.id, desired_.service.id) && !Defines(desired_.service, check.id);
    };
    for (const ActualCheck& check : picture_.checks) {
      if (is_left(check)) RemoveCheck(check.id, "is defined no more");
    }
    std::erase_if(picture_.checks, is_left);
  }

  void LiftMaintenance() {
    Add(ActionKind::kMaintenanceOff, "no more cause for \"" + Shown(picture_.maintenance_reason) + "\"");
  }

  void Report() {
    for (const CheckReport& report : desired_.reports) {
      const ActualCheck* check = picture_.FindCheck(report.check_id);
      if (!check) continue;
      const bool same_status = check->status == report.status;
      if (same_status && IsSameOutput(report.output, check->output)) continue;
      Add(ActionKind::kReport, same_status ? "output differs" : report.status + " instead of " + check->status).report =
          report;
    }
  }

  static bool IsSameOutput(std::string_view reported, std::string_view actual);

  const DesiredService& desired_;
  const ActualService* actual_;
  const PlanOptions& options_;
  ActualService picture_;
  std::vector<Action> actions_;
};

// Consul cuts long outputs (check_output_max_size) and says so at the end.
bool Planner::IsSameOutput(std::string_view reported, std::string_view actual) {
  const std::string sent = json::RepairUtf8(reported);
  if (sent == actual) return true;
  const size_t cut = actual.rfind(" ... (captured ");
  return cut != std::string_view::npos && cut > 0 && actual.ends_with(" bytes)") && cut < sent.size() &&
         sent.starts_with(actual.substr(0, cut));
}

Action Removal(const ActualService& actual, const PlanOptions& options) {
  return {.kind = ActionKind::kRemove,
          .service_id = actual.id,
          .reason = IsOwned(actual, options) ? "container is gone" : "left over: no container has it"};
}

}  // namespace

std::string DrainReason(int64_t until_seconds) { return ReasonUntil("drain command", until_seconds); }

std::string StopReason(int64_t until_seconds) { return ReasonUntil("stop signal", until_seconds); }

int64_t MarkUntil(std::string_view reason) {
  const size_t found = reason.rfind(kUntil);
  if (!reason.starts_with(kOwnReason) || found == std::string_view::npos) return 0;
  const std::string_view digits = reason.substr(found + kUntil.size());
  int64_t until = 0;
  if (!IsDigits(digits)) return 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), until);
  return error == std::errc() ? until : 0;
}

const char* ActionKindName(ActionKind kind) {
  constexpr std::array<const char*, kActionKinds> kNames = {
      "add", "change", "remove", "maintenance_on", "maintenance_off", "report", "remove_check"};
  return kNames[static_cast<size_t>(kind)];
}

bool IsMine(const ActualService& actual, const PlanOptions& options) {
  return IsOwned(actual, options) || IsAdoptable(actual, options);
}

ServicePlan PlanService(const DesiredService* desired, const ActualService* actual, const PlanOptions& options) {
  ServicePlan plan;
  if (actual && !IsMine(*actual, options)) {
    if (desired && !desired->frozen) plan.conflict = Conflict(*actual);
  } else if (desired) {
    plan.actions = Planner(*desired, actual, options).Run();
  } else if (actual && !options.keep_unknown) {
    plan.actions.push_back(Removal(*actual, options));
  }
  return plan;
}

Plan MakePlan(const DesiredServices& desired, const ActualServices& actual, const PlanOptions& options) {
  Plan plan;
  for (const auto& [id, service] : desired) {
    const auto found = actual.find(id);
    ServicePlan part = PlanService(&service, found == actual.end() ? nullptr : &found->second, options);
    std::ranges::move(part.actions, std::back_inserter(plan.actions));
    if (!part.conflict.empty()) plan.conflicts.push_back(std::move(part.conflict));
  }
  for (const auto& [id, service] : actual) {
    if (desired.contains(id)) continue;
    ServicePlan part = PlanService(nullptr, &service, options);
    std::ranges::move(part.actions, std::back_inserter(plan.actions));
  }
  return plan;
}

}  // namespace signpost::registrar
