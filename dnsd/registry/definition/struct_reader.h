// Signpost. Apache-2.0; see LICENSE.
// JSON objects into structs, key by key, as Consul reads them: keys in any letter case, null for "not given", unknown
// keys and wrong types refused. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "common/consul/types.h"
#include "common/json/json.h"
#include "dnsd/registry/model/rows.h"

namespace signpost::registry {

// Who wrote the JSON: a client of the HTTP API, whose errors are worded as Consul's (that is, Go's) are; or a person in
// a service file, where keys may have underscores anywhere and errors name the key.
enum class Author : unsigned char { kClient, kFile };

// Where a value stands, for the words of an error.
struct Place {
  Author author = Author::kClient;
  std::string owner;  // Go's name of the innermost struct, "" = nameless
  std::string path;   // field names from the outermost value, joined by '.'; "" = that value itself
};

// What a struct is called in errors.
struct StructType {
  std::string_view name;   // as a type: "structs.Weights"
  std::string_view owner;  // as the owner of a field: "Weights", or ""
  // Errors inside are told as errors of the field that holds the struct. (Where Consul has a decoder of its own.)
  bool opaque = false;
  bool takes_any_key = false;  // unknown ones are passed over
};

using ReadValue = std::function<Status(json::Value value, const Place& place)>;

struct StructField {
  std::string_view name;
  ReadValue read;
};
using StructFields = std::vector<StructField>;

// Reads the members of `value`, in order; the first failure (kInvalid) ends it. Null reads nothing.
Status ReadStruct(json::Value value, const Place& place, const StructType& type, const StructFields& fields);

// Readers of values. What they refer to outlives them; null leaves it as it is.
ReadValue Into(std::string& out);
ReadValue Into(bool& out);
ReadValue Into(int64_t& out);
ReadValue Into(Strings& out, std::string_view type = "[]string");
ReadValue Into(StringPairs& out);                                          // sorted by key
ReadValue Into(std::vector<std::pair<std::string, Strings>>& out);         // sorted by key
ReadValue IntoRaw(json::Value& out);                                       // any type, judged later
ReadValue IntoStruct(const StructType& type, const StructFields& fields);  // `fields` are copied
ReadValue ForEach(std::string_view type, ReadValue element);               // of a list
ReadValue ForEachKey(std::string_view type, std::function<ReadValue(std::string_view key)> value_of);  // of an object

// "cannot unmarshal string into Go struct field .Port of type int".
Status WrongType(json::Value value, const Place& place, std::string_view type);

}  // namespace signpost::registry
