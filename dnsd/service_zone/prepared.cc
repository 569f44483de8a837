// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/service_zone/prepared.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <numeric>
#include <set>

#include "dnsd/service_zone/browse.h"
#include "dnsd/service_zone/txt.h"
#include "dnsd/wire/name.h"

namespace signpost::service_zone {
namespace {

// Adds up weights of equal items and keeps the order of first appearance.
template <typename Item>
class Merger {
 public:
  void Add(const Item& item, uint32_t weight) {
    const auto [place, fresh] = places_.try_emplace(item, merged_.size());
    if (fresh) merged_.emplace_back(item, 0);
    merged_[place->second].second += weight;
  }

  // Items of weight 0 are left out, unless all weigh 0: then all count the same.
  WeightedItems<Item> Finish() {
    const bool all_zero = std::ranges::all_of(merged_, [](const auto& m) { return m.second == 0; });
    std::vector<Item> items;
    std::vector<uint32_t> weights;
    for (const auto& [item, weight] : merged_) {
      if (weight == 0 && !all_zero) continue;
      items.push_back(item);
      weights.push_back(all_zero ? 1 : weight);
    }
    return {items, weights};
  }

 private:
  std::map<Item, size_t> places_;
  std::vector<std::pair<Item, uint32_t>> merged_;
};

bool IsUsable(const consul::ServiceInstance& instance, bool only_passing) {
  if (only_passing) return instance.health == consul::Health::kPassing;
  return instance.health < consul::Health::kCritical;
}

// What an SRV record points at, in a form that can be compared.
std::string TargetKey(const PreparedService& service, const Endpoint& e) {
  switch (e.target) {
    case Endpoint::Target::kNode:
      return "n" + e.node->owner;
    case Endpoint::Target::kAddress4:
      return "4" + std::string(reinterpret_cast<const char*>(e.v4.data()), e.v4.size());
    case Endpoint::Target::kAddress6:
      return "6" +
             std::string(reinterpret_cast<const char*>(service.v6[static_cast<size_t>(e.v6)].data()), sizeof(Ipv6));
    case Endpoint::Target::kHost:
      return "h" + wire::ToLower(service.hosts[static_cast<size_t>(e.host)]);
  }
  return {};
}

// Duplicate records must not appear in a set (RFC 2181 5); the healthiest of equal ones stands for all.
WeightedItems<uint32_t> DistinctSrv(const PreparedService& service, std::vector<uint32_t> endpoints) {
  const auto weight = [&](uint32_t i) { return service.endpoints[i].weight; };
  std::ranges::stable_sort(endpoints, std::greater<>(), weight);
  std::set<std::pair<uint32_t, uint16_t>> seen;
  std::erase_if(endpoints, [&](uint32_t i) {
    return !seen.emplace(service.endpoints[i].same_target, service.endpoints[i].port).second;
  });
  if (service.source->keep_order) std::ranges::sort(endpoints);
  std::vector<uint32_t> weights;
  std::ranges::transform(endpoints, std::back_inserter(weights), weight);
  return {endpoints, weights};
}

AnswerSet MakeSet(const PreparedService& service, const std::vector<uint32_t>& endpoints) {
  Merger<Ipv4> a;
  Merger<Ipv6> aaaa;
  Merger<uint32_t> alias;
  std::vector<uint32_t> srv;
  AnswerSet set;
  for (const uint32_t i : endpoints) {
    const Endpoint& e = service.endpoints[i];
    if (e.has_v4) a.Add(e.v4, e.weight);
    if (e.v6 >= 0) aaaa.Add(service.v6[static_cast<size_t>(e.v6)], e.weight);
    if (e.target == Endpoint::Target::kHost) alias.Add(i, e.weight);
    // A target that DNS cannot write has no SRV record; its addresses still count.
    if (HasTargetName(service, e)) srv.push_back(i);
  }
  set.a = a.Finish();
  set.aaaa = aaaa.Finish();
  set.alias = alias.Finish();
  set.srv = DistinctSrv(service, std::move(srv));
  return set;
}

void AddTagSets(PreparedService& service) {
  const auto& instances = service.source->instances;
  // For each tag: its endpoints. Tags of unusable instances are known too, with nothing behind them.
  std::map<std::string, std::vector<uint32_t>> by_tag;
  for (const consul::ServiceInstance& instance : instances) {
    for (const std::string& tag : instance.tags) by_tag[wire::ToLower(tag)];
  }
  for (uint32_t i = 0; i < service.endpoints.size(); ++i) {
    for (const std::string& tag : instances[service.endpoints[i].instance].tags) {
      auto& endpoints = by_tag[wire::ToLower(tag)];
      if (endpoints.empty() || endpoints.back() != i) endpoints.push_back(i);
    }
  }
  for (auto& [tag, endpoints] : by_tag) {
    uint32_t place = PreparedService::kUntagged;
    if (endpoints.size() != service.endpoints.size()) {
      place = static_cast<uint32_t>(service.tagged.size());
      AnswerSet& set = service.tagged.emplace_back(MakeSet(service, endpoints));
      set.all = {endpoints, std::vector<uint32_t>(endpoints.size(), 1)};
    }
    service.tags.emplace_back(tag, place);
  }
  service.tagged.shrink_to_fit();
  service.tags.shrink_to_fit();
}

// The wire form of a host name; empty when DNS cannot write it.
std::string HostName(std::string_view text) {
  std::string wire;
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || !wire::AppendLabels(text, wire) || wire.size() >= wire::kMaxName) return {};
  return wire + '\0';
}

Endpoint MakeEndpoint(PreparedService& service, uint32_t index, const AddressChoice& choice, const PreparedNode* node,
                      std::string host) {
  const consul::ServiceInstance& instance = service.source->instances[index];
  Endpoint e{.node = node, .instance = index, .port = instance.port, .weight = HealthWeight(instance)};
  if (choice.v4) {
    e.has_v4 = true;
    e.v4 = *choice.v4;
  }
  if (choice.v6) {
    e.v6 = static_cast<int32_t>(service.v6.size());
    service.v6.push_back(*choice.v6);
  }
  if (!choice.primary.host.empty()) {
    e.target = Endpoint::Target::kHost;
    e.host = static_cast<int32_t>(service.hosts.size());
    service.hosts.push_back(std::move(host));
  } else if (choice.is_node_main) {
    e.target = Endpoint::Target::kNode;
  } else {
    e.target = choice.primary.v6 ? Endpoint::Target::kAddress6 : Endpoint::Target::kAddress4;
  }
  return e;
}

}  // namespace

bool HasTargetName(const PreparedService& service, const Endpoint& e) {
  if (e.target == Endpoint::Target::kHost) return true;
  if (e.target == Endpoint::Target::kNode) return !e.node->owner.empty();
  return !service.datacenter.empty() && service.datacenter.size() <= wire::kMaxLabel;
}

const AnswerSet* PreparedService::FindTag(std::string_view tag) const {
  if (tag.empty()) return &untagged;
  const auto found = std::ranges::lower_bound(tags, tag, {}, &std::pair<std::string, uint32_t>::first);
  if (found == tags.end() || found->first != tag) return nullptr;
  return found->second == kUntagged ? &untagged : &tagged[found->second];
}

bool PreparedService::HasTagBelow(std::string_view tag) const {
  return std::ranges::any_of(tags, [&](const auto& known) {
    const std::string_view name = known.first;
    return name.size() > tag.size() && name.ends_with(tag) && name[name.size() - tag.size() - 1] == '.';
  });
}

std::shared_ptr<const PreparedNode> Preparer::Prepare(const std::shared_ptr<const consul::Node>& node,
                                                      bool translated) {
  auto& slot = nodes_[translated ? 1 : 0][node.get()];
  if (auto known = slot.lock(); known && known->node == node) return known;
  auto prepared = std::make_shared<PreparedNode>();
  prepared->node = node;
  prepared->addresses = ChooseForNode(*node, translated);
  prepared->host = HostName(prepared->addresses.host);
  std::string owner;
  if (wire::AppendLabels(node->name, owner) && wire::AppendLabels("node." + wire::ToLower(node->datacenter), owner)) {
    const auto domain = settings_->domain.wire();
    owner.append(reinterpret_cast<const char*>(domain.data()), domain.size());
    if (owner.size() <= wire::kMaxName) prepared->owner = std::move(owner);
  }
  for (const auto& [key, value] : node->meta) AppendTxt(NodeMetaText(key, value), prepared->txt.emplace_back());
  slot = prepared;
  Sweep();
  return prepared;
}

void Preparer::Sweep() {
  if (nodes_[0].size() + nodes_[1].size() < sweep_at_) return;
  for (auto& nodes : nodes_) std::erase_if(nodes, [](const auto& entry) { return entry.second.expired(); });
  sweep_at_ = std::max<size_t>(1024, 2 * (nodes_[0].size() + nodes_[1].size()));
}

// An instance whose host name is its own service name would be an alias of itself: its node's address stands in.
AddressChoice Preparer::ChooseOwn(const consul::ServiceInstance& instance, const catalog::Service& service) const {
  AddressChoice choice = ChooseForInstance(instance, service.translated);
  if (choice.primary.host.empty() || !choice.from_service || service.key.kind != catalog::Kind::kService) return choice;
  std::string host = wire::ToLower(choice.primary.host);
  if (host.ends_with('.')) host.pop_back();
  const std::string domain = settings_->domain.ToString();
  const std::string own = service.key.name + ".service.";
  if (host + "." != own + domain && host + "." != own + service.key.datacenter + "." + domain) return choice;
  consul::ServiceInstance bare = instance;
  bare.address.clear();
  AddressChoice node_choice = ChooseForInstance(bare, service.translated);
  return node_choice.primary.host.empty() ? node_choice : choice;
}

std::shared_ptr<const PreparedService> Preparer::Prepare(const std::shared_ptr<const catalog::Service>& service) {
  auto out = std::make_shared<PreparedService>();
  const bool is_query = service->key.kind == catalog::Kind::kQuery;
  const std::string ruled_name = is_query ? wire::ToLower(service->queried_service) : service->key.name;
  const uint32_t ruled_ttl = settings_->service_ttl.Find(ruled_name).value_or(0);
  out->ttl = service->own_ttl ? static_cast<uint32_t>(service->own_ttl->count()) : ruled_ttl;
  out->answer_limit = settings_->answer_limit.Find(ruled_name).value_or(0);
  out->keep_order = service->keep_order;
  out->datacenter = service->answering_datacenter.empty() ? service->key.datacenter : service->answering_datacenter;
  out->source = service;
  AddEndpoints(*out);
  std::vector<uint32_t> all(out->endpoints.size());
  std::iota(all.begin(), all.end(), 0U);
  out->untagged = MakeSet(*out, all);
  if (!is_query) AddTagSets(*out);
  const bool own = service->key.kind == catalog::Kind::kService && service->key.datacenter == settings_->datacenter;
  if (own && settings_->dns_sd) out->browse = MakeBrowse(*out, *settings_);
  return out;
}

void Preparer::AddEndpoints(PreparedService& out) {
  const catalog::Service& service = *out.source;
  // A prepared query carries its own OnlyPassing, which its server has applied already.
  const bool only_passing = settings_->only_passing && service.key.kind != catalog::Kind::kQuery;
  std::map<std::string, uint32_t> targets;
  std::map<const PreparedNode*, uint32_t> node_places;
  for (uint32_t i = 0; i < service.instances.size(); ++i) {
    const consul::ServiceInstance& instance = service.instances[i];
    if (!IsUsable(instance, only_passing)) continue;
    const AddressChoice choice = ChooseOwn(instance, service);
    std::string host = HostName(choice.primary.host);
    if (!choice.primary.v4 && !choice.primary.v6 && host.empty()) continue;  // nothing that DNS could show
    auto node = Prepare(instance.node, service.translated);
    const auto node_index = node_places.try_emplace(node.get(), static_cast<uint32_t>(out.nodes.size())).first->second;
    if (node_index == out.nodes.size()) out.nodes.push_back(std::move(node));
    const auto place = static_cast<uint32_t>(out.endpoints.size());
    Endpoint e = MakeEndpoint(out, i, choice, out.nodes[node_index].get(), std::move(host));
    e.node_index = node_index;
    e.same_target = targets.try_emplace(TargetKey(out, e), place).first->second;
    out.endpoints.push_back(e);
  }
  out.endpoints.shrink_to_fit();
  out.nodes.shrink_to_fit();
}

}  // namespace signpost::service_zone
