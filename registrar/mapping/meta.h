// Signpost. Apache-2.0; see LICENSE.
// Meta of one service: what Consul accepts, so that a label never costs the registration. Pure.
#pragma once

#include "registrar/mapping/metadata.h"
#include "registrar/mapping/options.h"

namespace signpost::registrar {

// Keys that mean something to registrar and are no attributes (name, tags, check_..., weight, ...).
bool IsReservedKey(std::string_view key);

// The unknown keys, META_<key> and --meta, rewritten to Consul's limits: keys of letters, digits, _ and - up to 128,
// not beginning with "consul-" or "registrar-"; values up to 512 bytes, cut at a character; at most 61 pairs. Where
// they collide or are too many, META_<key> beats --meta, and that the unknown keys. check_* keys are in it with
// Compat::kRegistrator only. Sorted by key.
StringPairs MakeMeta(const Metadata& metadata, const MappingOptions& options, Strings& warnings);

}  // namespace signpost::registrar
