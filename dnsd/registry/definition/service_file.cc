// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/definition/service_file.h"

#include <string>
#include <utility>

#include "common/json/json.h"
#include "dnsd/registry/definition/check_definition.h"
#include "dnsd/registry/definition/service_definition.h"

namespace signpost::registry {
namespace {

// An entry of the file, for the words of an error: services[2] "web".
std::string EntryName(const Place& place, size_t position, json::Value value) {
  std::string name = place.path;
  if (place.path.ends_with('s')) name += "[" + std::to_string(position) + "]";
  const std::string_view called = value["name"].String(value["Name"].String());
  return called.empty() ? name : name + " \"" + std::string(called) + "\"";
}

Status AddService(json::Value value, ServiceFile& file) {
  DefinedService defined = ReadService(value, Author::kFile);
  if (!defined.json.ok()) return defined.json;
  if (!defined.rules.ok()) return defined.rules;
  if (IsOwnService(defined.service.service.id)) return Status::Invalid("the registry itself uses this ID");
  file.services.push_back(std::move(defined.service));
  return Status::Ok();
}

Status AddCheck(json::Value value, ServiceFile& file) {
  WrittenCheck fields;
  const Place place{.author = Author::kFile, .owner = "", .path = ""};
  if (auto status = ReadWrittenCheck(value, place, CheckPlace::kAlone, fields); !status.ok()) return status;
  auto check = CheckOf(fields);
  if (!check.ok()) return check.status();
  if (IsOwnCheck(check->check_id)) return Status::Invalid("the registry itself uses this ID");
  file.checks.push_back(std::move(check).value());
  return Status::Ok();
}

using Add = Status (*)(json::Value value, ServiceFile& file);

// Reads an entry; a failure names it.
ReadValue Entry(ServiceFile& file, Add add) {
  return [&file, add, position = size_t{0}](json::Value value, const Place& place) mutable {
    const std::string name = EntryName(place, position++, value);
    if (!value.IsObject()) return Status::Invalid(name + " must be an object");
    const Status status = add(value, file);
    return status.ok() ? status : Status::Invalid(name + ": " + status.text());
  };
}

}  // namespace

Result<ServiceFile> ReadServiceFile(std::string_view text) {
  const auto document = json::Document::Parse(text, json::Dialect::kComments);
  if (!document.ok()) return Status::Config(document.status().text());
  ServiceFile file;
  const Place place{.author = Author::kFile, .owner = "", .path = ""};
  if (!document.value().root().IsObject()) {
    return Status::Config("a service file must be an object with \"service\", \"services\", \"check\" or \"checks\"");
  }
  const Status status = ReadStruct(document.value().root(), place, {.name = "object", .owner = ""},
                                   {{"service", Entry(file, AddService)},
                                    {"services", ForEach("[]object", Entry(file, AddService))},
                                    {"check", Entry(file, AddCheck)},
                                    {"checks", ForEach("[]object", Entry(file, AddCheck))}});
  if (!status.ok()) return Status::Config(status.text());
  return file;
}

}  // namespace signpost::registry
