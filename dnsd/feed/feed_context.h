// Signpost. Apache-2.0; see LICENSE.
// What the parts of the feed share. Made by ConsulFeed once the own datacenter is known; lives as long as they do.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "common/consul/node_table.h"
#include "common/net/loop.h"
#include "dnsd/catalog/catalog.h"
#include "dnsd/feed/acl_guard.h"
#include "dnsd/feed/fetcher.h"
#include "dnsd/feed/key_watches.h"

namespace signpost::feed {

// What raises it, when a list of services is to be confirmed.
enum class Doubt : unsigned char {
  kNew,  // only a list that is asked for from now on settles it
  kOld,  // a request under way will do
};

struct FeedContext {
  net::Loop& loop;
  catalog::Sink& sink;
  std::string datacenter;  // own, lower case
  consul::NodeTable nodes = consul::NodeTable();
  std::map<std::string, AclGuard> guards = {};  // by datacenter
  // Consul may be replaying its log after a restart: what it does not show may still come. Until a service list shows
  // all that is known, or a consistent read confirms what it lacks, absence is not believed.
  bool distrust = true;
  bool reachable = false;   // the agent answered the last probe
  uint64_t suspicious = 0;  // times that emptiness was not believed at once
  uint64_t changes = 0;     // objects published

  // Set right after construction.
  Fetcher* fetcher = nullptr;
  KeyWatches* watches = nullptr;
  // Asks for the service list of a datacenter afresh, to judge by it whether an empty reply can be believed.
  std::function<void(const std::string& datacenter, Doubt)> confirm = {};
  // A body could not be read; counts it.
  std::function<void(const catalog::Key&, const Status&)> bad_body = {};

  void NoteContact(bool now_reachable) {
    reachable = now_reachable;
    distrust = distrust || !reachable;
  }
  AclGuard& own_guard() { return guards[datacenter]; }
  bool tripped(const std::string& of) const {
    const auto guard = guards.find(of);
    return guard != guards.end() && guard->second.tripped();
  }
  bool own(const catalog::Key& key) const { return key.datacenter == datacenter; }
};

}  // namespace signpost::feed
