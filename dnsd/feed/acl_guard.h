// Signpost. Apache-2.0; see LICENSE.
// Tells a catalog that became empty from a token that lost its rights: Consul hides what a token may not see and
// answers 200. A Consul always has the service `consul` and at least one node. One guard per datacenter. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

namespace signpost::feed {

class AclGuard {
 public:
  enum class Verdict : unsigned char {
    kNews,  // believe it
    kLost,  // keep what is known
  };

  // A service list of `names` names came in. It is kLost when `consul` is not in it though it was before, or when it is
  // empty. A token that never saw `consul` is believed as long as it sees anything.
  Verdict JudgeServices(size_t names, bool has_consul);
  // A node list came in. It is kLost when it is empty.
  Verdict JudgeNodes(size_t nodes);

  // `consul` has been seen in an earlier run (snapshot).
  void RememberConsul() { consul_seen_ = true; }

  // The newest list of either kind was kLost: no other emptiness is to be believed now.
  bool tripped() const { return services_lost_ || nodes_lost_; }
  // How often a list was judged kLost after one that was not.
  uint64_t trips() const { return trips_; }

 private:
  Verdict Note(bool& lost, bool now_lost);

  bool consul_seen_ = false;
  bool services_lost_ = false;
  bool nodes_lost_ = false;
  uint64_t trips_ = 0;
};

}  // namespace signpost::feed
