// Signpost. Apache-2.0; see LICENSE.
// One worker's context with one TCP listener before services of real sockets, all on loopback.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "lb/session/tcp_session.h"
#include "tests/support/run_loop.h"
#include "tests/support/tcp_peer.h"

namespace signpost::lb {

using test::RunTurns;
using test::RunUntil;
using test::TcpHost;
using test::TcpPeer;

class TcpSessionTest : public testing::Test, public AccessSink {
 protected:
  struct Member {
    const TcpHost* host;
    uint16_t priority = 0;  // tried in this order
    std::string version = "default";
  };
  struct Ended {
    Termination termination;
    std::string client, service, endpoint, version;
    uint64_t received, sent;
    uint32_t attempts;
    bool connected;
  };

  TcpSessionTest() {
    auto rules = std::make_shared<SessionRules>();
    rules->access_log = true;
    rules->proxy_timeout = rules->sni_timeout = Millis(60);
    context_.rules = rules;
    context_.access = this;
    plan_.address = front_.address();
    plan_.kind = ListenerKind::kTcp;
    plan_.service = "redis-6379";
  }

  void Record(const AccessRecord& record) override {
    EXPECT_TRUE(record.tcp);
    records_.push_back({record.termination, record.client.ToString(), std::string(record.service),
                        std::string(record.endpoint), std::string(record.version), record.bytes_received,
                        record.bytes_sent, record.attempts, record.connect >= Nanos(0)});
  }

  // The service of `slot` has these members from now on.
  void Serve(const std::vector<Member>& members, uint32_t slot = 0) {
    std::vector<Instance> instances;
    for (const Member& member : members) {
      Instance one;
      one.address = member.host->address();
      one.priority = member.priority;
      one.version = member.version;
      instances.push_back(one);
    }
    auto& state = states_[slot];
    if (!state) state = std::make_shared<PoolState>();
    const std::string name = slot == 0 ? "redis-6379" : "service-" + std::to_string(slot);
    pools_.resize(std::max<size_t>(pools_.size(), slot + 1));
    pools_[slot] = std::make_shared<Pool>(
        MakePool(name, slot, std::make_shared<ServiceSettings>(settings_), instances, book_, state, Millis(1)));
    Publish(false);
  }
  void Publish(bool endpoints_removed) {
    auto routes = std::make_shared<Routes>();
    routes->http = std::make_shared<HttpRouteTable>();
    routes->listeners = {plan_};
    routes->pools = pools_;
    context_.Publish(routes, endpoints_removed);
  }
  Endpoint& endpoint(size_t member, uint32_t slot = 0) { return *pools_[slot]->members[member].endpoint; }

  // A client connects to the listener; its session begins.
  TcpPeer Connect() {
    TcpPeer client = TcpPeer::Connect(front_.address());
    Start();
    return client;
  }
  void Start() {
    auto fd = front_.AcceptFd();
    ASSERT_TRUE(fd.has_value());
    StartTcpSession(context_, std::move(*fd), net::SocketAddress::Parse("192.0.2.9:4321", 0).value(), plan_);
  }
  testing::AssertionResult Accepts(TcpHost& host) {
    return RunUntil(loop_, [&] { return host.Accept(); });
  }
  testing::AssertionResult Ends(Termination termination) {
    const testing::AssertionResult ended = RunUntil(loop_, [&] { return !records_.empty(); });
    if (!ended) return ended;
    if (records_.back().termination == termination) return testing::AssertionSuccess();
    return testing::AssertionFailure() << "ended by " << TerminationName(records_.back().termination);
  }
  testing::AssertionResult IsReset(TcpPeer& peer) {
    return RunUntil(loop_, [&] { return peer.end() == "reset"; });
  }
  testing::AssertionResult IsClosed(TcpPeer& peer) {
    return RunUntil(loop_, [&] { return !peer.end().empty(); });
  }
  testing::AssertionResult Gets(TcpPeer& peer, const std::string& text) {
    const testing::AssertionResult got = RunUntil(loop_, [&] { return peer.got().size() >= text.size(); });
    if (got && peer.got() == text) return got;
    return testing::AssertionFailure() << "got '" << peer.got() << "'";
  }

  net::Loop loop_;
  net::Reactor reactor_{loop_};
  TcpHost front_;
  TcpHost one_;
  TcpHost two_;
  TcpHost hole_{0};
  ServiceSettings settings_;
  EndpointBook book_;
  std::map<uint32_t, std::shared_ptr<PoolState>> states_;
  std::vector<std::shared_ptr<const Pool>> pools_;
  ListenerPlan plan_;
  std::vector<Ended> records_;
  SessionContext context_{reactor_, 7};
};

}  // namespace signpost::lb
