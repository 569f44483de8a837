// Signpost. Apache-2.0; see LICENSE.
// A Consul agent inside the test's own process and loop, for those who write to it: registrations, checks and
// maintenance, blocking reads of a service and of the node, and every fault on request.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/http/server.h"
#include "common/net/loop.h"
#include "common/net/timer.h"
#include "tests/support/consul/fake_agent_state.h"

namespace signpost::test {

class FakeAgent {
 public:
  // Listens on a free port, as node "n1" with an ID of its own, and has nothing.
  explicit FakeAgent(net::Loop& loop);
  ~FakeAgent();

  std::string url() const;

  // What stands there. Changes made here are somebody else's; call Changed afterwards.
  FakeAgentState& state() { return state_; }
  void Changed();
  // Registers {"ID","Name":"web","Port":80,"Meta":{"registrar-owner":owner}} as somebody else would.
  void Put(const std::string& id, const std::string& owner, int port = 80);
  void Remove(const std::string& id);

  // All connections break, and none is taken until Start.
  void Stop();
  void Start();
  // Stop, then Start: as after kill -9 with a data directory, or without one: another node ID and nothing left.
  void Restart(bool keep_data);

  // Requests whose path starts with `prefix` get that reply; status 200 heals. The longest prefix counts.
  void FailWith(const std::string& prefix, int status, const std::string& text = "told to fail");
  // Reads of paths with that prefix get this body with status 200, until FailWith(prefix, 200).
  void Pretend(const std::string& prefix, const std::string& body) { told_[prefix] = {200, body}; }
  // As for a token without rights: lists are empty, direct reads and self get 403. False: it has them again.
  void LoseRights(bool lost);
  // Only self gets 403.
  void HideSelf(bool hidden) { self_hidden_ = hidden; }
  // Replies to paths of that prefix take that long; zero heals.
  void Delay(const std::string& prefix, Millis delay);

  struct Write {
    std::string path;  // decoded
    std::string query;
    std::string body;
    int status = 0;
  };
  const std::vector<Write>& writes() const { return writes_; }
  void ForgetWrites() { writes_.clear(); }
  int requests(const std::string& prefix) const;
  size_t blocked() const { return blocked_.size(); }  // reads that wait for a change

 private:
  struct Waiting;

  void Handle(http::ServerRequest request, std::unique_ptr<http::Responder> responder);
  void Reply(const http::ServerRequest& request, http::Responder& responder);
  void Hold(std::list<std::unique_ptr<Waiting>>& list, http::ServerRequest request,
            std::unique_ptr<http::Responder> responder, Millis limit);
  bool Blocks(const http::ServerRequest& request) const;
  http::ServerResponse Answer(const http::ServerRequest& request);
  FakeReply Apply(const http::ServerRequest& request);
  FakeReply Read(const http::ServerRequest& request) const;
  std::string NodeJson() const;

  net::Loop& loop_;
  net::SocketAddress address_;
  FakeAgentState state_;
  int life_ = 1;  // part of the node ID
  bool rights_ = true;
  bool self_hidden_ = false;
  std::map<std::string, FakeReply> told_;  // by prefix
  std::map<std::string, Millis> delays_;   // by prefix
  std::map<std::string, int> requests_;    // by path
  std::vector<Write> writes_;
  std::list<std::unique_ptr<Waiting>> blocked_;
  std::list<std::unique_ptr<Waiting>> delayed_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace signpost::test
