// Signpost. Apache-2.0; see LICENSE.
// deregister_critical_service_after: which services have had a critical check for too long. Pure: the (monotonic) time
// comes in as an argument.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"

namespace signpost::registry {

class CriticalTracker {
 public:
  struct Options {
    Nanos minimum = std::chrono::minutes(1);  // shorter times are stretched to this
    Nanos period = std::chrono::seconds(30);  // between two examinations
  };
  struct Service {
    std::string node;
    std::string id;
    friend bool operator==(const Service&, const Service&) = default;
  };

  CriticalTracker() : CriticalTracker(Options{}) {}
  explicit CriticalTracker(const Options& options) : options_(options) {}

  // From now on `check` (PartKey) may cost `service` its place; `after` 0 takes the check out. Watching anew with the
  // same time and service changes nothing, so that a service cannot stay for ever by registering again and failing.
  void Watch(const std::string& check, const Service& service, Nanos after);
  void Forget(const std::string& check);
  // The status the check has now, whenever it is set. Time counts from the first critical one after another status.
  void OnStatus(const std::string& check, bool critical, Nanos now);

  // Each service at most once, critical for longer than its time; nothing before a period has gone by since the last
  // examination. What is told stays watched until Forget: a removal that failed is asked for again.
  std::vector<Service> Due(Nanos now);

  size_t size() const { return checks_.size(); }

 private:
  struct Entry {
    Service service;
    Nanos after{0};
    std::optional<Nanos> critical_since;
  };

  const Options options_;
  std::map<std::string, Entry> checks_;
  std::optional<Nanos> examined_;
};

}  // namespace signpost::registry
