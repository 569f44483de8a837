// Signpost. Apache-2.0; see LICENSE.
#include "lb/service_view.h"

#include <map>

namespace signpost::lb {
namespace {

std::string_view ServiceStateName(ServiceState state) {
  switch (state) {
    case ServiceState::kKnown:
      return "known";
    case ServiceState::kHeld:
      return "held";
    case ServiceState::kEmpty:
      return "empty";
    case ServiceState::kDeclaredAbsent:
      return "declared_absent";
  }
  return "";
}

std::string_view KindName(ListenerKind kind) {
  switch (kind) {
    case ListenerKind::kHttp:
      return "http";
    case ListenerKind::kTcp:
      return "tcp";
    case ListenerKind::kSni:
      return "sni";
  }
  return "";
}

std::multimap<std::string_view, const Endpoint*> Removed(const EndpointBook& book) {
  std::multimap<std::string_view, const Endpoint*> removed;
  book.ForEach([&](const std::string& service, const Endpoint& endpoint) {
    if (endpoint.removed() > Millis(0)) removed.emplace(service, &endpoint);
  });
  return removed;
}

EndpointRow RowOf(const Pool& pool, const PoolMember& member, Millis now) {
  const std::string_view version =
      member.version < pool.versions.size() ? std::string_view(pool.versions[member.version]) : std::string_view();
  return {.endpoint = member.endpoint.get(),
          .id = member.id,
          .version = version,
          .tier = member.tier,
          .weight = member.weight,
          .verdict = Judge(*member.endpoint, *pool.settings, pool.members.size(), now)};
}

}  // namespace

std::vector<ServiceRow> ServiceRows(const OperationsView& view) {
  std::vector<ServiceRow> rows;
  if (!view.routes) return rows;
  const auto removed = Removed(*view.endpoints);
  for (const auto& pool : view.routes->pools) {
    if (!pool) continue;
    ServiceRow& row = rows.emplace_back();
    row.pool = pool.get();
    const DiscoveredService* known = view.find(pool->service);
    row.state = known == nullptr ? "unknown" : ServiceStateName(known->state);
    if (known != nullptr) row.reason = known->reason;
    for (const PoolMember& member : pool->members) row.endpoints.push_back(RowOf(*pool, member, view.now));
    const auto [first, last] = removed.equal_range(pool->service);
    for (auto at = first; at != last; ++at) {
      row.endpoints.push_back(
          {.endpoint = at->second, .verdict = Judge(*at->second, *pool->settings, pool->members.size(), view.now)});
    }
  }
  return rows;
}

std::vector<ListenerRow> ListenerRows(const OperationsView& view) {
  std::vector<ListenerRow> rows;
  if (!view.routes) return rows;
  std::map<std::string, const ListenerSet::ListenerStatus*> by_address;
  for (const auto& status : view.listeners) by_address.emplace(status.address.ToString(), &status);
  for (const ListenerPlan& plan : view.routes->listeners) {
    ListenerRow& row = rows.emplace_back();
    row.address = plan.address.ToString();
    row.kind = KindName(plan.kind);
    row.service = plan.service;
    const auto status = by_address.find(row.address);
    row.state = status == by_address.end() ? "waiting" : ListenerStateName(status->second->state);
    if (status != by_address.end()) row.reason = status->second->reason;
    if (plan.lingering && row.state == "bound") {
      row.state = "lingering";
      row.reason = "its service is gone";
    }
  }
  return rows;
}

std::string_view SourceKindName(SourceKind kind) {
  switch (kind) {
    case SourceKind::kStatic:
      return "static";
    case SourceKind::kConsul:
      return "consul";
    case SourceKind::kDns:
      return "dns";
  }
  return "";
}

}  // namespace signpost::lb
