// Signpost. Apache-2.0; see LICENSE.
#include <array>
#include <utility>

#include "dnsd/query/links.h"
#include "dnsd/query/sources.h"
#include "dnsd/resolver/answer_names.h"

namespace signpost::query {
namespace {

using wire::Rcode;
using wire::Section;
namespace type = wire::type;

// Changes of source along one chain; each source bounds its own part.
constexpr size_t kMaxSteps = 16;
constexpr uint32_t kAnyTtl = ~0U;

// A CNAME of `name` stands in the answer already: the chain meets itself.
bool HasLink(const Asking& asking, const wire::Name& name) {
  return AnyLink(asking.writer, asking.query, [&](const resolver::FlatName& owner, const resolver::FlatName&) {
    return resolver::SameName(owner.wire(), name.wire());
  });
}

}  // namespace

// Chains that come to a name for which somebody goes before the zone.
class Sources::BeforeZone final : public static_zone::Others {
 public:
  BeforeZone(const Sources& sources, const Asking& asking, const static_zone::Zone& zone, bool is_first)
      : sources_(sources), asking_(asking), zone_(zone), is_first_(is_first) {}

  bool GoBefore(const wire::Name& name) const override {
    if (sources_.data_.settings().DomainOf(name) != nullptr || sources_.ExposedNameOf(name) || IsReverse(name)) {
      return true;
    }
    if (!is_first_ && HasLink(asking_, name)) return true;
    const Place place = sources_.PlaceOf(name, asking_.query.type);
    if (place.zone != nullptr) return place.zone != &zone_;
    return !sources_.RefuseToForward(asking_, place.route);
  }

 private:
  const Sources& sources_;
  const Asking& asking_;
  const static_zone::Zone& zone_;
  bool is_first_;  // the zone is the chain's first source: it finds its own circles
};

static_zone::Verdict Sources::AskZone(const Asking& asking, const static_zone::Zone& zone, const wire::Name& name,
                                      bool is_first, bool refers) {
  const BeforeZone others(*this, asking, zone, is_first);
  const static_zone::StaticQuestion question{.name = name,
                                             .type = asking.query.type,
                                             .is_first = is_first,
                                             .over_tcp = asking.over_tcp,
                                             .any = policy_->any,
                                             .rotation = RotationOf(asking),
                                             .refers = refers,
                                             .others = &others};
  return static_zone::AnswerFrom(zone, question, asking.writer);
}

Outcome Sources::Chase(const Asking& asking, Outcome outcome, std::span<const uint8_t> leaves) {
  // Whoever asks for the CNAME itself has it.
  if (leaves.empty() || asking.query.type == type::kCname || asking.query.type == type::kAny) return outcome;
  std::array<wire::Name, 2> names;  // what `leaves` shows may lie in the last one
  for (size_t step = 0; step < kMaxSteps; ++step) {
    if (outcome.wanted || outcome.truncated) return outcome;
    wire::Name& name = names[step % 2];
    if (name.Read(leaves) == 0 || HasLink(asking, name)) return outcome;
    Step next = ChaseStep(asking, name);
    // AA and the source are those of the first owner (RFC 1034 4.3.1, W160).
    outcome.rcode = next.outcome.rcode;
    outcome.truncated |= next.outcome.truncated;
    outcome.stale |= next.outcome.stale;
    if (next.outcome.ede) {
      outcome.ede = next.outcome.ede;
      outcome.ede_text = next.outcome.ede_text;
    }
    outcome.wanted = std::move(next.outcome.wanted);
    leaves = next.leaves;
    if (leaves.empty()) return outcome;
  }
  if (outcome.wanted || outcome.truncated) return outcome;
  outcome.rcode = Rcode::kServFail;
  outcome.ede = wire::Ede::kInvalidData;
  outcome.ede_text = "too many CNAMEs";
  return outcome;
}

Sources::Step Sources::ChaseStep(const Asking& asking, const wire::Name& name) {
  if (data_.settings().DomainOf(name) != nullptr) {
    const auto verdict = answerer_.AnswerChain(ZoneQuestion(asking), name.wire(), asking.query.type, kAnyTtl);
    return {.outcome = FromCatalog(verdict, Source::kCatalog), .leaves = verdict.leaves};
  }
  if (auto exposed = AnswerExposed(asking, &name)) return *std::move(exposed);
  if (!IsReverse(name)) return ChaseElsewhere(asking, name);
  Reverse reverse = AskReverse(asking, &name);
  if (reverse.outcome) return {.outcome = *std::move(reverse.outcome)};
  const uint16_t before = asking.writer.count(Section::kAnswer);
  Step step = ChaseElsewhere(asking, name);
  const bool is_denied = step.outcome.rcode == Rcode::kNxDomain && asking.writer.count(Section::kAnswer) == before;
  if (reverse.exists && is_denied) step.outcome.rcode = Rcode::kNoError;
  return step;
}

Sources::Step Sources::ChaseElsewhere(const Asking& asking, const wire::Name& name) {
  const Place place = PlaceOf(name, asking.query.type);
  if (place.zone == nullptr) return ChaseForwarded(asking, name, place.route);
  const resolver::Route* route = policy_->routes->Find(name);
  const bool refers = RefuseToForward(asking, route).has_value();
  const static_zone::Verdict verdict = AskZone(asking, *place.zone, name, false, refers);
  if (verdict.referral && !refers) return ChaseForwarded(asking, name, route);
  return {.outcome = {.rcode = verdict.rcode, .truncated = verdict.truncated && !asking.over_tcp},
          .leaves = verdict.leaves};
}

// An upstream follows the rest of the chain itself, but for names that the catalog answers.
Sources::Step Sources::ChaseForwarded(const Asking& asking, const wire::Name& name, const resolver::Route* route) {
  // A client that may not have it forwarded follows the CNAME itself (W159).
  if (RefuseToForward(asking, route)) return {};
  if (auto kept = KeepHere(asking, name, *route)) return {.outcome = *std::move(kept)};
  const resolver::QuestionView question{
      resolver::NameBytes(name), asking.query.type, {asking.query.edns.dnssec_ok, asking.query.checking_disabled}};
  const auto hit = FindForwarded(asking, question);
  if (!hit && asking.last_try) {
    return {.outcome = {.rcode = Rcode::kServFail, .ede = wire::Ede::kNoReachableAuthority}};
  }
  if (!hit) return {.outcome = {.wanted = Want(resolver::Copy(question))}};
  NoteRefresh(*hit);
  const resolver::Answer& chain = ChainOf(hit->answer);
  const size_t links = FindBend(asking, chain);
  const auto written = resolver::AppendToChain(links > 0 ? chain : hit->answer, hit->age, asking.now_ms, asking.writer,
                                               links > 0 ? links : resolver::kAllRecords);
  Step step{.outcome = links > 0 ? LinksOf(*hit) : OutcomeOf(*hit)};
  if (links > 0) step.leaves = bend_.wire();
  step.outcome.truncated = written.truncated && !asking.over_tcp;
  if (step.outcome.truncated && links == 0 && hit->answer.failure) step.outcome.rcode = Rcode::kNoError;
  return step;
}

const resolver::Answer& Sources::ChainOf(const resolver::Answer& answer) {
  return answer.failed_chain ? *answer.failed_chain : answer;
}

size_t Sources::FindBend(const Asking& asking, const resolver::Answer& answer) {
  const bool may_expose = policy_->exposure && policy_->exposure->by_upstreams;
  if (asking.query.type == type::kCname || (!may_expose && asking.query.type != type::kPtr)) return 0;
  for (size_t i = 0; i < answer.records.size(); ++i) {
    const resolver::RecordPlace& record = answer.records[i];
    if (record.section != Section::kAnswer || (record.type != type::kCname && record.type != type::kDname)) return 0;
    if (record.type == type::kDname) continue;
    bend_ = resolver::TargetOf(answer, record);
    wire::Name name;
    if (name.Read(bend_.wire()) == 0) return 0;
    const Source source = BeforePlaceOf(name, asking.query.type, asking.now_ms);
    if (source == Source::kCatalog || (source == Source::kExposed && may_expose)) return i + 1;
  }
  return 0;
}

// What the upstream says about the end of its chain is not shown.
Outcome Sources::LinksOf(const Forwarded::Hit& hit) {
  if (hit.age == resolver::Age::kFresh) return {};
  return {.ede = wire::Ede::kStaleAnswer, .stale = true};
}

}  // namespace signpost::query
