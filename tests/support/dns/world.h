// Signpost. Apache-2.0; see LICENSE.
// A zone in memory with the handler that answers from it: world.Ask("web.service.consul", "A").answer.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dnsd/query/handler.h"
#include "dnsd/service_zone/prepared.h"
#include "dnsd/service_zone/settings.h"
#include "dnsd/service_zone/zone_data.h"
#include "tests/support/dns/decode.h"
#include "tests/support/dns/question.h"
#include "tests/support/dns/zone_builder.h"

namespace signpost::test {

wire::Name WireName(std::string_view text);

// Domain "consul.", datacenter "dc1", all else as dnsd starts with; `change` may alter it.
std::shared_ptr<const service_zone::Settings> MakeSettings(
    const std::function<void(service_zone::Settings&)>& change = {});

class World {
 public:
  // Fresh data with serial 7; an empty catalog.
  explicit World(const std::function<void(service_zone::Settings&)>& change = {}, uint64_t seed = 1,
                 size_t cache_bytes = 0);

  // Makes the service known, and the nodes of its instances if they are of the own datacenter.
  World& Add(const Service& service);
  World& Add(const Node& node);
  World& Remove(const Service& service);
  World& Remove(const Node& node);
  World& NameOnly(const Service& service);
  World& Absent(const catalog::Key& key);
  World& Unavailable(const catalog::Key& key);
  World& Forget(const catalog::Key& key);
  World& Datacenters(std::vector<std::string> names);
  World& Freshness(catalog::Freshness freshness);
  World& At(uint64_t now_ms);
  World& LastTry(bool last_try);
  // Who asks (4 or 16 bytes; nobody known at first), and the wall clock.
  World& From(std::vector<uint8_t> ip, uint32_t wall_s = 0);
  // Changes the policy; at first nothing is forwarded.
  World& Follow(const std::function<void(query::Policy&)>& change);

  // Asks the handler, counts the question as received, and decodes the reply within its size limit.
  // A reply that has to wait has the rcode "wait KEY NAME DATACENTER" or "wait upstream NAME TYPE".
  Reply Ask(const Question& question);
  Reply Ask(std::string_view name, std::string_view type) { return Ask(Question(name, type)); }
  Reply AskBytes(std::span<const uint8_t> packet, bool tcp = false, size_t limit = 0);

  std::shared_ptr<const service_zone::PreparedService> Prepare(const Service& service) {
    return preparer_.Prepare(service.Build());
  }
  service_zone::ZoneData& data() { return data_; }
  query::Handler& handler() { return handler_; }
  const query::Counters& counters() const { return handler_.counters(); }

 private:
  void Apply(const service_zone::Change& change);

  std::shared_ptr<const service_zone::Settings> settings_;
  service_zone::Preparer preparer_;
  service_zone::ZoneData data_;
  query::Handler handler_;
  uint64_t now_ms_ = 1000;
  bool last_try_ = false;
  std::vector<uint8_t> peer_;
  uint32_t wall_s_ = 0;
  std::vector<uint8_t> buffer_;
};

}  // namespace signpost::test
