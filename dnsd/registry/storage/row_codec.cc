// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/storage/row_codec.h"

#include <concepts>
#include <type_traits>

#include "common/json/json.h"
#include "dnsd/registry/storage/row_archive.h"

// The Fields overloads are found through the archive's namespace, which is why they are not in an unnamed one.
namespace signpost::registry {

constexpr Words<7> kCheckKinds{"ttl", "http", "tcp", "grpc", "script", "docker", "alias"};
constexpr Words<2> kBehaviors{"release", "delete"};

// T, const for a RowWriter and not for a RowReader.
template <typename Given, typename T>
concept Either = std::same_as<std::remove_const_t<Given>, T>;

using Header = std::vector<std::pair<std::string, Strings>>;
using TaggedAddresses = std::vector<consul::TaggedAddress>;

static void PairsField(RowWriter& archive, std::string_view name, const StringPairs& pairs) {
  archive.Map(name, pairs, &StringPairs::value_type::first, [&](const auto& pair) { archive.String(pair.second); });
}

static void PairsField(RowReader& archive, std::string_view name, StringPairs& pairs) {
  archive.Map(name, pairs, [&](std::string_view key, json::Value value, auto& pair) {
    pair.first = key;
    archive.String(name, value, pair.second);
  });
}

static void HeaderField(RowWriter& archive, std::string_view name, const Header& header) {
  archive.Map(name, header, &Header::value_type::first, [&](const auto& line) { archive.List(line.second); });
}

static void HeaderField(RowReader& archive, std::string_view name, Header& header) {
  archive.Map(name, header, [&](std::string_view key, json::Value value, auto& line) {
    line.first = key;
    archive.List(name, value, line.second);
  });
}

// A node's: tag to address.
static void NodeAddressesField(RowWriter& archive, std::string_view name, const TaggedAddresses& addresses) {
  archive.Map(name, addresses, &consul::TaggedAddress::tag,
              [&](const auto& tagged) { archive.String(tagged.address); });
}

static void NodeAddressesField(RowReader& archive, std::string_view name, TaggedAddresses& addresses) {
  archive.Map(name, addresses, [&](std::string_view tag, json::Value value, auto& tagged) {
    tagged.tag = tag;
    archive.String(name, value, tagged.address);
  });
}

// A service's: tag to address and port.
static void ServiceAddressesField(RowWriter& archive, std::string_view name, const TaggedAddresses& addresses) {
  archive.Map(name, addresses, &consul::TaggedAddress::tag, [&](const auto& tagged) { archive.Object(tagged); });
}

static void ServiceAddressesField(RowReader& archive, std::string_view name, TaggedAddresses& addresses) {
  archive.Map(name, addresses, [&](std::string_view tag, json::Value value, auto& tagged) {
    archive.Object(name, value, tagged);
    tagged.tag = tag;
  });
}

static void Fields(auto& archive, Either<consul::TaggedAddress> auto& tagged) {
  archive("Address", tagged.address);
  archive("Port", tagged.port);
}

static void IndexFields(auto& archive, Either<Indexes> auto& index) {
  archive("CreateIndex", index.create);
  archive("ModifyIndex", index.modify);
}

static void Fields(auto& archive, Either<NodeRow> auto& row) {
  archive("ID", row.node.id);
  archive("Node", row.node.name);
  archive("Address", row.node.address);
  archive("Datacenter", row.node.datacenter);
  NodeAddressesField(archive, "TaggedAddresses", row.node.tagged_addresses);
  PairsField(archive, "Meta", row.node.meta);
  IndexFields(archive, row.index);
}

static void Fields(auto& archive, Either<RowWeights> auto& weights) {
  archive("Passing", weights.passing);
  archive("Warning", weights.warning);
}

static void Fields(auto& archive, Either<ServiceRow> auto& row) {
  archive("Node", row.node);
  archive("ID", row.id);
  archive("Service", row.service);
  archive("Kind", row.kind);
  archive("Tags", row.tags);
  archive("Address", row.address);
  ServiceAddressesField(archive, "TaggedAddresses", row.tagged_addresses);
  PairsField(archive, "Meta", row.meta);
  archive("Port", row.port);
  archive("Weights", row.weights);
  archive("EnableTagOverride", row.enable_tag_override);
  archive("Proxy", row.proxy);
  archive("DestinationServiceName", row.proxy_destination);
  archive("ConnectNative", row.connect_native);
  IndexFields(archive, row.index);
}

static void Fields(auto& archive, Either<CheckDefinition> auto& run) {
  archive.Word("Kind", run.kind, kCheckKinds);
  archive("TTLMs", run.ttl);
  archive("IntervalMs", run.interval);
  archive("TimeoutMs", run.timeout);
  archive("HTTP", run.http);
  archive("Method", run.method);
  HeaderField(archive, "Header", run.header);
  archive("Body", run.body);
  archive("TLSSkipVerify", run.tls_skip_verify);
  archive("TCP", run.tcp);
  archive("GRPC", run.grpc);
  archive("GRPCUseTLS", run.grpc_use_tls);
  archive("ScriptArgs", run.script_args);
  archive("DockerContainerID", run.docker_container_id);
  archive("Shell", run.shell);
  archive("AliasNode", run.alias_node);
  archive("AliasService", run.alias_service);
  archive("DeregisterCriticalServiceAfterMs", run.deregister_critical_service_after);
  archive("SuccessBeforePassing", run.success_before_passing);
  archive("FailuresBeforeCritical", run.failures_before_critical);
  archive("OutputMaxSize", run.output_max_size);
}

static void Fields(auto& archive, Either<CheckRow> auto& row) {
  archive("Node", row.node);
  archive("CheckID", row.check_id);
  archive("Name", row.name);
  archive("Status", row.status);
  archive("Notes", row.notes);
  archive("Output", row.output);
  archive("ServiceID", row.service_id);
  archive("ServiceName", row.service_name);
  archive("ServiceTags", row.service_tags);
  archive("Type", row.type);
  archive("Definition", row.definition);
  archive("Run", row.run);
  IndexFields(archive, row.index);
}

static void Fields(auto& archive, Either<KvRow> auto& row) {
  archive("Key", row.key);
  archive("Flags", row.flags);
  archive("LockIndex", row.lock_index);
  archive("Session", row.session);
  IndexFields(archive, row.index);
}

static void Fields(auto& archive, Either<SessionRow> auto& row) {
  archive("ID", row.id);
  archive("Name", row.name);
  archive("Node", row.node);
  archive("NodeChecks", row.node_checks);
  archive("Checks", row.checks);
  PairsField(archive, "ServiceChecks", row.service_checks);
  archive("LockDelayMs", row.lock_delay);
  archive.Word("Behavior", row.behavior, kBehaviors);
  archive("TTL", row.ttl);
  IndexFields(archive, row.index);
}

// Parts of a QueryRow that are objects of their own in Consul's words.
template <typename Query>
struct TemplatePart {
  Query& row;
};
template <typename Query>
struct ServicePart {
  Query& row;
};
template <typename Query>
struct DnsPart {
  Query& row;
};

template <typename Query>
static void Fields(auto& archive, const TemplatePart<Query>& part) {
  archive("Type", part.row.template_type);
  archive("Regexp", part.row.template_regexp);
  archive("RemoveEmptyTags", part.row.template_remove_empty_tags);
}

template <typename Query>
static void Fields(auto& archive, const ServicePart<Query>& part) {
  archive("Service", part.row.service);
  archive("NearestN", part.row.failover_nearest_n);
  archive("Datacenters", part.row.failover_datacenters);
  archive("OnlyPassing", part.row.only_passing);
  archive("IgnoreCheckIDs", part.row.ignore_check_ids);
  archive("Near", part.row.near);
  archive("Tags", part.row.tags);
  PairsField(archive, "NodeMeta", part.row.node_meta);
  PairsField(archive, "ServiceMeta", part.row.service_meta);
  archive("Connect", part.row.connect);
}

template <typename Query>
static void Fields(auto& archive, const DnsPart<Query>& part) {
  archive("TTL", part.row.dns_ttl);
}

static void Fields(auto& archive, Either<QueryRow> auto& row) {
  using Query = std::remove_reference_t<decltype(row)>;
  archive("ID", row.id);
  archive("Name", row.name);
  archive("Session", row.session);
  archive("Token", row.token);
  TemplatePart<Query> name_template{row};
  archive("Template", name_template);
  ServicePart<Query> service{row};
  archive("Service", service);
  DnsPart<Query> dns{row};
  archive("DNS", dns);
  IndexFields(archive, row.index);
}

template <typename T>
static Result<Row> Decode(json::Value object) {
  auto row = std::make_shared<T>();
  std::string error;
  RowReader reader({}, error);
  reader.Object("the row", object, *row);
  if (!error.empty()) return Status::Invalid(error);
  return Row(std::shared_ptr<const T>(std::move(row)));
}

std::string EncodeRow(const Row& row) {
  json::Writer out;
  std::visit([&](const auto& pointer) { RowWriter(out).Object(*pointer); }, row);
  return out.Take();
}

static Result<Row> DecodeKv(json::Value object, std::string_view value) {
  auto row = Decode<KvRow>(object);
  if (!row.ok()) return row;
  auto with_value = std::make_shared<KvRow>(*std::get<kKvTable>(row.value()));
  with_value->value = value;
  return Row(std::shared_ptr<const KvRow>(std::move(with_value)));
}

Result<Row> DecodeRow(size_t table, std::string_view json, std::string_view value) {
  const auto document = json::Document::Parse(json);
  if (!document.ok()) return document.status();
  const json::Value root = document.value().root();
  switch (table) {
    case 0:
      return Decode<NodeRow>(root);
    case 1:
      return Decode<ServiceRow>(root);
    case 2:
      return Decode<CheckRow>(root);
    case kKvTable:
      return DecodeKv(root, value);
    case 4:
      return Decode<SessionRow>(root);
    case 5:
      return Decode<QueryRow>(root);
    default:
      Abort("a table that does not exist");
  }
}

std::string KeyOfRow(const Row& row) {
  return std::visit([](const auto& pointer) { return KeyOf(*pointer); }, row);
}

bool IsNull(const Row& row) {
  return std::visit([](const auto& pointer) { return pointer == nullptr; }, row);
}

}  // namespace signpost::registry
