// Signpost. Apache-2.0; see LICENSE.
// Small rows for tests.
#pragma once

#include <string>
#include <utility>

#include "dnsd/registry/model/rows.h"

namespace signpost::registry {

inline NodeRow TestNode(std::string name, std::string address = "10.0.0.1", std::string id = "") {
  NodeRow row;
  row.node.id = std::move(id);
  row.node.name = std::move(name);
  row.node.address = std::move(address);
  row.node.datacenter = "dc1";
  return row;
}

// Its ID is its name unless given.
inline ServiceRow TestService(std::string node, std::string name, std::string id = "") {
  ServiceRow row;
  row.node = std::move(node);
  row.id = id.empty() ? name : std::move(id);
  row.service = std::move(name);
  return row;
}

inline CheckRow TestCheck(std::string node, std::string id, std::string service_id = "",
                          std::string status = "passing") {
  CheckRow row;
  row.node = std::move(node);
  row.name = id;
  row.check_id = std::move(id);
  row.service_id = std::move(service_id);
  row.status = std::move(status);
  return row;
}

inline KvRow TestKey(std::string key, std::string value = "v", std::string session = "") {
  KvRow row;
  row.key = std::move(key);
  row.value = std::move(value);
  row.session = std::move(session);
  return row;
}

inline SessionRow TestSession(std::string id, std::string node, Strings checks = {}) {
  SessionRow row;
  row.id = std::move(id);
  row.node = std::move(node);
  row.node_checks = std::move(checks);
  return row;
}

}  // namespace signpost::registry
