// Signpost. Apache-2.0; see LICENSE.
// A Consul agent inside the test's own process and loop: the read endpoints a catalog needs, with real blocking
// queries, over a world that the test changes at will. Every change wakes whom it concerns at once.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/http/server.h"
#include "common/net/loop.h"
#include "common/net/timer.h"

namespace signpost::test {

struct FakeInstance {
  std::string id = {};
  std::string service = {};
  std::string node = "srv1";
  std::string address = {};
  int port = 80;
  std::string status = "passing";  // of its one check
  std::vector<std::string> tags = {};
  int weight = 1;
  bool connect = false;  // found under /v1/health/connect/SERVICE too
  int warning_weight = 1;
  std::map<std::string, std::string> meta = {};
  uint64_t created = 0;   // set by the first Put of its id
  uint64_t modified = 0;  // set by every Put
};

struct FakeQuery {
  std::string service = {};
  std::string ttl = {};
  std::string near = {};
};

class FakeConsul {
 public:
  // Listens on a free port. The world holds the datacenter "dc1" with the node "srv1" and the service "consul".
  explicit FakeConsul(net::Loop& loop);
  ~FakeConsul();

  std::string url() const;

  // Adds or replaces by id. Nodes come into being as needed.
  void Put(const FakeInstance& instance, const std::string& datacenter = "dc1");
  void Remove(const std::string& id, const std::string& datacenter = "dc1");
  void PutNode(const std::string& name, const std::string& address, const std::string& datacenter = "dc1");
  void PutQuery(const std::string& name, const FakeQuery& query) { queries_[name] = query; }

  // From now on every list is empty, as for a token without rights; or as it is again. Blocked queries wake.
  void LoseRights(bool lost);
  // Replies that status to paths with that prefix, blocked ones included; 200 heals.
  void FailWith(const std::string& prefix, int status);
  void LoseLeader(bool lost) { known_leader_ = !lost; }
  // Instance lists are empty and say by a header that the token may not see all; wakes blocked queries.
  void Filter(bool filtered);
  // Replies say that the server has heard from its leader that long ago.
  void SetLastContact(Millis ago) { last_contact_ = ago; }
  // A key of the KV store; "" removes it.
  void PutKey(const std::string& key, const std::string& value);
  // Consistent reads of the service list take that long, as those of a long list do. Others are not delayed.
  void DelayConsistent(Millis delay) { consistent_delay_ = delay; }
  // The state after a restart while the log is being replayed: lists hold `consul` on `srv1` only, consistent reads
  // fail. False: the whole log is in.
  void Replay(bool replaying);
  // Closes all connections and listens no more; then again, on the same port.
  void Stop();
  void Start();
  // Only `consul` is left and the index starts low.
  void Reset();
  // Called with every request's path and query before it is answered.
  void OnRequest(std::function<void(const std::string& path, const std::string& query)> hook) {
    hook_ = std::move(hook);
  }

  // Requests so far whose path starts with `prefix`; consistent reads count as "PATH?consistent".
  int requests(const std::string& prefix) const;
  size_t max_connections() const { return max_connections_; }
  size_t blocked() const { return blocked_.size(); }

 private:
  struct World {
    std::map<std::string, std::string> nodes;       // name to address
    std::map<std::string, FakeInstance> instances;  // by id
    std::map<std::string, uint64_t> changed;        // topic to the index of its last change
  };
  struct Blocked;

  void Handle(http::ServerRequest request, std::unique_ptr<http::Responder> responder);
  // Answers when the index grows beyond `index` or after `wait`.
  void Hold(http::ServerRequest request, std::unique_ptr<http::Responder> responder, uint64_t index, Millis wait);
  void Answer(const http::ServerRequest& request, http::Responder& responder);
  std::string Body(const std::string& path, const World& world, int& status) const;
  std::string Datacenters() const;
  std::string ServiceNames(const World& world) const;
  std::string NodeNames(const World& world) const;
  std::string OneNode(const World& world, const std::string& name) const;
  std::string BadChecks(const World& world) const;
  std::string Query(const World& world, const std::string& path, int& status) const;
  std::string Keys(const std::string& prefix, int& status) const;
  std::string HealthList(const World& world, const std::string& name, bool connect) const;
  bool Visible(const FakeInstance& instance) const;
  World* Find(const http::ServerRequest& request);
  uint64_t IndexOf(const World& world, const std::string& path) const;
  void Touch(World& world, const std::vector<std::string>& topics);
  void Wake(bool all);

  net::Loop& loop_;
  net::SocketAddress address_;
  std::map<std::string, World> worlds_;  // by datacenter
  std::map<std::string, FakeQuery> queries_;
  std::map<std::string, std::string> keys_;
  uint64_t keys_changed_ = 1;
  std::map<std::string, int> failing_;
  std::map<std::string, int> requests_;
  std::function<void(const std::string&, const std::string&)> hook_;
  uint64_t index_ = 100;
  bool rights_ = true;
  bool known_leader_ = true;
  bool replaying_ = false;
  bool filtered_ = false;
  Millis last_contact_{0};
  Millis consistent_delay_{0};
  size_t max_connections_ = 0;
  std::list<std::unique_ptr<Blocked>> blocked_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace signpost::test
