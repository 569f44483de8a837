// Signpost. Apache-2.0; see LICENSE.
#include "registrar/plan_text.h"

#include <array>
#include <string_view>
#include <utility>

#include "registrar/plan/registration.h"
#include "registrar/reconcile/owner.h"

namespace signpost::registrar {
namespace {

std::string_view SignOf(ActionKind kind) {
  if (kind == ActionKind::kAdd) return "+ add ";
  if (kind == ActionKind::kChange) return "~ change ";
  if (kind == ActionKind::kRemove) return "- remove ";
  if (kind == ActionKind::kMaintenanceOn) return "~ maintenance on ";
  if (kind == ActionKind::kMaintenanceOff) return "~ maintenance off ";
  return kind == ActionKind::kReport ? "~ report " : "~ remove check ";
}

std::string Place(std::string_view address, int64_t port) {
  if (address.empty()) return "(node's address):" + std::to_string(port);
  const bool ipv6 = address.find(':') != std::string_view::npos;
  return (ipv6 ? "[" + std::string(address) + "]" : std::string(address)) + ":" + std::to_string(port);
}

// Names come from labels: nothing of them may move the terminal's cursor.
std::string OneLine(std::string_view text) {
  std::string line;
  for (const unsigned char c : text) line += c >= ' ' && c != 0x7f ? static_cast<char>(c) : '?';
  return line;
}

std::string Line(const Action& action, const DesiredServices& desired, const ActualServices& actual) {
  std::string line = action.service_id;
  const auto wanted = desired.find(action.service_id);
  const auto present = actual.find(action.service_id);
  if (action.kind != ActionKind::kRemove && wanted != desired.end() && !wanted->second.frozen) {
    const Service& service = wanted->second.service;
    line += " " + service.name + " " + Place(service.address, service.port);
  } else if (present != actual.end()) {
    line += " " + present->second.name + " " + Place(present->second.address, present->second.port);
  }
  if (action.kind == ActionKind::kRemoveCheck) line += " " + action.report.check_id;
  if (action.kind == ActionKind::kReport) line += " " + action.report.check_id + " " + action.report.status;
  if (!action.reason.empty()) line += " (" + action.reason + ")";
  return std::string(SignOf(action.kind)) + OneLine(line) + "\n";
}

std::string Summary(const DesiredServices& desired, const Plan& plan) {
  std::array<size_t, kActionKinds> counts{};
  std::map<std::string_view, bool> touched;
  for (const Action& action : plan.actions) {
    ++counts[static_cast<size_t>(action.kind)];
    touched[action.service_id] = true;
  }
  size_t equal = 0;
  for (const auto& [id, service] : desired) equal += touched.contains(id) ? 0 : 1;
  if (plan.conflicts.size() <= equal) equal -= plan.conflicts.size();
  const auto count = [&](ActionKind kind) { return counts[static_cast<size_t>(kind)]; };
  const size_t other = count(ActionKind::kMaintenanceOn) + count(ActionKind::kMaintenanceOff) +
                       count(ActionKind::kReport) + count(ActionKind::kRemoveCheck);
  return std::to_string(count(ActionKind::kAdd)) + " to add, " + std::to_string(count(ActionKind::kChange)) +
         " to change, " + std::to_string(count(ActionKind::kRemove)) + " to remove, " + std::to_string(other) +
         " to mark or report, " + std::to_string(plan.conflicts.size()) + " in conflict; " + std::to_string(equal) +
         " as they should be\n";
}

// The services at the agent that stay although their container has ended (--deregister on-success), and why others go.
void JudgeRest(const DesiredBook& book, const ActualServices& actual, Intent& intent) {
  for (const auto& [id, service] : actual) {
    if (!IsMine(service, intent.options) || intent.desired.contains(id)) continue;
    if (auto kept = book.Kept(service)) {
      intent.desired[id] = std::move(*kept);
    } else {
      intent.why_not[id] = book.WhyNot(service);
    }
  }
}

}  // namespace

PlanReport DescribePlan(const DesiredServices& desired, const ActualServices& actual, const Plan& plan,
                        const Strings& warnings) {
  PlanReport report;
  for (const Action& action : plan.actions) report.text += Line(action, desired, actual);
  for (const std::string& conflict : plan.conflicts) report.text += "! conflict: " + OneLine(conflict) + "\n";
  for (const std::string& warning : warnings) report.text += "! warning: " + OneLine(warning) + "\n";
  report.text += Summary(desired, plan);
  report.differences = !plan.actions.empty() || !plan.conflicts.empty();
  return report;
}

Intent FindIntent(const RegistrarOptions& options, const HostAddresses& addresses, const EngineInfo& engine,
                  const std::vector<Container>& containers, const ActualServices& actual) {
  const StartOptions& start = options.start;
  MappingOptions mapping = MakeMapping(options, addresses);
  if (mapping.node_id.empty()) mapping.node_id = engine.name;
  Intent intent;
  intent.options.owner = OwnerOf(engine, start.owner_id);
  intent.options.adopt_prefix = start.cleanup ? mapping.node_id + ":" : start.adopt_prefix;
  intent.options.keep_unknown = start.deregister == DeregisterMode::kNever;
  intent.options.now_seconds = SystemClock().Wall().count() / 1'000'000'000;

  DesiredBook book(start.deregister);
  book.SetRegistered([&actual](std::string_view service_id, std::string_view container_id) {
    const auto service = actual.find(service_id);
    return service != actual.end() && service->second.Meta(kContainerKey) == container_id;
  });
  book.SetMapping(std::move(mapping), Millis(0));
  for (const Container& container : containers) book.OnContainer(container, Millis(0));
  intent.desired = book.desired();
  intent.warnings = book.TakeWarnings();
  JudgeRest(book, actual, intent);
  return intent;
}

Plan PlanOf(const Intent& intent, const ActualServices& actual) {
  Plan plan = MakePlan(intent.desired, actual, intent.options);
  for (Action& action : plan.actions) {
    const auto why = intent.why_not.find(action.service_id);
    if (action.kind == ActionKind::kRemove && why != intent.why_not.end()) action.reason = why->second;
  }
  return plan;
}

}  // namespace signpost::registrar
