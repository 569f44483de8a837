// Signpost. Apache-2.0; see LICENSE.
// What a fake Consul agent has: services and checks as registered, and the JSON an agent makes of them. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/json.h"

namespace signpost::test {

struct FakeCheck {
  std::string id = {};
  std::string service_id = {};
  std::string service = {};
  std::string name = {};
  std::string notes = {};
  std::string status = "critical";
  std::string output = {};
  std::string type = {};  // as Consul names it
  bool ttl = false;
};

struct FakeService {
  std::string id = {};
  std::string name = {};
  std::string json = {};  // as /v1/agent/services shows it
  std::map<std::string, std::string> meta = {};
  std::vector<std::string> tags = {};
  std::string address = {};
  int64_t port = 0;
};

// Status and text of a reply.
struct FakeReply {
  int status = 200;
  std::string body = {};
};

class FakeAgentState {
 public:
  bool script_checks = false;

  // The writes. Refusals have Consul's words.
  FakeReply Register(std::string_view body, bool replace_checks);
  FakeReply Deregister(const std::string& service_id);
  FakeReply SetMaintenance(const std::string& service_id, bool enable, const std::string& reason);
  FakeReply RemoveCheck(const std::string& check_id);
  FakeReply UpdateCheck(const std::string& check_id, std::string_view body);

  std::string ServicesJson() const;
  std::string ChecksJson() const;
  // Of one service, changes with it and not with its checks; "" = none.
  std::string HashOf(const std::string& service_id) const;

  const std::map<std::string, FakeService>& services() const { return services_; }
  const std::map<std::string, FakeCheck>& checks() const { return checks_; }  // by check ID
  bool InMaintenance(const std::string& service_id) const;
  // Grows with every change of a service, not of a check.
  uint64_t index() const { return index_; }

 private:
  FakeReply AddCheck(const FakeService& service, const json::Value& check, size_t number);

  std::map<std::string, FakeService> services_;
  std::map<std::string, FakeCheck> checks_;
  uint64_t index_ = 10;
};

}  // namespace signpost::test
