// Signpost. Apache-2.0; see LICENSE.
// The bodies of catalog/register and catalog/deregister, by Consul's rules and in its words. Pure.
#pragma once

#include <string>
#include <string_view>

#include "common/base/status.h"
#include "dnsd/registry/model/catalog_register.h"

namespace signpost::registry {

struct CatalogRegistration {
  std::string datacenter;  // "" = the own one
  Status rules;            // kInvalid: the text of Consul's 500, which comes after that for a foreign datacenter
  Registration registration;
};
// kInvalid: the text of Consul's 400. `datacenter` of the node is not filled in.
Result<CatalogRegistration> ReadRegisterBody(std::string_view body);

struct CatalogDeregistration {
  std::string datacenter;
  Status rules;
  Deregistration deregistration;
};
Result<CatalogDeregistration> ReadDeregisterBody(std::string_view body);

}  // namespace signpost::registry
