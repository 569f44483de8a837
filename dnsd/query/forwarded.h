// Signpost. Apache-2.0; see LICENSE.
// What one loop knows of forwarded names: its own cache, and the answer that has just come for those who wait.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

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
  // Nullopt: the resolver must be asked. What the hit refers to lives until Arrive, Leave, Drop or Flush.
  std::optional<Hit> Find(const resolver::QuestionView& question, uint64_t now_ms);

  // The resolver's answer is there: from now until Leave, Find returns it for its question, whatever its age; longer if
  // it may be kept and its route is still the one for its name.
  void Arrive(const resolver::Settled& settled);
  void Leave() { arrived_ = nullptr; }

  // Forgets the answers whose names have another route now (F82). Nothing is kept before the first call.
  void SetRoutes(std::shared_ptr<const resolver::Routes> routes);
  // Forgets `name` (folded wire form), with `tree` what lies below it too.
  void Flush(std::string_view name, bool tree);

  const resolver::AnswerCache& cache() const { return cache_; }

 private:
  bool IsCurrent(const resolver::Answer& answer) const;

  resolver::AnswerCache cache_;
  std::shared_ptr<const resolver::Routes> routes_;
  const resolver::Settled* arrived_ = nullptr;
};

}  // namespace signpost::query
