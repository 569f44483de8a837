// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/query/forwarded.h"

#include <algorithm>
#include <utility>

namespace signpost::query {
namespace {

// Who asked once does not ask again; short-lived answers would be fetched all the time (F74).
constexpr uint32_t kRefreshHits = 2;
constexpr uint64_t kRefreshLifetimeMs = 10000;
constexpr uint64_t kRefreshTenths = 1;

// No parked question is older.
constexpr uint64_t kHoldMs = 4000;

bool EndsSoon(const resolver::AnswerCache::Entry& entry, uint64_t now_ms) {
  const resolver::Answer& answer = *entry.answer;
  const uint64_t lifetime = answer.expires_ms - answer.received_ms;
  return lifetime >= kRefreshLifetimeMs && answer.expires_ms - now_ms <= lifetime * kRefreshTenths / 10;
}

// `name` is `tree` or lies below it; both in wire form.
bool LiesIn(std::string_view name, std::string_view tree) {
  if (!name.ends_with(tree)) return false;
  size_t at = 0;
  while (at < name.size() - tree.size()) at += size_t{1} + static_cast<uint8_t>(name[at]);
  return at == name.size() - tree.size();
}

bool IsAbout(const resolver::Settled& settled, const resolver::QuestionView& question) {
  const resolver::Question& own = settled.question;
  return own.type == question.type && own.variant == question.variant && own.name == question.name;
}

}  // namespace

std::optional<Forwarded::Hit> Forwarded::Find(const resolver::QuestionView& question, uint64_t now_ms,
                                              std::optional<uint64_t> since_ms) {
  if (arrived_ != nullptr && IsAbout(*arrived_, question)) {
    arrived_helps_ = true;
    return Hit{*arrived_->answer, arrived_->age};
  }
  resolver::AnswerCache::Entry* entry = cache_.Find(question);
  if (entry == nullptr || entry->until_ms <= now_ms) {
    const Held* held = since_ms ? FindHeld(question, *since_ms) : nullptr;
    if (held == nullptr) return std::nullopt;
    return Hit{*held->settled.answer, held->settled.age};
  }
  Hit hit{*entry->answer, entry->age};
  if (entry->age == resolver::Age::kFresh && !entry->refresh_asked && entry->hits >= kRefreshHits &&
      !entry->answer->failure && EndsSoon(*entry, now_ms)) {
    entry->refresh_asked = true;
    hit.wants_refresh = true;
  }
  return hit;
}

const Forwarded::Held* Forwarded::FindHeld(const resolver::QuestionView& question, uint64_t since_ms) const {
  const auto held = std::ranges::find_if(
      held_, [&](const Held& each) { return each.arrived_ms >= since_ms && IsAbout(each.settled, question); });
  return held != held_.end() ? &*held : nullptr;
}

void Forwarded::Arrive(const resolver::Settled& settled) {
  arrived_ = &settled;
  arrived_helps_ = false;
  const bool keep = settled.keep_until_ms != 0 && IsCurrent(*settled.answer);
  if (keep) cache_.Put(settled.answer, settled.age, settled.keep_until_ms);
}

void Forwarded::HoldArrived(uint64_t now_ms) {
  if (arrived_ != nullptr && arrived_helps_) hold_ms_ = now_ms;
}

void Forwarded::Leave() {
  const resolver::Settled* left = std::exchange(arrived_, nullptr);
  const auto now_ms = std::exchange(hold_ms_, std::nullopt);
  if (left == nullptr || !now_ms) return;
  std::erase_if(held_, [&](const Held& each) {
    return each.arrived_ms + kHoldMs <= *now_ms || IsAbout(each.settled, View(left->question));
  });
  if (held_.size() >= kMaxHeld) held_.erase(held_.begin());
  held_.push_back({*left, *now_ms});
}

// Failures have no route; they count for seconds.
bool Forwarded::IsCurrent(const resolver::Answer& answer) const {
  if (routes_ == nullptr) return false;
  const std::string& text = answer.question.name;
  wire::Name name;
  name.Read({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  const resolver::Route* route = routes_->Find(name);
  return route != nullptr && (answer.failure || route->id == answer.route);
}

void Forwarded::SetRoutes(std::shared_ptr<const resolver::Routes> routes) {
  if (routes == routes_) return;
  routes_ = std::move(routes);
  held_.clear();
  cache_.RemoveIf(
      [this](const resolver::AnswerCache::Entry& entry) { return entry.answer->failure || !IsCurrent(*entry.answer); });
}

void Forwarded::Flush(std::string_view name, bool tree) {
  held_.clear();
  cache_.RemoveIf([&](const resolver::AnswerCache::Entry& entry) {
    const std::string& cached = entry.answer->question.name;
    return tree ? LiesIn(cached, name) : cached == name;
  });
}

}  // namespace signpost::query
