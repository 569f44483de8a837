// Signpost. Apache-2.0; see LICENSE.
#include <array>
#include <utility>

#include "dnsd/query/sources.h"

namespace signpost::query {
namespace {

using wire::Rcode;

// Changes of source along one chain; each source bounds its own part.
constexpr size_t kMaxSteps = 16;
constexpr uint32_t kAnyTtl = ~0U;

}  // namespace

Outcome Sources::Chase(const Asking& asking, Outcome outcome, std::span<const uint8_t> leaves) {
  std::array<wire::Name, 2> names;  // what `leaves` shows may lie in the last one
  for (size_t step = 0; step < kMaxSteps; ++step) {
    // Whoever asks for the CNAME itself has it.
    if (asking.query.type == wire::type::kCname || asking.query.type == wire::type::kAny || outcome.truncated) {
      return outcome;
    }
    wire::Name& name = names[step % 2];
    if (name.Read(leaves) == 0) return outcome;
    Step next = ChaseStep(asking, name);
    // AA and the source are those of the first owner (RFC 1034 4.3.1, W160).
    outcome.rcode = next.outcome.rcode;
    outcome.truncated |= next.outcome.truncated;
    if (next.outcome.ede) {
      outcome.ede = next.outcome.ede;
      outcome.ede_text = next.outcome.ede_text;
    }
    outcome.wanted = std::move(next.outcome.wanted);
    if (outcome.wanted || next.leaves.empty()) return outcome;
    leaves = next.leaves;
  }
  // A chain that goes in circles between two sources.
  outcome.rcode = Rcode::kServFail;
  outcome.ede = wire::Ede::kInvalidData;
  outcome.ede_text = "too many CNAMEs";
  return outcome;
}

Sources::Step Sources::ChaseStep(const Asking& asking, const wire::Name& name) {
  if (data_.settings().DomainOf(name) != nullptr) {
    const service_zone::Question question{asking.query, asking.writer, asking.over_tcp, asking.now_ms, asking.last_try};
    const service_zone::Verdict verdict = answerer_.AnswerChain(question, name.wire(), asking.query.type, kAnyTtl);
    Step step{.outcome = {.rcode = verdict.rcode, .truncated = verdict.truncated}, .leaves = verdict.leaves};
    if (verdict.wanted) step.outcome.wanted = Want(*verdict.wanted);
    return step;
  }
  const Place place = PlaceOf(name, asking.query.type);
  if (place.zone == nullptr) return ChaseForwarded(asking, name, place.route);
  const resolver::Route* route = policy_->routes->Find(name);
  const bool refers = RefuseToForward(asking, route).has_value();
  const static_zone::StaticQuestion question{.name = name,
                                             .type = asking.query.type,
                                             .is_first = false,
                                             .over_tcp = asking.over_tcp,
                                             .any = policy_->any,
                                             .rotation = rotation_++,
                                             .refers = refers};
  const static_zone::Verdict verdict = static_zone::AnswerFrom(*place.zone, question, asking.writer);
  if (verdict.referral && !refers) return ChaseForwarded(asking, name, route);
  return {.outcome = {.rcode = verdict.rcode, .truncated = verdict.truncated && !asking.over_tcp},
          .leaves = verdict.leaves};
}

// The last part: an upstream follows the rest of the chain itself.
Sources::Step Sources::ChaseForwarded(const Asking& asking, const wire::Name& name, const resolver::Route* route) {
  // A client that may not have it forwarded follows the CNAME itself (W159).
  if (RefuseToForward(asking, route)) return {};
  const resolver::QuestionView question{
      resolver::NameBytes(name), asking.query.type, {asking.query.edns.dnssec_ok, asking.query.checking_disabled}};
  const auto hit = forwarded_.Find(question, asking.now_ms);
  if (!hit && asking.last_try) {
    return {.outcome = {.rcode = Rcode::kServFail, .ede = wire::Ede::kNoReachableAuthority}};
  }
  if (!hit) return {.outcome = {.wanted = Want(resolver::Copy(question))}};
  NoteRefresh(*hit);
  const auto written = resolver::AppendToChain(hit->answer, hit->age, asking.now_ms, asking.writer);
  Step step{.outcome = OutcomeOf(*hit)};
  step.outcome.truncated = written.truncated && !asking.over_tcp;
  if (step.outcome.truncated && hit->answer.failure) step.outcome.rcode = Rcode::kNoError;
  return step;
}

}  // namespace signpost::query
