// Signpost. Apache-2.0; see LICENSE.
// A service with endpoints a, b, c, ... and what becomes of its requests.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lb/balance/balancer.h"

namespace signpost::lb {

struct Peer {
  char name;
  uint32_t weight = 1;
  uint16_t priority = 0;
  std::string version = "default";
};

class BalancerTest : public testing::Test {
 protected:
  void Use(const std::vector<Peer>& peers) {
    std::vector<Instance> instances;
    for (const Peer& peer : peers) {
      const std::string address = "192.0.2." + std::to_string(peer.name - 'a' + 1) + ":80";
      instances.push_back({.address = net::SocketAddress::Parse(address, 0).value(),
                           .priority = peer.priority,
                           .weight = peer.weight,
                           .id = std::string(1, peer.name),
                           .version = peer.version});
    }
    UseInstances(instances);
  }
  void UseInstances(const std::vector<Instance>& instances) {
    pool_ = std::make_shared<Pool>(MakePool("web", 0, std::make_shared<ServiceSettings>(settings_), instances, book_,
                                            std::make_shared<PoolState>(), now_));
    balancer_.Update(pool_);
  }
  // `count` equal endpoints.
  void UseMany(int count) { UseInstances(Many(count)); }
  static std::vector<Instance> Many(int count, uint32_t weight = 1) {
    std::vector<Instance> instances;
    for (int i = 0; i < count; ++i) {
      const std::string address = "198.18." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1) + ":80";
      instances.push_back(
          {.address = net::SocketAddress::Parse(address, 0).value(), .weight = weight, .id = std::to_string(i)});
    }
    return instances;
  }

  Endpoint& At(char name) { return *AtId(std::string(1, name)); }
  std::shared_ptr<Endpoint> AtId(const std::string& id) {
    for (const PoolMember& member : pool_->members) {
      if (member.id == id) return member.endpoint;
    }
    ADD_FAILURE() << "no endpoint " << id;
    return nullptr;
  }
  uint64_t StickyOf(char name) {
    for (const PoolMember& member : pool_->members) {
      if (member.id[0] == name) return member.sticky;
    }
    return 0;
  }

  Pick Choose() {
    request_.now = now_;
    return balancer_.Choose(request_);
  }
  // "a", "a!" in panic, or "busy", "none", "no version".
  std::string Who() { return Name(Choose()); }
  static std::string Name(const Pick& pick) {
    switch (pick.kind) {
      case PickKind::kPicked:
        return pick.member->id + (pick.panic ? "!" : "");
      case PickKind::kBusy:
        return "busy";
      case PickKind::kNone:
        return "none";
      case PickKind::kNoVersion:
        return "no version";
    }
    return {};
  }
  // The next `count` requests, each over before the next: "a a b".
  std::string Sequence(int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += (i > 0 ? " " : "") + Who();
    return text;
  }
  std::map<std::string, int> Shares(int count) {
    std::map<std::string, int> shares;
    for (int i = 0; i < count; ++i) ++shares[Who()];
    return shares;
  }
  // Requests that stay.
  std::map<std::string, int> Hold(int count) {
    std::map<std::string, int> shares;
    for (int i = 0; i < count; ++i) {
      held_.push_back(Choose());
      ++shares[Name(held_.back())];
    }
    return shares;
  }
  void Fail(char name) { At(name).Report(*pool_->settings, Outcome::kFailure, now_); }
  void Succeed(char name) { At(name).Report(*pool_->settings, Outcome::kSuccess, now_); }
  // The next request's endpoints so far, in order.
  void Tried(const std::string& names) {
    tried_.clear();
    for (const char name : names) tried_.push_back(&At(name));
    request_.tried = tried_;
  }

  Millis now_{100'000};
  ServiceSettings settings_;
  EndpointBook book_;
  std::shared_ptr<const Pool> pool_;
  Balancer balancer_{0};
  PickRequest request_;
  std::vector<const Endpoint*> tried_;
  std::vector<Pick> held_;
};

}  // namespace signpost::lb
