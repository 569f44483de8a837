// Signpost. Apache-2.0; see LICENSE.
#include "lb/session/session_context.h"

#include <utility>

#include "lb/session/exchange_pool.h"

namespace signpost::lb {

Session::~Session() {
  if (list_ != nullptr) list_->Remove(*this);
}

void SessionList::Add(Session& session) {
  session.list_ = this;
  session.previous_ = nullptr;
  session.next_ = first_;
  if (first_ != nullptr) first_->previous_ = &session;
  first_ = &session;
  ++size_;
}

void SessionList::Remove(Session& session) {
  (session.previous_ != nullptr ? session.previous_->next_ : first_) = session.next_;
  if (session.next_ != nullptr) session.next_->previous_ = session.previous_;
  session.list_ = nullptr;
  --size_;
}

SessionContext::SessionContext(net::Reactor& reactor_in, uint64_t seed)
    : reactor(reactor_in),
      rules(std::make_shared<const SessionRules>()),
      idle(reactor_in),
      random(seed),
      exchanges(std::make_unique<ExchangePool>(*this)) {}

SessionContext::~SessionContext() {
  sessions.ForEach([](Session& session) { session.Kill(Termination::kShutdown); });
}

SessionContext::Slot& SessionContext::SlotOf(uint32_t slot) {
  if (slot >= slots_.size()) slots_.resize(slot + 1);
  return slots_[slot];
}

Balancer* SessionContext::BalancerOf(uint32_t slot) {
  if (!routes || slot >= routes->pools.size() || !routes->pools[slot]) return nullptr;
  const std::shared_ptr<const Pool>& pool = routes->pools[slot];
  Slot& place = SlotOf(slot);
  if (place.state != pool->state) {
    place.balancer = std::make_unique<Balancer>(random.Next());
    place.budget.reset();
    if (place.queue && place.queue->size() == 0) place.queue.reset();
    place.state = pool->state;
  }
  if (place.balancer->pool() != pool) place.balancer->Update(pool);
  return place.balancer.get();
}

WaitQueue& SessionContext::QueueOf(uint32_t slot, const std::shared_ptr<PoolState>& state) {
  Slot& place = SlotOf(slot);
  if (!place.queue) place.queue = std::make_unique<WaitQueue>(reactor, state);
  return *place.queue;
}

std::span<const int> SessionContext::WaitingLines(uint32_t slot) const {
  if (slot >= slots_.size() || !slots_[slot].queue) return {};
  return slots_[slot].queue->lines();
}

void SessionContext::SlotFreed(uint32_t slot) {
  if (Waiting(slot)) slots_[slot].queue->SlotFreed();
}

RetryBudget& SessionContext::BudgetOf(uint32_t slot) {
  Slot& place = SlotOf(slot);
  if (!place.budget) place.budget = std::make_unique<RetryBudget>();
  return *place.budget;
}

void SessionContext::Publish(std::shared_ptr<const Routes> new_routes, bool endpoints_removed) {
  routes = std::move(new_routes);
  if (!endpoints_removed) return;
  idle.DropRemoved();
  sessions.ForEach([](Session& session) { session.OnEndpointsRemoved(); });
}

}  // namespace signpost::lb
