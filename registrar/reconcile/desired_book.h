// Signpost. Apache-2.0; see LICENSE.
// What every known container wants to stand at the agent: inspects and events in, desired services out. Pure; time is
// an argument (the loop's, any zero point).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/metrics.h"
#include "registrar/container/container.h"
#include "registrar/container/event.h"
#include "registrar/mapping/map_container.h"
#include "registrar/plan/plan.h"

namespace signpost::registrar {

enum class DeregisterMode : unsigned char {
  kAlways,
  kOnSuccess,  // services of a container that failed stay, in maintenance, until it starts again or is removed
  kNever,
};

class DesiredBook {
 public:
  explicit DesiredBook(DeregisterMode mode) : mode_(mode) {}

  // Maps everything again. Nothing is desired before the first call.
  void SetMapping(MappingOptions mapping, Millis now);
  // A container that does not run any more is remembered for its exit code only.
  void OnContainer(Container container, Millis now);
  // Only what no inspect can tell: the stop signal, and that health is news again after a pause.
  // `wall_seconds`: now, since 1970. `age`: how long ago it happened, by the engine's clock; negative counts as zero.
  void OnEvent(const Event& event, Millis now, int64_t wall_seconds, Millis age);
  void OnGone(std::string_view container_id);
  // All services into maintenance for this reason, or back ("").
  void SetGeneralMaintenance(std::string reason);
  // Maps everything again, as after a change of what SetRegistered tells.
  void Remap();
  // Whether the agent has a service of that container: of two that want one ID it is the one to have it, and one
  // that registers when healthy and did so before stays.
  void SetRegistered(std::function<bool(std::string_view service_id, std::string_view container_id)> registered) {
    registered_ = std::move(registered);
  }

  const DesiredServices& desired() const { return desired_; }
  // What is to become of a service of ours whose container has failed and which therefore stays, in maintenance; none =
  // it does not stay.
  std::optional<DesiredService> Kept(const ActualService& service) const;
  // Why a service of ours that is not desired is to go; for people.
  std::string WhyNot(const ActualService& service) const;
  bool Knows(std::string_view container_id) const { return records_.contains(container_id); }
  // IDs of the services that a container wants now; empty when it is unknown or down.
  std::vector<std::string> ServicesOf(std::string_view container_id) const;

  // IDs of services whose desired entry appeared, changed or went since the last call.
  std::set<std::string> TakeChanged();
  // Warnings of the mapping that are new since the last call.
  Strings TakeWarnings();

  // When OnTime should be called; none = nothing is waiting.
  std::optional<Millis> NextDeadline() const;
  void OnTime(Millis now);

  size_t containers() const { return records_.size(); }
  size_t up() const;

  struct Counters {
    Counter drains;         // stop signals seen
    Counter drains_lifted;  // the container survived
    Counter restarts;       // a known container came up anew
    Counter ended_ok, ended_failed, ended_oom;
    Counter warnings;  // of the mapping: something was corrected, left out or skipped
  };
  const Counters& counters() const { return counters_; }

 private:
  struct Record {
    Container container;
    Strings warnings;
    std::set<std::string> services;
    std::optional<Millis> drain_until;
    std::string drain_reason;              // the mark's text
    Health steady_health = Health::kNone;  // the last one that was no side effect of a pause
    std::optional<Millis> doubt_until;     // health is a pause's side effect until then, or until the engine reports
    bool was_healthy = false;              // in this run
  };
  using Records = std::map<std::string, Record, std::less<>>;

  std::string KeptBecause(std::string_view container_id) const;
  void Map(Record& record);
  void AddReports(const Record& record, DesiredService& desired) const;
  bool GivesWay(const Record& holder, const Record& other, const std::string& service_id) const;
  void Drop(Record& record);
  void Put(Service service, Record& record, std::set<std::string>& stale);
  void Release(const std::string& service_id);
  void MapContested();
  void MapDependents(std::string_view container_id);
  void JudgeHealth(Record& record, const Container& before, Millis now);
  std::string MaintenanceOf(const Record& record, const Service& service) const;
  bool MayRegister(const Record& record, const Service& service) const;
  void CountEnd(const Container& before, const Container& after);

  DeregisterMode mode_;
  std::optional<MappingOptions> mapping_;
  std::function<bool(std::string_view, std::string_view)> registered_;
  Records records_;  // by full container ID
  DesiredServices desired_;
  std::map<std::string, std::string, std::less<>> owners_;  // service ID to the container that has it
  std::set<std::string> contested_;  // IDs of containers that want a service ID which another one has
  std::string general_maintenance_;
  std::set<std::string> changed_;
  Strings warnings_;
  Counters counters_;
};

}  // namespace signpost::registrar
