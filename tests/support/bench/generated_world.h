// Signpost. Apache-2.0; see LICENSE.
// A catalog of any size made by arithmetic: nothing is stored, every reply is written when it is asked for.
// Service number s has instances s*M .. s*M+M-1; an instance's number gives its node, address and port. The
// instances look like a registrar's. Besides them there is the service `consul` on node `srv1`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace signpost::bench {

class GeneratedWorld {
 public:
  GeneratedWorld(size_t services, size_t instances_each);

  size_t services() const { return services_; }
  // "svc-000017"; tools and tests count on this form.
  static std::string ServiceName(size_t service);
  // The inverse, in any letter case; nullopt for names that do not exist.
  std::optional<size_t> FindService(std::string_view name) const;

  // JSON bodies of Consul's HTTP API.
  std::string AgentSelf() const;
  std::string CatalogServices() const;
  std::string CatalogNodes() const;
  std::string HealthService(size_t service) const;
  std::string HealthConsul() const;
  std::string HealthStateAny() const;

 private:
  size_t NodeOf(size_t instance) const { return instance % nodes_; }

  size_t services_;
  size_t instances_each_;
  size_t nodes_;
};

}  // namespace signpost::bench
