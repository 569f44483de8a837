// Signpost. Apache-2.0; see LICENSE.
// Who answers a name: the catalog, exposed services, static zones, or an upstream; and the way from one to the other
// along CNAMEs. One per loop, on its thread. Does no I/O.
//   sources.cc        the order in which they are asked
//   chase.cc          CNAMEs that leave the source they stand in: the same order for every name on the way
#pragma once

#include <array>
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
  bool stale = false;  // a forwarded answer past its end is part of it
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
  std::optional<uint64_t> parked_ms;  // when it came in, if it has waited since
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

  // Of names outside the consul domain: kExposed, or kCatalog for PTR records. kNone: the place decides.
  Source BeforePlaceOf(const wire::Name& name, uint16_t type, uint64_t now_ms);

  // Forwarded answers that are asked for often and end soon, since the last call.
  std::vector<resolver::Question> TakeRefreshes() { return std::exchange(refreshes_, {}); }

 private:
  Outcome AskInOrder(const Asking& asking);
  Outcome AnswerCatalog(const Asking& asking, const wire::Name& domain);
  // One name of a chain, and where it goes on.
  struct Step {
    Outcome outcome;
    std::span<const uint8_t> leaves;  // empty: it ends here
  };
  // `link`: the name that a chain has led to; null: the question's. Nullopt: the name is not exposed.
  std::optional<Step> AnswerExposed(const Asking& asking, const wire::Name* link);
  std::optional<service_zone::ExposedName> ExposedNameOf(const wire::Name& name) const;
  bool IsCatalogKnown() const;
  static bool IsReverse(const wire::Name& name);
  Outcome AnswerReverse(const Asking& asking);
  // The outcome is empty where others are to be asked. If the name `exists`, what they deny is its records only.
  struct Reverse {
    std::optional<Outcome> outcome;
    bool exists = false;
  };
  Reverse AskReverse(const Asking& asking, const wire::Name* link);
  Outcome FromCatalog(const service_zone::Verdict& verdict, Source source) const;
  Outcome AnswerElsewhere(const Asking& asking);
  Outcome AnswerStatic(const Asking& asking, const Place& place);
  Outcome AnswerForwarded(const Asking& asking, const resolver::Route* route);
  Outcome WriteForwarded(const Asking& asking, const Forwarded::Hit& hit);
  // What a forwarded answer says beside its records.
  static Outcome OutcomeOf(const Forwarded::Hit& hit);
  std::optional<Outcome> RefuseToForward(const Asking& asking, const resolver::Route* route) const;
  // What is answered here in spite of `route`, if so. Writes what belongs to it.
  static std::optional<Outcome> KeepHere(const Asking& asking, const wire::Name& name, const resolver::Route& route);
  std::optional<Forwarded::Hit> FindForwarded(const Asking& asking, const resolver::QuestionView& question);
  void NoteRefresh(const Forwarded::Hit& hit);
  static service_zone::Question ZoneQuestion(const Asking& asking, const wire::Name* link = nullptr);
  static_zone::Verdict AskZone(const Asking& asking, const static_zone::Zone& zone, const wire::Name& name,
                               bool is_first, bool refers);

  // Goes on where a CNAME led: `outcome` is of the records written so far.
  Outcome Chase(const Asking& asking, Outcome outcome, std::span<const uint8_t> leaves);
  Step ChaseStep(const Asking& asking, const wire::Name& name);
  Step ChaseElsewhere(const Asking& asking, const wire::Name& name);
  Step ChaseForwarded(const Asking& asking, const wire::Name& name, const resolver::Route* route);
  class BeforeZone;
  // The records of an upstream's chain, whose end may have failed.
  static const resolver::Answer& ChainOf(const resolver::Answer& answer);
  // How many records of an upstream's chain lead to a name that the catalog answers instead, which is `bend_` then.
  // 0: there is none.
  size_t FindBend(const Asking& asking, const resolver::Answer& answer);
  static Outcome LinksOf(const Forwarded::Hit& hit);

  service_zone::ZoneData& data_;
  service_zone::Answerer answerer_;
  Forwarded forwarded_;
  std::shared_ptr<const Policy> policy_;
  std::vector<resolver::Question> refreshes_;
  resolver::FlatName bend_;
  // Turns with every answer; those to A and AAAA questions apart, since clients send them in pairs.
  uint32_t& RotationOf(const Asking& asking);
  std::array<uint32_t, 3> rotations_{};
};

}  // namespace signpost::query
