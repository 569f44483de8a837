// Signpost. Apache-2.0; see LICENSE.
#include "tests/support/dns/world.h"

#include <utility>

#include "dnsd/wire/type_name.h"

namespace signpost::test {

using service_zone::Change;

wire::Name WireName(std::string_view text) { return wire::Name::FromText(text).value(); }

std::shared_ptr<const service_zone::Settings> MakeSettings(const std::function<void(service_zone::Settings&)>& change) {
  auto settings = std::make_shared<service_zone::Settings>();
  settings->domain = WireName("consul.");
  settings->datacenter = "dc1";
  if (change) change(*settings);
  return settings;
}

World::World(const std::function<void(service_zone::Settings&)>& change, uint64_t seed, size_t cache_bytes)
    : settings_(MakeSettings(change)),
      preparer_(settings_),
      handler_(data_, seed, cache_bytes),
      buffer_(wire::kMaxMessage) {
  data_.SetSettings(settings_);
  data_.SetFreshness(catalog::Freshness::kFresh);
  data_.SetSerial(7);
}

void World::Apply(const Change& change) {
  data_.Apply(change, now_ms_);
  handler_.answerer().Reserve();
}

World& World::Add(const Service& service) {
  if (service.key().datacenter == settings_->datacenter) {
    for (const auto& node : service.nodes()) {
      const catalog::Key key{catalog::Kind::kNode, settings_->datacenter, wire::ToLower(node->name)};
      Apply({.what = Change::What::kNode, .key = key, .node = preparer_.Prepare(node, false)});
    }
  }
  Apply({.what = Change::What::kService, .key = service.key(), .service = preparer_.Prepare(service.Build())});
  return *this;
}

World& World::Add(const Node& node) {
  const auto built = node.Build();
  const catalog::Key key{catalog::Kind::kNode, built->datacenter, wire::ToLower(built->name)};
  Apply({.what = Change::What::kNode, .key = key, .node = preparer_.Prepare(built, built->translated)});
  return *this;
}

World& World::Remove(const Service& service) {
  Apply({.what = Change::What::kService, .key = service.key()});
  return *this;
}

World& World::Remove(const Node& node) {
  Apply({.what = Change::What::kNode,
         .key = {catalog::Kind::kNode, node.value().datacenter, wire::ToLower(node.value().name)}});
  return *this;
}

World& World::NameOnly(const Service& service) {
  Apply({.what = Change::What::kServiceName, .key = service.key()});
  return *this;
}

World& World::Absent(const catalog::Key& key) {
  Apply({.what = key.kind == catalog::Kind::kNode ? Change::What::kNode : Change::What::kService, .key = key});
  return *this;
}

World& World::Unavailable(const catalog::Key& key) {
  Apply({.what = Change::What::kUnavailable, .key = key});
  return *this;
}

World& World::Forget(const catalog::Key& key) {
  Apply({.what = Change::What::kForget, .key = key});
  return *this;
}

World& World::Datacenters(std::vector<std::string> names) {
  data_.SetDatacenters(std::move(names));
  return *this;
}

World& World::Freshness(catalog::Freshness freshness) {
  data_.SetFreshness(freshness);
  return *this;
}

World& World::At(uint64_t now_ms) {
  now_ms_ = now_ms;
  return *this;
}

World& World::From(std::vector<uint8_t> ip, uint32_t wall_s) {
  peer_ = std::move(ip);
  wall_s_ = wall_s;
  return *this;
}

World& World::Follow(const std::function<void(query::Policy&)>& change) {
  auto policy = std::make_shared<query::Policy>(handler_.policy());
  change(*policy);
  handler_.SetPolicy(std::move(policy));
  return *this;
}

World& World::LastTry(bool last_try) {
  last_try_ = last_try;
  return *this;
}

Reply World::Ask(const Question& question) {
  return AskBytes(question.Packet(), question.over_tcp(), question.limit());
}

Reply World::AskBytes(std::span<const uint8_t> packet, bool tcp, size_t limit) {
  static constexpr std::string_view kKinds[] = {"service", "connect", "ingress", "query", "node"};
  const auto transport = tcp ? query::Transport::kTcp : query::Transport::kUdp;
  const query::Context context{.transport = transport,
                               .now_ms = now_ms_,
                               .wall_s = wall_s_,
                               .peer_ip = peer_,
                               .keepalive_tenths = static_cast<uint16_t>(tcp ? 100 : 0),
                               .last_try = last_try_};
  handler_.counters().received[static_cast<size_t>(transport)].Add();
  const query::Reply result = handler_.Handle(packet, context, buffer_);
  if (limit == 0) limit = tcp ? wire::kMaxMessage : wire::kPlainUdpLimit;
  Reply reply = Decode(std::span(buffer_).first(result.size), limit);
  if (result.wanted) {
    if (const auto* key = std::get_if<catalog::Key>(&*result.wanted)) {
      reply.rcode =
          "wait " + std::string(kKinds[static_cast<size_t>(key->kind)]) + " " + key->name + " " + key->datacenter;
    } else {
      const auto& question = std::get<resolver::Question>(*result.wanted);
      wire::Name name;
      name.Read({reinterpret_cast<const uint8_t*>(question.name.data()), question.name.size()});
      reply.rcode = "wait upstream " + name.ToString() + " " + wire::TypeText(question.type);
    }
  }
  return reply;
}

}  // namespace signpost::test
