// Signpost. Apache-2.0; see LICENSE.
#include "lb/pool/settings_keys.h"

#include <algorithm>

#include "common/options/text.h"
#include "lb/pool/setting_rows.h"

namespace signpost::lb {
namespace {

constexpr size_t kLongestName = 64;

std::vector<SettingKey> AllRows() {
  std::vector<SettingKey> rows = BalanceRows();
  for (const auto& more : {HealthRows(), TransferRows()}) rows.insert(rows.end(), more.begin(), more.end());
  return rows;
}

// "" when no name is near.
std::string_view Nearest(std::string_view name) {
  constexpr size_t kNear = 3;
  std::string_view best;
  size_t best_distance = std::min(kNear, name.size() / 2) + 1;
  for (const SettingKey& key : SettingKeys()) {
    const size_t distance = options::EditDistance(name, key.name);
    if (distance >= best_distance) continue;
    best = key.name;
    best_distance = distance;
  }
  return best;
}

Status Unknown(std::string_view name) {
  const std::string_view near = Nearest(name);
  std::string text = "unknown setting " + options::Quoted(name);
  if (!near.empty()) text += " (did you mean " + std::string(near) + "?)";
  return Status::Config(std::move(text));
}

// A "|" would end the cell.
std::string Cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::string MustBe(std::string_view what, std::string_view text) {
  return "must be " + std::string(what) + ", not " + options::Quoted(text);
}

std::span<const SettingKey> SettingKeys() {
  static const std::vector<SettingKey> rows = AllRows();
  return rows;
}

Status ApplySetting(ServiceSettings& settings, std::string_view name, std::string_view text) {
  if (name.size() > kLongestName) return Status::Config("unknown setting " + options::Quoted(name));
  std::string plain(name);
  std::replace(plain.begin(), plain.end(), '-', '_');
  const auto keys = SettingKeys();
  const auto key = std::find_if(keys.begin(), keys.end(), [&](const SettingKey& row) { return row.name == plain; });
  if (key == keys.end()) return Unknown(plain);
  const std::string wrong = key->set(settings, text);
  return wrong.empty() ? Status::Ok() : Status::Config(plain + " " + wrong);
}

std::string SettingsMarkdown() {
  const ServiceSettings defaults;
  std::string text = "| Setting | Values | Default | Meaning |\n| --- | --- | --- | --- |\n";
  for (const SettingKey& key : SettingKeys()) {
    const std::string value = key.get(defaults);
    text += "| `" + std::string(key.name) + "` | " + Cell(key.values) + " | " +
            (value.empty() ? std::string("–") : "`" + value + "`") + " | " + Cell(key.help) + " |\n";
  }
  return text;
}

}  // namespace signpost::lb
