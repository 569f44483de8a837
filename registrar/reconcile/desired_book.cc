// Signpost. Apache-2.0; see LICENSE.
#include "registrar/reconcile/desired_book.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "registrar/container/inspect.h"
#include "registrar/plan/registration.h"

namespace signpost::registrar {
namespace {

constexpr int kSigKill = 9;
constexpr int kSigTerm = 15;
// A container that ignores its stop signal is killed after its stop timeout; one that still runs so much later has
// survived.
constexpr Millis kDrainSlack{5000};
// The next good probe ends the doubt with an event; an application that is really ill shows after this long.
constexpr Millis kHealthDoubt{60000};

std::string Reason(std::string_view text) { return std::string(kOwnReason) + std::string(text); }

// Exits that were meant: by itself with 0, or by the signals that a stop sends.
bool EndedWell(const Container& container, Compat compat) {
  const int code = container.exit_code;
  if (compat == Compat::kRegistrator) return code == 0 || (code & 128) != 0;
  return code == 0 || code == 128 + kSigKill || code == 128 + kSigTerm || code == 128 + container.stop_signal;
}

bool HasRun(const Container& container) {
  return !container.started_at.empty() && !container.started_at.starts_with("0001-");
}

// The log of a run before this one is still there while the first probe is awaited.
std::string OutputOf(const Container& container) {
  if (container.health == Health::kStarting) return "starting";
  return container.health_output;
}

}  // namespace

void DesiredBook::SetMapping(MappingOptions mapping, Millis now) {
  mapping_ = std::move(mapping);
  Remap();
  OnTime(now);
}

void DesiredBook::Remap() {
  for (auto& [id, record] : records_) Map(record);
  MapContested();
}

void DesiredBook::OnContainer(Container container, Millis now) {
  const std::string id = container.id;
  const auto [found, fresh] = records_.try_emplace(id);
  Record& record = found->second;
  const Container before = std::exchange(record.container, std::move(container));
  const bool new_run = before.started_at != record.container.started_at;
  if (!fresh && IsUp(before) && (!IsUp(record.container) || new_run)) CountEnd(before, record.container);
  if (!fresh && new_run && IsUp(record.container)) counters_.restarts.Add();
  if (new_run) {
    record.drain_until.reset();
    record.doubt_until.reset();
    record.was_healthy = false;
    record.steady_health = Health::kNone;
  }
  JudgeHealth(record, before, now);
  if (!IsUp(record.container)) {
    record.container.environment.clear();
    record.container.labels.clear();
    record.container.health_output.clear();
  }
  Map(record);
  MapDependents(id);
  MapContested();
}

// A pause turns health to unhealthy at once and without an event, and it stays so until the next good probe after the
// unpause.
void DesiredBook::JudgeHealth(Record& record, const Container& before, Millis now) {
  const Container& container = record.container;
  if (!IsUp(container)) return;
  if (before.paused && !container.paused && record.steady_health != Health::kUnhealthy) {
    record.doubt_until = now + kHealthDoubt;
  }
  if (container.paused) return;
  if (record.doubt_until && container.health == Health::kUnhealthy) return;
  record.doubt_until.reset();
  record.steady_health = container.health;
  if (container.health == Health::kHealthy) record.was_healthy = true;
}

void DesiredBook::OnEvent(const Event& event, Millis now, int64_t wall_seconds, Millis age) {
  const auto found = records_.find(event.container_id);
  if (found == records_.end()) return;
  Record& record = found->second;
  const Container& container = record.container;
  if (event.kind == EventKind::kHealth) record.doubt_until.reset();
  if (event.kind != EventKind::kKill || !IsUp(container)) return;
  // A label of that name stands in the event instead of the engine's value.
  const bool trusted =
      std::ranges::none_of(container.labels, [](const auto& label) { return label.first == "signal"; });
  if (!trusted || event.signal != container.stop_signal || event.signal == kSigKill) return;
  // A replayed event may be about an earlier run, or about a stop that is long survived.
  if (event.time_nano != 0 && event.time_nano < ParseTimeNano(container.started_at)) return;
  const Millis left = container.stop_timeout + kDrainSlack - std::max(age, Millis(0));
  if (left <= Millis(0)) return;
  if (!record.drain_until) counters_.drains.Add();
  record.drain_until = now + left;
  record.drain_reason = StopReason(wall_seconds + left.count() / 1000 + 1);
  Map(record);
}

void DesiredBook::OnGone(std::string_view container_id) {
  const auto found = records_.find(container_id);
  if (found == records_.end()) return;
  if (IsUp(found->second.container)) CountEnd(found->second.container, Container());
  Drop(found->second);
  const std::string id = found->first;
  records_.erase(found);
  contested_.erase(id);
  MapDependents(id);
  MapContested();
}

void DesiredBook::SetGeneralMaintenance(std::string reason) {
  if (general_maintenance_ == reason) return;
  general_maintenance_ = std::move(reason);
  Remap();
}

void DesiredBook::Release(const std::string& service_id) {
  desired_.erase(service_id);
  owners_.erase(service_id);
  changed_.insert(service_id);
}

void DesiredBook::Drop(Record& record) {
  for (const std::string& id : record.services) Release(id);
  record.services.clear();
}

// Somebody may have waited for an ID that is free now.
void DesiredBook::MapContested() {
  for (const std::string& id : std::exchange(contested_, {})) {
    const auto found = records_.find(id);
    if (found != records_.end()) Map(found->second);
  }
}

void DesiredBook::Map(Record& record) {
  if (!mapping_) return;
  if (!IsUp(record.container)) return Drop(record);
  Container view = record.container;
  if (view.health != Health::kNone && record.steady_health != Health::kNone) view.health = record.steady_health;
  const auto find = [this](std::string_view id) -> const Container* {
    const auto found = records_.find(id);
    return found == records_.end() ? nullptr : &found->second.container;
  };
  Mapping mapping = MapContainer(view, *mapping_, find);
  const Strings warned = std::exchange(record.warnings, std::move(mapping.warnings));
  std::set<std::string> stale = std::exchange(record.services, {});
  for (Service& service : mapping.services) Put(std::move(service), record, stale);
  for (const std::string& warning : record.warnings) {
    if (std::ranges::find(warned, warning) != warned.end()) continue;
    warnings_.push_back(warning);
    counters_.warnings.Add();
  }
  for (const std::string& id : stale) Release(id);
}

// The status that a check has now stands in its definition: the mapping has just seen the container.
void DesiredBook::Put(Service service, Record& record, std::set<std::string>& stale) {
  if (!MayRegister(record, service)) return;
  const auto owner = owners_.find(service.id);
  if (owner != owners_.end() && owner->second != record.container.id) {
    Record& holder = records_.find(owner->second)->second;
    const bool evict = GivesWay(holder, record, service.id);
    Record& loser = evict ? holder : record;
    loser.warnings.push_back("container " + loser.container.name + " wants the service ID " + service.id +
                             ", which another running container has; give it another SERVICE_ID");
    contested_.insert(loser.container.id);
    if (!evict) return;
    holder.services.erase(service.id);
  }
  DesiredService desired;
  desired.maintenance = MaintenanceOf(record, service);
  desired.service = std::move(service);
  AddReports(record, desired);
  const std::string id = desired.service.id;
  stale.erase(id);
  record.services.insert(id);
  owners_[id] = record.container.id;
  DesiredService& known = desired_[id];
  if (known.service.id == id && known.service == desired.service && known.maintenance == desired.maintenance &&
      known.reports == desired.reports) {
    return;
  }
  known = std::move(desired);
  changed_.insert(id);
}

void DesiredBook::AddReports(const Record& record, DesiredService& desired) const {
  // First seen while paused: what the engine says now is about the pause.
  const bool unknown = record.container.health != Health::kNone && record.steady_health == Health::kNone;
  for (const CheckDefinition& check : desired.service.checks) {
    if (check.owner == CheckOwner::kHeartbeat) {
      desired.reports.push_back({check.check_id, "passing", "the container runs"});
    } else if (check.owner == CheckOwner::kDockerHealth && !unknown) {
      desired.reports.push_back({check.check_id, check.status, OutputOf(record.container)});
    }
  }
}

// Of two containers that want one ID: the one that the agent's entry leads to, else the older one. The order in which
// they were inspected must not matter.
bool DesiredBook::GivesWay(const Record& holder, const Record& other, const std::string& service_id) const {
  const Container& a = holder.container;
  const Container& b = other.container;
  const bool holder_stands = registered_ && registered_(service_id, a.id);
  const bool other_stands = registered_ && registered_(service_id, b.id);
  if (holder_stands != other_stands) return other_stands;
  return std::tie(b.started_at, b.id) < std::tie(a.started_at, a.id);
}

bool DesiredBook::MayRegister(const Record& record, const Service& service) const {
  if (service.register_when == RegisterWhen::kStarted || record.was_healthy) return true;
  if (record.container.health == Health::kNone) return true;  // nothing will ever say that it is healthy
  return record.steady_health != Health::kStarting && registered_ && registered_(service.id, record.container.id);
}

std::string DesiredBook::MaintenanceOf(const Record& record, const Service& service) const {
  if (record.drain_until && service.drain > Millis(0)) return record.drain_reason;
  if (record.container.paused) return Reason("paused");
  return general_maintenance_;
}

// Containers that live in another one's network namespace have its addresses.
void DesiredBook::MapDependents(std::string_view container_id) {
  for (auto& [id, record] : records_) {
    if (NamespaceOwner(record.container) == container_id) Map(record);
  }
}

std::string DesiredBook::KeptBecause(std::string_view container_id) const {
  if (mode_ != DeregisterMode::kOnSuccess) return {};
  const auto found = records_.find(container_id);
  if (found == records_.end()) return {};
  const Container& container = found->second.container;
  if (IsUp(container) || !HasRun(container)) return {};
  // Between two tries of a restart policy: whether it failed is told by the code of the try before.
  if (EndedWell(container, mapping_ ? mapping_->compat : Compat::kNone)) return {};
  return Reason("the container ended with exit code " + std::to_string(container.exit_code));
}

std::optional<DesiredService> DesiredBook::Kept(const ActualService& service) const {
  const std::string_view container = service.Meta(kContainerKey);
  const std::string reason = KeptBecause(container);
  if (reason.empty()) return std::nullopt;
  DesiredService kept;
  kept.service.id = service.id;
  kept.service.container_id = container;
  kept.maintenance = reason;
  kept.frozen = true;
  return kept;
}

std::string DesiredBook::WhyNot(const ActualService& service) const {
  const std::string_view id = service.Meta(kContainerKey);
  if (id.empty()) return "no container wants it";
  const auto found = records_.find(id);
  if (found == records_.end()) return "its container is gone";
  const std::string name = "container " + found->second.container.name;
  return name + (IsUp(found->second.container) ? " does not want it any more" : " does not run");
}

std::vector<std::string> DesiredBook::ServicesOf(std::string_view container_id) const {
  const auto found = records_.find(container_id);
  if (found == records_.end()) return {};
  return {found->second.services.begin(), found->second.services.end()};
}

std::set<std::string> DesiredBook::TakeChanged() { return std::exchange(changed_, {}); }

Strings DesiredBook::TakeWarnings() { return std::exchange(warnings_, {}); }

std::optional<Millis> DesiredBook::NextDeadline() const {
  std::optional<Millis> next;
  for (const auto& [id, record] : records_) {
    if (record.drain_until) next = std::min(next.value_or(*record.drain_until), *record.drain_until);
    if (record.doubt_until) next = std::min(next.value_or(*record.doubt_until), *record.doubt_until);
  }
  return next;
}

void DesiredBook::OnTime(Millis now) {
  for (auto& [id, record] : records_) {
    if (record.drain_until && *record.drain_until <= now) {
      record.drain_until.reset();
      if (IsUp(record.container)) counters_.drains_lifted.Add();
      Map(record);
    }
    if (record.doubt_until && *record.doubt_until <= now) {
      record.doubt_until.reset();
      record.steady_health = record.container.health;
      Map(record);
    }
  }
}

void DesiredBook::CountEnd(const Container& before, const Container& after) {
  if (after.oom_killed) {
    counters_.ended_oom.Add();
  } else if (after.id.empty() || before.started_at != after.started_at || EndedWell(after, Compat::kNone)) {
    counters_.ended_ok.Add();
  } else {
    counters_.ended_failed.Add();
  }
}

size_t DesiredBook::up() const {
  return static_cast<size_t>(
      std::count_if(records_.begin(), records_.end(), [](const auto& entry) { return IsUp(entry.second.container); }));
}

}  // namespace signpost::registrar
