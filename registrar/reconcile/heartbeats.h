// Signpost. Apache-2.0; see LICENSE.
// When which TTL check is to be reported again. Pure; time is an argument.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "registrar/plan/plan.h"

namespace signpost::registrar {

class Heartbeats {
 public:
  // `refresh`: of mirrored health checks; others are reported three times per TTL, at least once a second.
  explicit Heartbeats(Millis refresh) : refresh_(refresh) {}

  // The checks of this service that registrar reports; first due within the second half of a period, so that they do
  // not come all at once. Checks that were known keep their time.
  void Set(const DesiredService& service, Millis now);
  void Remove(std::string_view service_id);
  // It has just been reported.
  void Reported(const std::string& check_id, Millis now);
  // All are due at once: the agent may have forgotten.
  void ExpireAll(Millis now);

  struct Due {
    std::string service_id;
    std::string check_id;
  };
  // At most `most` of what is due now; each is due again one period later.
  std::vector<Due> Take(Millis now, size_t most);
  std::optional<Millis> NextDeadline() const;
  size_t size() const { return beats_.size(); }

 private:
  struct Beat {
    std::string service_id;
    Millis period{0};
    Millis next{0};
  };

  Millis refresh_;
  std::map<std::string, Beat, std::less<>> beats_;  // by check ID
};

}  // namespace signpost::registrar
