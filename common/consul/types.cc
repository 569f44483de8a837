// Signpost. Apache-2.0; see LICENSE.
#include "common/consul/types.h"

namespace signpost::consul {

bool operator==(const ServiceInstance& a, const ServiceInstance& b) {
  const bool same_node = a.node == b.node || (a.node && b.node && *a.node == *b.node);
  return same_node && a.id == b.id && a.service == b.service && a.address == b.address && a.port == b.port &&
         a.weights == b.weights && a.health == b.health && a.tags == b.tags &&
         a.tagged_addresses == b.tagged_addresses && a.meta == b.meta;
}

}  // namespace signpost::consul
