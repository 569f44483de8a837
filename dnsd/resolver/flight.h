// Signpost. Apache-2.0; see LICENSE.
// For the forwarder only: a question that is under way.
#pragma once

#include <memory>
#include <vector>

#include "dnsd/resolver/forwarder.h"

namespace signpost::resolver {

struct Forwarder::Flight final : net::DeadlineOwner {
  Flight(Forwarder& forwarder, Question asked, uint32_t route_id)
      : owner(forwarder), question(std::move(asked)), route(route_id) {}

  void OnDeadline(net::Deadline& deadline) override {
    if (&deadline == &time_up) {
      owner.OnTimeUp(*this);
    } else {
      owner.OnStaleTimer(*this);
    }
  }

  Forwarder& owner;
  const Question question;
  const uint32_t route;
  size_t depth = 0;                     // links of chains before it, at least
  bool slow = false;                    // clients have had a stale answer
  std::vector<size_t> workers;          // who waits; one may stand twice
  std::vector<Flight*> parents;         // chains that wait for this name
  Flight* child = nullptr;              // what its own chain waits for
  std::shared_ptr<const Answer> links;  // of the chain so far
  net::Deadline stale{*this}, time_up{*this};
  std::unique_ptr<Inquiry> inquiry;
};

}  // namespace signpost::resolver
