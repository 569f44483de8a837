// Signpost. Apache-2.0; see LICENSE.
// Who answers a name: the catalog, exposed services, static zones, or an upstream; and the way from one to the other
// along CNAMEs. One per loop, on its thread. Does no I/O.
//   sources.cc        the order in which they are asked
//   chase.cc          CNAMEs that leave the source they stand in
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "dnsd/query/counters.h"
#include "dnsd/query/forwarded.h"
#include "dnsd/query/policy.h"
#include "dnsd/query/want.h"
#include "dnsd/service_zone/answer.h"
#include "dnsd/service_zone/zone_data.h"
#include "dnsd/static_zone/answer.h"
#include "dnsd/wire/query.h"
#include "dnsd/wire/response_writer.h"

namespace signpost::query {

// How an answer ended. Records are in the writer; header bits follow from this.
struct Outcome {
  wire::Rcode rcode = wire::Rcode::kNoError;
  bool authoritative = false;
  bool truncated = false;
  std::optional<wire::Ede> ede;
  std::string_view ede_text;  // lives as long as the answer it came from: until the next message to the loop
  Source source = Source::kNone;
  // The answer must wait: discard the writer and ask again later.
  std::optional<Want> wanted;
};

// What bears on one question.
struct Asking {
  const wire::Query& query;
  wire::ResponseWriter& writer;
  bool over_tcp = false;
  bool trusted = false;   // the client is one of Policy::recursion
  bool last_try = false;  // waiting is over
  uint64_t now_ms = 0;
};

class Sources {
 public:
  Sources(service_zone::ZoneData& data, uint64_t seed, size_t cache_bytes);

  Outcome Answer(const Asking& asking);
  void SetPolicy(std::shared_ptr<const Policy> policy) { policy_ = std::move(policy); }

  const Policy& policy() const { return *policy_; }
  service_zone::Answerer& answerer() { return answerer_; }
  Forwarded& forwarded() { return forwarded_; }
  const Forwarded& forwarded() const { return forwarded_; }

  // Why `want` was waited for in vain.
  wire::Ede WhyNotHad(const Want& want) const;

  // Where a name would be answered from. `route` is set for kForwarded only; `zone` for the two kinds of zones.
  struct Place {
    Source source = Source::kNone;
    const static_zone::Zone* zone = nullptr;
    const resolver::Route* route = nullptr;
  };
  // Of names outside the consul domain, exposed ones and the catalog's reverse names aside. kNone: nobody answers it.
  Place PlaceOf(const wire::Name& name, uint16_t type) const;

  // Forwarded answers that are asked for often and end soon, since the last call.
  std::vector<resolver::Question> TakeRefreshes() { return std::exchange(refreshes_, {}); }

 private:
  Outcome AnswerCatalog(const Asking& asking, const wire::Name& domain);
  // Nullopt: the name is not exposed.
  std::optional<Outcome> AnswerExposed(const Asking& asking);
  Outcome AnswerReverse(const Asking& asking);
  Outcome FromCatalog(const service_zone::Verdict& verdict, Source source) const;
  Outcome AnswerElsewhere(const Asking& asking);
  Outcome AnswerStatic(const Asking& asking, const Place& place);
  Outcome AnswerForwarded(const Asking& asking, const resolver::Route* route);
  Outcome WriteForwarded(const Asking& asking, const Forwarded::Hit& hit);
  // What a forwarded answer says beside its records.
  static Outcome OutcomeOf(const Forwarded::Hit& hit);
  std::optional<Outcome> RefuseToForward(const Asking& asking, const resolver::Route* route) const;
  void NoteRefresh(const Forwarded::Hit& hit);
  service_zone::Question ZoneQuestion(const Asking& asking) const;

  // Goes on where a CNAME led: `outcome` is of the records written so far.
  Outcome Chase(const Asking& asking, Outcome outcome, std::span<const uint8_t> leaves);
  struct Step {
    Outcome outcome;
    std::span<const uint8_t> leaves;  // goes on there; empty: it ends here
  };
  Step ChaseStep(const Asking& asking, const wire::Name& name);
  Step ChaseForwarded(const Asking& asking, const wire::Name& name, const resolver::Route* route);

  service_zone::ZoneData& data_;
  service_zone::Answerer answerer_;
  Forwarded forwarded_;
  std::shared_ptr<const Policy> policy_;
  std::vector<resolver::Question> refreshes_;
  uint32_t rotation_ = 0;
};

}  // namespace signpost::query
