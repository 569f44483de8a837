// Signpost. Apache-2.0; see LICENSE.
// What a filter expression may select: the fields of each kind of list that Consul 1.8 filters, and their types. Names
// are those of the items' JSON.
#pragma once

#include <span>
#include <string_view>

namespace signpost::registry {

enum class FieldType : unsigned char {
  kString,
  kInt,
  kBool,
  kStringList,
  kStringMap,
  kStruct,
  kStructList,
  kStructMap
};

struct Field {
  std::string_view name;
  FieldType type;
  std::span<const Field> fields = {};  // of a struct, or of the structs in a list or map
};

// A view of static tables: copy freely, valid for ever, any thread.
using Schema = std::span<const Field>;

Schema NodeFields();            // catalog/nodes
Schema CatalogServiceFields();  // catalog/service/:name, catalog/connect/:name
Schema ServiceFields();         // the services in catalog/node/:node and catalog/node-services/:node; agent/services
Schema CheckFields();           // health/node/:node, health/checks/:service, health/state/:state; agent/checks
Schema HealthServiceFields();   // {Node, Service, Checks}: health/service|connect|ingress/:name; internal/ui/services,
                                // which filters instances before it sums them up
Schema NodeInfoFields();        // internal/ui/nodes

}  // namespace signpost::registry
