// Signpost. Apache-2.0; see LICENSE.
// Services and nodes made ready for answering: addresses parsed, equal ones merged, weights summed, tags
// indexed. Built on the control thread, immutable, shared by all loops.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "dnsd/catalog/catalog.h"
#include "dnsd/service_zone/address_choice.h"
#include "dnsd/service_zone/draw.h"
#include "dnsd/service_zone/settings.h"
#include "dnsd/service_zone/weighted_items.h"

namespace signpost::service_zone {

struct PreparedNode {
  std::shared_ptr<const consul::Node> node;
  std::string owner;  // wire form of <node>.node.<dc>.<domain>; empty when a label is too long for DNS
  std::string host;   // wire form of a host name that stands for the address, or empty
  AddressChoice addresses;
  std::vector<std::string> txt;  // RDATA of one TXT record per meta pair
};

// An instance as SRV record: where it points and what its additional records are.
struct Endpoint {
  enum class Target : unsigned char { kNode, kAddress4, kAddress6, kHost };

  const PreparedNode* node = nullptr;  // kept alive by PreparedService::nodes
  uint32_t instance = 0;               // index into PreparedService::source->instances
  uint32_t same_target = 0;            // first endpoint with the same target: additional records are its
  uint32_t node_index = 0;             // index into PreparedService::nodes
  int32_t v6 = -1;                     // index into PreparedService::v6, or -1
  int32_t host = -1;                   // index into PreparedService::hosts, or -1
  Ipv4 v4{};
  bool has_v4 = false;
  Target target = Target::kNode;
  uint16_t port = 0;
  uint16_t weight = 0;
};

// What one name (a service, or a service with a tag) answers with.
struct AnswerSet {
  WeightedItems<Ipv4> a;          // distinct addresses, weights added; weight 0 only when all are 0
  WeightedItems<Ipv6> aaaa;       // likewise
  WeightedItems<uint32_t> srv;    // indexes into endpoints; one per target and port
  WeightedItems<uint32_t> alias;  // endpoints whose address is a host name
  WeightedItems<uint32_t>
      all;  // every endpoint, unweighted: for TXT. Empty in PreparedService::untagged, where it is known
};

// How DNS-SD shows a service; see browse.h.
struct Browse {
  struct Row {
    uint32_t endpoint = 0;   // index into PreparedService::endpoints
    bool with_node = false;  // its id alone is not unique
  };
  bool shown = false;
  bool udp = false;       // _<service>._udp, else _tcp
  std::vector<Row> rows;  // usable instances sorted by label in lower case; no two labels are alike
};

struct PreparedService {
  // What most questions need stands first, in few cache lines.
  uint32_t ttl = 0;           // seconds
  uint32_t answer_limit = 0;  // 0 = none
  bool keep_order = false;    // the source's order counts, nothing is drawn
  AnswerSet untagged;
  std::vector<Endpoint> endpoints;  // usable instances
  std::string datacenter;           // the one that names in the answer carry
  std::shared_ptr<const catalog::Service> source;
  std::vector<std::shared_ptr<const PreparedNode>> nodes;
  std::vector<AnswerSet> tagged;
  // Lower-case tag and its place in `tagged`, or kUntagged where every usable instance carries it; sorted by tag.
  std::vector<std::pair<std::string, uint32_t>> tags;
  std::vector<Ipv6> v6;
  std::vector<std::string> hosts;  // wire form of host names that stand for addresses
  Browse browse;                   // own datacenter only

  static constexpr uint32_t kUntagged = ~0U;

  // How much a Drawer must Reserve.
  size_t largest_set() const { return endpoints.size(); }
  // Null when no instance, healthy or not, carries the tag ("" is always known).
  const AnswerSet* FindTag(std::string_view tag) const;
  // A known tag ends in "." + `tag`: the name with `tag` is an empty non-terminal.
  bool HasTagBelow(std::string_view tag) const;
  const consul::ServiceInstance& instance(const Endpoint& endpoint) const {
    return source->instances[endpoint.instance];
  }
};

// False when DNS cannot write the name that an SRV record of `endpoint` would point at.
bool HasTargetName(const PreparedService& service, const Endpoint& endpoint);

// Prepares nodes and services; equal nodes share one PreparedNode. Control thread only.
class Preparer {
 public:
  explicit Preparer(std::shared_ptr<const Settings> settings) : settings_(std::move(settings)) {}

  std::shared_ptr<const PreparedNode> Prepare(const std::shared_ptr<const consul::Node>& node, bool translated);
  std::shared_ptr<const PreparedService> Prepare(const std::shared_ptr<const catalog::Service>& service);

 private:
  void AddEndpoints(PreparedService& out);
  AddressChoice ChooseOwn(const consul::ServiceInstance& instance, const catalog::Service& service) const;
  void Sweep();

  std::shared_ptr<const Settings> settings_;
  // By identity of the catalog's node and whether it was translated. The weak entries of nodes that are gone are swept.
  std::unordered_map<const consul::Node*, std::weak_ptr<const PreparedNode>> nodes_[2];
  size_t sweep_at_ = 1024;
};

}  // namespace signpost::service_zone
