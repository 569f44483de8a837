// Signpost. Apache-2.0; see LICENSE.
// Where an answer comes from, for people. On the loop's thread; counts nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dnsd/query/sources.h"
#include "dnsd/service_zone/zone_data.h"
#include "dnsd/wire/name.h"

namespace signpost::query {

struct Explained {
  std::vector<std::string> lines;  // source, age, candidates and why any was left out
  wire::Rcode rcode = wire::Rcode::kNoError;
  std::vector<uint8_t> message;  // the answer as a trusted client gets it over TCP; empty if it has to wait
  std::optional<resolver::Question> forwarded;  // an upstream is asked about this; the resolver knows more
};

// `since_ms`: what was held for others since then counts too (Forwarded::Find).
Explained ExplainName(Sources& sources, service_zone::ZoneData& data, const wire::Name& name, uint16_t type,
                      uint64_t now_ms, std::optional<uint64_t> since_ms = std::nullopt);

}  // namespace signpost::query
