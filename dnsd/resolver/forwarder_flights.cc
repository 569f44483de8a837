// Signpost. Apache-2.0; see LICENSE.
// What becomes of a question that is under way.
#include <algorithm>

#include "dnsd/resolver/flight.h"
#include "dnsd/resolver/forwarder.h"

namespace signpost::resolver {
namespace {

// Failures are remembered by number: longer chains go with what failed.
constexpr size_t kMaxLinkBytes = 4096;

}  // namespace

void Forwarder::OnOutcome(Flight& flight, Outcome outcome) {
  if (outcome.failed) {
    Fail(flight, outcome.trouble);
    return;
  }
  if (outcome.reply.answer) {
    outcome.reply.answer->route = flight.route;
    outcome.reply.answer->upstream = outcome.upstream;
  }
  switch (outcome.reply.verdict) {
    case ReplyVerdict::kAnswer:
      Answered(flight, outcome.reply.answer);
      return;
    case ReplyVerdict::kChase:
      Chase(flight, std::move(outcome.reply.answer), outcome.reply.chase);
      return;
    default:
      FailLoop(flight);
  }
}

// The chain's end may be known, be under way already, or be asked for now, by whatever route leads there.
void Forwarder::Chase(Flight& flight, std::shared_ptr<Answer> links, const std::string& target) {
  const Question next{.name = target, .type = flight.question.type, .variant = flight.question.variant};
  const Route* route = IsOurs(target, flight.question) ? nullptr : RouteOf(target);
  if (route == nullptr) {  // the chain ends where others answer, or nobody
    Answered(flight, links);
    return;
  }
  flight.links = std::move(links);
  if (flight.depth >= kMaxChain) {
    FailLoop(flight);
    return;
  }
  if (const std::optional<Settled> known = AnswerNow(next, route)) {
    flight.inquiry.reset();
    OnChild(flight, *known);
    return;
  }
  if (!by_key_.contains(Key(next, route->id))) MakeRoom(&flight);
  Flight& child = FlightFor(next, *route, flight.depth + 1);
  if (LeadsTo(child, flight)) {
    FailLoop(flight);
    return;
  }
  flight.child = &child;
  child.parents.push_back(&flight);
  flight.inquiry.reset();  // its sockets; it stands below us on the stack and is not touched again
}

bool Forwarder::LeadsTo(const Flight& from, const Flight& to) const {
  const Flight* at = &from;
  while (at != nullptr && at != &to) at = at->child;
  return at == &to;
}

void Forwarder::OnChild(Flight& parent, const Settled& settled) {
  const Answer& end = *settled.answer;
  if (end.failure) {
    if (end.failed_chain) {
      if (auto longer = JoinChain(parent, *end.failed_chain)) parent.links = std::move(longer);
    }
    // As long as the end fails, the whole does.
    const uint64_t now_ms = deadlines_.now_ms();
    const uint64_t keep_ms = end.expires_ms > now_ms ? end.expires_ms - now_ms : 0;
    if (failures_.IsFinal(settled.question)) {
      FailLoop(parent, keep_ms);
    } else {
      Fail(parent, {.ede = end.ede.value_or(wire::Ede::kOther), .text = end.ede_text, .truncated = end.truncated},
           keep_ms);
    }
    return;
  }
  const std::shared_ptr<Answer> joined = JoinChain(parent, end);
  if (!joined) {
    FailLoop(parent);
  } else if (settled.age == Age::kStale) {
    Settle(parent, Stale(parent.question, joined));
  } else {
    Answered(parent, joined);
  }
}

std::shared_ptr<Answer> Forwarder::JoinChain(const Flight& flight, const Answer& end) const {
  std::shared_ptr<Answer> joined = Join(*flight.links, end, settings_.rules);
  if (!joined) return nullptr;
  joined->route = flight.route;
  joined->upstream = flight.links->upstream;
  return joined;
}

std::shared_ptr<const Answer> Forwarder::LinksOf(const Flight& flight) const {
  if (flight.child == nullptr) return flight.links;
  const std::shared_ptr<const Answer> rest = LinksOf(*flight.child);
  std::shared_ptr<const Answer> joined = rest ? JoinChain(flight, *rest) : nullptr;
  return joined ? joined : flight.links;
}

void Forwarder::AddLinks(const Flight& flight, Answer& failure) const {
  std::shared_ptr<const Answer> links = LinksOf(flight);
  if (links && links->bytes() <= kMaxLinkBytes) failure.failed_chain = std::move(links);
}

void Forwarder::Answered(Flight& flight, const std::shared_ptr<Answer>& answer) {
  Store(answer);
  failures_.Forget(flight.question);
  const uint64_t keep = answer->cacheable ? answer->expires_ms : 0;
  Settle(flight, {.question = flight.question, .answer = answer, .age = Age::kFresh, .keep_until_ms = keep});
}

void Forwarder::Fail(Flight& flight, const Trouble& trouble, uint64_t least_keep_ms) {
  const uint64_t now_ms = deadlines_.now_ms();
  const uint64_t keep_ms = std::max(failures_.NextKeep(flight.question, now_ms), least_keep_ms);
  auto failure = MakeFailure(flight.question, trouble.ede, trouble.text, now_ms, keep_ms, trouble.truncated);
  AddLinks(flight, *failure);
  failures_.Put(failure, now_ms, keep_ms);
  std::shared_ptr<const Answer> stale = StaleOf(flight);
  Settle(flight, stale ? Stale(flight.question, std::move(stale)) : Failed(std::move(failure)));
}

// What the upstreams say is known, and is of no use: no stale answer stands in for it.
void Forwarder::FailLoop(Flight& flight, uint64_t keep_ms) {
  const uint64_t now_ms = deadlines_.now_ms();
  auto failure = MakeFailure(flight.question, wire::Ede::kInvalidData, "CNAME chain without an end", now_ms, keep_ms);
  AddLinks(flight, *failure);
  failures_.PutFinal(failure, now_ms, keep_ms);
  Settle(flight, Failed(std::move(failure)));
}

// Clients get what there is; the question goes on for those who come later.
void Forwarder::OnStaleTimer(Flight& flight) {
  std::shared_ptr<const Answer> stale = StaleOf(flight);
  if (!stale) return;
  flight.slow = true;
  failures_.PutSlow(flight.question, deadlines_.now_ms());
  Deliver(std::exchange(flight.workers, {}), Stale(flight.question, std::move(stale)));
}

void Forwarder::OnTimeUp(Flight& flight) {
  Trouble trouble;
  if (flight.inquiry) trouble = flight.inquiry->trouble();
  Fail(flight, trouble);
}

void Forwarder::Settle(Flight& flight, const Settled& settled) {
  const std::vector<size_t> workers = std::move(flight.workers);
  const std::vector<Flight*> parents = std::move(flight.parents);
  if (flight.child != nullptr) std::erase(flight.child->parents, &flight);
  for (Flight* parent : parents) parent->child = nullptr;
  const auto place = by_key_.find(Key(flight.question, flight.route));
  flights_.erase(place->second);
  by_key_.erase(place);
  PublishSizes();
  Deliver(workers, settled);
  for (Flight* parent : parents) OnChild(*parent, settled);
}

void Forwarder::Deliver(const std::vector<size_t>& workers, const Settled& settled) {
  if (settled.age == Age::kStale) counters_.stale_answers.Add(workers.size());
  if (settled.answer->failure) counters_.failures.Add(workers.size());
  for (const size_t worker : workers) deliver_(worker, settled);
}

}  // namespace signpost::resolver
