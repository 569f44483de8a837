// Signpost. Apache-2.0; see LICENSE.
// Rows as JSON text, one object per row, with the field names that Consul's API uses where it has one: an operator can
// read the database with sqlite3 and its JSON functions. Fields that are zero, false or empty are left out.
//
// Every string survives byte for byte. One that is not UTF-8 (a check's output, a key) stands as {"Hex": "ff00"} in
// place of the string, and a map with such a name as an array of [name, value]. Times are whole milliseconds in fields
// that end in Ms. A key's value is not in the text: it may be large and any bytes, and has a column of its own.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "common/base/status.h"
#include "dnsd/registry/model/rows.h"

namespace signpost::registry {

// By the index of the alternative in Row.
inline constexpr std::array<std::string_view, 6> kTableNames{"nodes", "services", "checks",
                                                             "kv",    "sessions", "queries"};
inline constexpr size_t kKvTable = 3;

// `row` is not null. consul::Node::translated and the port of a node's tagged address mean nothing here and are not
// kept.
std::string EncodeRow(const Row& row);

// A row of the table with index `table`. `value` is for rows of kKvTable only. Fields that are absent are zero, fields
// that are unknown are ignored; kInvalid says which field has the wrong type, or where the JSON breaks off.
Result<Row> DecodeRow(size_t table, std::string_view json, std::string_view value = {});

// KeyOf the row, which is not null.
std::string KeyOfRow(const Row& row);
bool IsNull(const Row& row);

}  // namespace signpost::registry
