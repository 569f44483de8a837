// Signpost. Apache-2.0; see LICENSE.
// What one loop knows of forwarded names: its own cache, and for those who wait the answer that has just come, with
// what came before it and did not suffice: a chain may need several.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "dnsd/resolver/answer_cache.h"
#include "dnsd/resolver/resolver.h"

namespace signpost::query {

class Forwarded {
 public:
  Forwarded(size_t cache_bytes, uint64_t seed) : cache_(cache_bytes, seed) {}

  struct Hit {
    const resolver::Answer& answer;
    resolver::Age age;
    // The answer is asked for often and ends soon: tell the resolver. Said once per answer.
    bool wants_refresh = false;
  };
  // Nullopt: the resolver must be asked. What the hit refers to lives until Arrive, Leave, SetRoutes or Flush.
  // `since_ms`: what was held since then counts, whatever its age; for a question that was parked, when it came in.
  std::optional<Hit> Find(const resolver::QuestionView& question, uint64_t now_ms,
                          std::optional<uint64_t> since_ms = std::nullopt);

  // The resolver's answer is there: from now until Leave, Find returns it for its question, whatever its age; longer if
  // it may be kept and its route is still the one for its name.
  void Arrive(const resolver::Settled& settled);
  void Leave();
  // Whoever waited for what has arrived must wait for more: with Leave it is held for them. The latest kMaxHeld are.
  static constexpr size_t kMaxHeld = 64;
  void HoldArrived(uint64_t now_ms);

  // Forgets the answers whose names have another route now (F82). Nothing is kept before the first call.
  void SetRoutes(std::shared_ptr<const resolver::Routes> routes);
  // Forgets `name` (folded wire form), with `tree` what lies below it too.
  void Flush(std::string_view name, bool tree);

  const resolver::AnswerCache& cache() const { return cache_; }

 private:
  struct Held {
    resolver::Settled settled;
    uint64_t arrived_ms = 0;
  };
  const Held* FindHeld(const resolver::QuestionView& question, uint64_t since_ms) const;
  bool IsCurrent(const resolver::Answer& answer) const;

  resolver::AnswerCache cache_;
  std::shared_ptr<const resolver::Routes> routes_;
  const resolver::Settled* arrived_ = nullptr;
  bool arrived_helps_ = false;  // it was found since Arrive
  std::optional<uint64_t> hold_ms_;
  std::vector<Held> held_;  // oldest first; one for a question
};

}  // namespace signpost::query
