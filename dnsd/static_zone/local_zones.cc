// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/static_zone/local_zones.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "dnsd/static_zone/local_zone_texts.h"

namespace signpost::static_zone {
namespace {

constexpr std::string_view kTemplate = "empty.zone";  // for the origins in kList
constexpr std::string_view kList = "EMPTY";
constexpr std::string_view kEnding = ".zone";  // behind the origin in the names of all other files

using Zones = std::vector<std::shared_ptr<const Zone>>;

std::string_view TextOf(std::string_view name) {
  const auto found = std::ranges::find(LocalZoneTexts(), name, &LocalZoneText::name);
  if (found == LocalZoneTexts().end()) Abort("zones/local has no " + std::string(name));
  return found->text;
}

void Add(std::string_view origin, std::string_view file, std::string_view text, Zones& zones) {
  const auto records = dns::ReadZoneText(text, "zones/local/" + std::string(file), origin);
  if (!records.ok()) Abort(records.status().text());
  auto zone = Zone::Make(origin, records.value(), /*built_in=*/true, nullptr);
  if (!zone.ok()) Abort(zone.status().text());
  zones.push_back(std::move(zone).value());
}

Zones MakeAll() {
  Zones zones;
  const std::string_view empty = TextOf(kTemplate);
  std::string_view list = TextOf(kList);
  while (!list.empty()) {
    const std::string_view line = list.substr(0, list.find('\n'));
    list.remove_prefix(std::min(line.size() + 1, list.size()));
    if (!line.empty() && !line.starts_with(';')) Add(line, kTemplate, empty, zones);
  }
  for (const LocalZoneText& file : LocalZoneTexts()) {
    if (!file.name.ends_with(kEnding) || file.name == kTemplate) continue;
    Add(file.name.substr(0, file.name.size() - kEnding.size()), file.name, file.text, zones);
  }
  return zones;
}

}  // namespace

const Zones& LocalZones() {
  static const Zones zones = MakeAll();
  return zones;
}

}  // namespace signpost::static_zone
