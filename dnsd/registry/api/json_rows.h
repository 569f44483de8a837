// Signpost. Apache-2.0; see LICENSE.
// Rows as the API shows them. Each writes one JSON value.
#pragma once

#include <string_view>

#include "common/json/json.h"
#include "dnsd/registry/model/rows.h"

namespace signpost::registry {

// How a list of tags is shown that has none: most endpoints say [], internal/ui and query/execute say null.
enum class NoTags : unsigned char { kEmpty, kNull };

void WriteStrings(json::Writer& out, const Strings& strings);                 // []
void WriteTags(json::Writer& out, const Strings& tags, NoTags no_tags);       // [] or, if so wished, null
void WritePairs(json::Writer& out, const StringPairs& pairs, bool nullable);  // {} or, nullable and empty, null
// {tag: {Address, Port}}; a service's
void WriteTaggedAddresses(json::Writer& out, const std::vector<consul::TaggedAddress>& addresses);
void WriteWeights(json::Writer& out, const RowWeights& weights);

void WriteNode(json::Writer& out, const NodeRow& row);  // catalog/nodes, Node of health and queries
// Members only, for objects that have more: ID, Node and Address; TaggedAddresses and Meta.
void WriteNodeFields(json::Writer& out, const NodeRow& row, std::string_view meta_name, bool datacenter);
void WriteService(json::Writer& out, const ServiceRow& row,
                  NoTags no_tags = NoTags::kEmpty);  // Service of health, catalog/node, node-services
void WriteCatalogService(json::Writer& out, const NodeRow& node, const ServiceRow& row);  // catalog/service
void WriteCheck(json::Writer& out, const CheckRow& row, NoTags no_tags = NoTags::kEmpty);

}  // namespace signpost::registry
