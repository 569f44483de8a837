// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/filter/schema.h"

namespace signpost::registry {
namespace {

using enum FieldType;

constexpr Field kMeshGateway[] = {{"Mode", kString}};
constexpr Field kUpstream[] = {
    {"DestinationType", kString},           {"DestinationNamespace", kString},
    {"DestinationName", kString},           {"Datacenter", kString},
    {"LocalBindAddress", kString},          {"LocalBindPort", kInt},
    {"MeshGateway", kStruct, kMeshGateway},
};
constexpr Field kExposedPath[] = {
    {"ListenerPort", kInt}, {"Path", kString},          {"LocalPathPort", kInt},
    {"Protocol", kString},  {"ParsedFromCheck", kBool},
};
constexpr Field kExpose[] = {{"Checks", kBool}, {"Paths", kStructList, kExposedPath}};
constexpr Field kProxy[] = {
    {"DestinationServiceName", kString}, {"DestinationServiceID", kString},     {"LocalServiceAddress", kString},
    {"LocalServicePort", kInt},          {"Upstreams", kStructList, kUpstream}, {"MeshGateway", kStruct, kMeshGateway},
    {"Expose", kStruct, kExpose},
};
constexpr Field kConnect[] = {{"Native", kBool}};
constexpr Field kWeights[] = {{"Passing", kInt}, {"Warning", kInt}};
constexpr Field kServiceAddress[] = {{"Address", kString}, {"Port", kInt}};

constexpr Field kNode[] = {
    {"ID", kString},         {"Node", kString},    {"Address", kString},
    {"Datacenter", kString}, {"Meta", kStringMap}, {"TaggedAddresses", kStringMap},
};
constexpr Field kCatalogService[] = {
    {"ID", kString},
    {"Node", kString},
    {"Address", kString},
    {"Datacenter", kString},
    {"TaggedAddresses", kStringMap},
    {"NodeMeta", kStringMap},
    {"ServiceKind", kString},
    {"ServiceID", kString},
    {"ServiceName", kString},
    {"ServiceTags", kStringList},
    {"ServiceAddress", kString},
    {"ServiceTaggedAddresses", kStructMap, kServiceAddress},
    {"ServiceWeights", kStruct, kWeights},
    {"ServiceMeta", kStringMap},
    {"ServicePort", kInt},
    {"ServiceEnableTagOverride", kBool},
    {"ServiceProxy", kStruct, kProxy},
    {"ServiceConnect", kStruct, kConnect},
};
constexpr Field kService[] = {
    {"Kind", kString},
    {"ID", kString},
    {"Service", kString},
    {"Tags", kStringList},
    {"Address", kString},
    {"TaggedAddresses", kStructMap, kServiceAddress},
    {"Meta", kStringMap},
    {"Port", kInt},
    {"Weights", kStruct, kWeights},
    {"EnableTagOverride", kBool},
    {"Proxy", kStruct, kProxy},
    {"Connect", kStruct, kConnect},
};
constexpr Field kCheck[] = {
    {"Node", kString},      {"CheckID", kString},     {"Name", kString},
    {"Status", kString},    {"Notes", kString},       {"Output", kString},
    {"ServiceID", kString}, {"ServiceName", kString}, {"ServiceTags", kStringList},
    {"Type", kString},
};
constexpr Field kHealthService[] = {
    {"Node", kStruct, kNode},
    {"Service", kStruct, kService},
    {"Checks", kStructList, kCheck},
};
constexpr Field kNodeInfo[] = {
    {"ID", kString},
    {"Node", kString},
    {"Address", kString},
    {"TaggedAddresses", kStringMap},
    {"Meta", kStringMap},
    {"Services", kStructList, kService},
    {"Checks", kStructList, kCheck},
};

}  // namespace

Schema NodeFields() { return kNode; }
Schema CatalogServiceFields() { return kCatalogService; }
Schema ServiceFields() { return kService; }
Schema CheckFields() { return kCheck; }
Schema HealthServiceFields() { return kHealthService; }
Schema NodeInfoFields() { return kNodeInfo; }

}  // namespace signpost::registry
