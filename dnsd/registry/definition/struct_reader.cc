// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/definition/struct_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

namespace signpost::registry {
namespace {

// What Go, or a person, calls the type of a value.
std::string KindOf(json::Value value) {
  if (value.IsObject()) return "object";
  if (value.IsArray()) return "array";
  if (value.IsString()) return "string";
  if (value.IsBool()) return "bool";
  return value.IsNumber() ? "number" : "null";
}

std::string NumberText(json::Value value) {
  std::array<char, 64> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value.Double());
  return error == std::errc() ? std::string(text.data(), end) : "";
}

std::string_view PlainName(std::string_view type) {
  if (type == "int") return "a whole number";
  if (type == "bool") return "true or false";
  if (type == "string") return "a string";
  if (type == "[]string") return "a list of strings";
  if (type == "map[string]string") return "an object of strings";
  if (type == "structs.CheckTypes" || type.starts_with("[]")) return "a list";
  return "an object";
}

// Without underscores and letter case.
std::string Plain(std::string_view key) {
  std::string plain = Lower(key);
  plain.erase(std::remove(plain.begin(), plain.end(), '_'), plain.end());
  return plain;
}

const StructField* Find(const StructFields& fields, std::string_view key, Author author) {
  const auto exact = std::find_if(fields.begin(), fields.end(), [&](const StructField& f) { return f.name == key; });
  if (exact != fields.end()) return &*exact;
  const auto fold = author == Author::kFile ? Plain : Lower;
  const auto found =
      std::find_if(fields.begin(), fields.end(), [&](const StructField& f) { return fold(f.name) == fold(key); });
  return found == fields.end() ? nullptr : &*found;
}

// A person finds the key as it is written; Consul's clients know the field's own name.
Place PlaceOf(const StructField& field, std::string_view key, const Place& place, const StructType& type) {
  const bool file = place.author == Author::kFile;
  if (type.opaque && !file) return place;
  std::string path = place.path.empty() ? "" : place.path + ".";
  path += file ? key : field.name;
  return {.author = place.author, .owner = std::string(type.owner), .path = std::move(path)};
}

Status Unknown(std::string_view key, const Place& place) {
  const std::string name = "\"" + std::string(key) + "\"";
  if (place.author == Author::kClient) return Status::Invalid("json: unknown field " + name);
  return Status::Invalid("unknown key " + name + (place.path.empty() ? "" : " in \"" + place.path + "\""));
}

Status ReadString(json::Value value, const Place& place, std::string& out) {
  if (value.IsNull()) return Status::Ok();
  if (!value.IsString()) return WrongType(value, place, "string");
  out = value.String();
  return Status::Ok();
}

Status ReadStrings(json::Value value, const Place& place, std::string_view type, Strings& out) {
  Strings read;
  const auto element = [&read](json::Value each, const Place& at) { return ReadString(each, at, read.emplace_back()); };
  if (auto status = ForEach(type, element)(value, place); !status.ok()) return status;
  out = std::move(read);
  return Status::Ok();
}

// An object of values of one kind, into pairs sorted by key.
template <typename T>
ReadValue IntoPairs(std::vector<std::pair<std::string, T>>& out, std::string_view type,
                    Status (*read)(json::Value, const Place&, T&)) {
  return [&out, type, read](json::Value value, const Place& place) {
    std::map<std::string, T> sorted;
    const auto of_key = [&sorted, read](std::string_view key) -> ReadValue {
      return
          [&into = sorted[std::string(key)], read](json::Value each, const Place& at) { return read(each, at, into); };
    };
    if (auto status = ForEachKey(type, of_key)(value, place); !status.ok()) return status;
    out.assign(sorted.begin(), sorted.end());
    return Status::Ok();
  };
}

}  // namespace

Status WrongType(json::Value value, const Place& place, std::string_view type) {
  const std::string kind = KindOf(value);
  if (place.author == Author::kFile) {
    const std::string what = place.path.empty() ? "the value" : "\"" + place.path + "\"";
    return Status::Invalid(what + " must be " + std::string(PlainName(type)) + ", not a value of type " + kind);
  }
  const bool shows_number = value.IsNumber() && type == "int";
  const std::string into = place.path.empty() ? "value" : "struct field " + place.owner + "." + place.path;
  return Status::Invalid("json: cannot unmarshal " + kind + (shows_number ? " " + NumberText(value) : "") +
                         " into Go " + into + " of type " + std::string(type));
}

Status ReadStruct(json::Value value, const Place& place, const StructType& type, const StructFields& fields) {
  if (value.IsNull()) return Status::Ok();
  if (!value.IsObject()) return WrongType(value, place, type.name);
  Status status;
  value.ForEachMember([&](std::string_view key, json::Value member) {
    if (!status.ok()) return;
    const StructField* field = Find(fields, key, place.author);
    if (field) {
      status = field->read(member, PlaceOf(*field, key, place, type));
    } else if (!type.takes_any_key) {
      status = Unknown(key, place);
    }
  });
  return status;
}

ReadValue Into(std::string& out) {
  return [&out](json::Value value, const Place& place) { return ReadString(value, place, out); };
}

ReadValue Into(bool& out) {
  return [&out](json::Value value, const Place& place) {
    if (value.IsNull()) return Status::Ok();
    if (!value.IsBool()) return WrongType(value, place, "bool");
    out = value.Bool();
    return Status::Ok();
  };
}

ReadValue Into(int64_t& out) {
  return [&out](json::Value value, const Place& place) {
    if (value.IsNull()) return Status::Ok();
    // The fallback tells integers from everything else.
    if (!value.IsNumber() || value.Int(0) != value.Int(1)) return WrongType(value, place, "int");
    out = value.Int();
    return Status::Ok();
  };
}

ReadValue Into(Strings& out, std::string_view type) {
  return [&out, type](json::Value value, const Place& place) { return ReadStrings(value, place, type, out); };
}

ReadValue Into(StringPairs& out) { return IntoPairs<std::string>(out, "map[string]string", ReadString); }

ReadValue Into(std::vector<std::pair<std::string, Strings>>& out) {
  return IntoPairs<Strings>(out, "map[string][]string", [](json::Value value, const Place& place, Strings& into) {
    return ReadStrings(value, place, "[]string", into);
  });
}

ReadValue IntoRaw(json::Value& out) {
  return [&out](json::Value value, const Place& /*place*/) {
    out = value;
    return Status::Ok();
  };
}

ReadValue IntoStruct(const StructType& type, const StructFields& fields) {
  return [type, fields](json::Value value, const Place& place) { return ReadStruct(value, place, type, fields); };
}

ReadValue ForEach(std::string_view type, ReadValue element) {
  return [type, element = std::move(element)](json::Value value, const Place& place) {
    if (value.IsNull()) return Status::Ok();
    if (!value.IsArray()) return WrongType(value, place, type);
    Status status;
    value.ForEachElement([&](json::Value each) {
      if (status.ok()) status = element(each, place);
    });
    return status;
  };
}

ReadValue ForEachKey(std::string_view type, std::function<ReadValue(std::string_view key)> value_of) {
  return [type, value_of = std::move(value_of)](json::Value value, const Place& place) {
    if (value.IsNull()) return Status::Ok();
    if (!value.IsObject()) return WrongType(value, place, type);
    Status status;
    value.ForEachMember([&](std::string_view key, json::Value member) {
      if (status.ok()) status = value_of(key)(member, place);
    });
    return status;
  };
}

}  // namespace signpost::registry
