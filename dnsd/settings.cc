// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/settings.h"

namespace signpost::dnsd {

std::shared_ptr<const service_zone::Settings> MakeSettings(const DnsdOptions& options) {
  const auto seconds = [](std::chrono::seconds s) { return static_cast<uint32_t>(s.count()); };
  const LiveOptions& live = options.live;
  auto settings = std::make_shared<service_zone::Settings>();
  settings->domain = wire::Name::FromText(options.start.domain).value();
  if (!options.start.alt_domain.empty()) settings->alt_domain = wire::Name::FromText(options.start.alt_domain).value();
  settings->datacenter = options.start.datacenter;
  settings->node_ttl = seconds(live.node_ttl);
  for (const auto& [name, ttl] : live.service_ttl) settings->service_ttl.Set(name, seconds(ttl));
  for (const auto& [name, limit] : live.answer_limit) settings->answer_limit.Set(name, static_cast<uint32_t>(limit));
  settings->only_passing = live.only_passing;
  settings->udp_answer_limit = static_cast<uint32_t>(live.udp_answer_limit);
  settings->a_record_limit = static_cast<uint32_t>(live.a_record_limit);
  settings->node_meta_txt = live.node_meta_txt;
  settings->stale_ttl = seconds(live.stale_ttl);
  settings->dns_sd = live.resolver.dns_sd;
  settings->soa = {.refresh = seconds(live.soa_refresh),
                   .retry = seconds(live.soa_retry),
                   .expire = seconds(live.soa_expire),
                   .minimum = seconds(live.soa_min_ttl)};
  return settings;
}

}  // namespace signpost::dnsd
