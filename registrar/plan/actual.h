// Signpost. Apache-2.0; see LICENSE.
// What a Consul agent says it has. Plain values, and their JSON. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "registrar/mapping/service.h"

namespace signpost::registrar {

struct ActualCheck {
  std::string id;
  std::string status;
  std::string output;
  std::string notes;
  std::string type;  // http, tcp, grpc, ttl, script, docker, alias; "" = the agent does not say
  friend bool operator==(const ActualCheck&, const ActualCheck&) = default;
};

struct ActualService {
  std::string id;
  std::string name;
  std::string address;
  int64_t port = 0;
  Strings tags;
  StringPairs meta;                             // sorted by key
  std::vector<TaggedAddress> tagged_addresses;  // sorted by tag; those that Consul derives from `address` included
  int64_t weight_passing = 1;
  int64_t weight_warning = 1;
  bool enable_tag_override = false;
  std::vector<ActualCheck> checks;  // sorted by id; the maintenance check is not among them
  bool maintenance = false;
  std::string maintenance_reason;  // its notes

  std::string_view Meta(std::string_view key) const;        // "" when absent
  const ActualCheck* FindCheck(std::string_view id) const;  // null when absent
  friend bool operator==(const ActualService&, const ActualService&) = default;
};

using ActualServices = std::map<std::string, ActualService, std::less<>>;  // by ID

// GET /v1/agent/services and GET /v1/agent/checks. kInvalid: one of them is not a JSON object. Entries and fields of a
// wrong type count as absent.
Result<ActualServices> ReadAgentServices(std::string_view services_json, std::string_view checks_json);

// Consul's own additions: lan_ and wan_ of the family of `address`, which is a literal address. Sorted by tag.
std::vector<TaggedAddress> DerivedAddresses(std::string_view address, int64_t port);

// What a successful registration leaves at the agent: for a picture that needs no reading back. `before` may be null;
// its checks stay with their status, also those that `service` does not define, and so does its maintenance mark.
ActualService AfterRegistration(const Service& service, std::string_view owner, const ActualService* before);

}  // namespace signpost::registrar
