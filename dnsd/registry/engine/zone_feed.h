// Signpost. Apache-2.0; see LICENSE.
// Tells the DNS zone what the state holds: everything once, then what was touched. Control thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "dnsd/catalog/catalog.h"
#include "dnsd/registry/model/state.h"

namespace signpost::registry {

// The instances of `rows` as questions about them are answered, health included, in the order of `rows`. Left out:
// instances whose port does not fit a port.
std::shared_ptr<const catalog::Service> ToCatalogService(const State& state, const catalog::Key& key,
                                                         const RowList<ServiceRow>& rows);

class ZoneFeed {
 public:
  // `datacenter` in lower case; `state` outlives the feed.
  ZoneFeed(const State& state, std::string datacenter, std::string own_node);

  // Tells `sink`, which outlives the feed, everything. Before this the other calls do nothing.
  void Start(catalog::Sink& sink);
  // Everything once more.
  void TellAll();
  // Services and nodes are told unasked. The proxies of a service and prepared queries are told once wanted, and from
  // then on when they change; at most 10,000 of them.
  void Want(const catalog::Key& key);
  void Publish(const std::set<Topic>& touched);
  // When questions are answered from what was published; at once before Start.
  void Settle(std::function<void()> done);

 private:
  catalog::Key KeyOf(catalog::Kind kind, const std::string& name) const;
  void TellService(const std::string& name);
  void TellNode(const std::string& name);
  void TellWanted(const catalog::Key& key);
  void TellQuery(const catalog::Key& key);
  // Notes which service the query under `key` asks for; "" = none.
  void NoteQueried(const catalog::Key& key, const std::string& service);

  const State& state_;
  const std::string datacenter_;
  const std::string own_node_;
  catalog::Sink* sink_ = nullptr;
  std::map<std::string, RowPtr<NodeRow>> nodes_;  // as last told
  std::set<catalog::Key> wanted_;
  std::map<catalog::Key, std::string> queried_;                  // query -> name of its service in lower case
  std::map<std::string, std::set<catalog::Key>> queries_about_;  // the other way round
};

}  // namespace signpost::registry
