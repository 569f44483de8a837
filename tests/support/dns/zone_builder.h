// Signpost. Apache-2.0; see LICENSE.
// Catalog objects in words: Service("web").On("n1", "10.0.0.1").Port(80).Weights(10, 1).Warning().
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "dnsd/catalog/catalog.h"

namespace signpost::test {

class Node {
 public:
  Node(std::string name, std::string address, std::string datacenter = "dc1");
  Node& Id(std::string uuid);
  Node& Tagged(std::string tag, std::string address);
  Node& Meta(std::string key, std::string value);
  Node& Translated();  // as an agent of another datacenter shows it

  const consul::Node& value() const { return node_; }
  std::shared_ptr<const consul::Node> Build() const { return std::make_shared<const consul::Node>(node_); }

 private:
  consul::Node node_;
};

class Service {
 public:
  // `name` in any letter case; the key has it in lower case.
  explicit Service(std::string name, catalog::Kind kind = catalog::Kind::kService, std::string datacenter = "dc1");

  // Begins an instance; what follows describes it. Nodes of one name are one object.
  Service& On(const Node& node);
  Service& On(const std::string& node, const std::string& address);
  Service& Id(std::string id);
  Service& Named(std::string name);  // the instance's service name, where it differs (letter case, proxies)
  Service& Address(std::string address);
  Service& Port(uint16_t port);
  Service& Weights(uint16_t passing, uint16_t warning);
  Service& Warning();
  Service& Critical();
  Service& Maintenance();
  Service& OddStatus();
  Service& Tag(std::string tag);
  Service& Tagged(std::string tag, std::string address);
  Service& Meta(std::string key, std::string value);

  // Of the whole.
  Service& Translated();
  Service& AnsweredBy(std::string datacenter);  // prepared queries
  Service& OwnTtl(int seconds);
  Service& Of(std::string service);
  Service& KeepOrder();

  const catalog::Key& key() const { return service_.key; }
  // The nodes in the order of their first instance.
  const std::vector<std::shared_ptr<const consul::Node>>& nodes() const { return nodes_; }
  std::shared_ptr<const catalog::Service> Build() const { return std::make_shared<const catalog::Service>(service_); }

 private:
  consul::ServiceInstance& last() { return service_.instances.back(); }

  std::string name_;
  catalog::Service service_;
  std::vector<std::shared_ptr<const consul::Node>> nodes_;
  std::map<std::string, std::shared_ptr<const consul::Node>> by_name_;
};

// `count` instances on nodes PREFIX0, PREFIX1, ... with addresses 10.1.x.y and port 8000.
Service ManyInstances(const std::string& name, int count, const std::string& prefix = "m");

}  // namespace signpost::test
