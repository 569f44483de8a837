// Signpost. Apache-2.0; see LICENSE.
// The table of settings by name, from which the config file, meta and the manual's page come. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/status.h"
#include "lb/pool/settings.h"

namespace signpost::lb {

struct SettingKey {
  std::string_view name;    // "max_fails"; "-" for "_" is accepted
  std::string_view values;  // "0..1000", "round_robin|least_conn|random_two|source_hash", "time"
  std::string_view help;    // one sentence without its full stop
  // Empty, or what is wrong as the rest of a sentence: "must be ..., not 'x'".
  std::string (*set)(ServiceSettings& settings, std::string_view text);
  std::string (*get)(const ServiceSettings& settings);  // canonical text
};

std::span<const SettingKey> SettingKeys();

// kConfig: "unknown setting 'max_fail' (did you mean max_fails?)", "max_fails must be ..., not 'x'". Settings are
// untouched on failure.
Status ApplySetting(ServiceSettings& settings, std::string_view name, std::string_view text);

// The table as Markdown for docs/lb.md.
std::string SettingsMarkdown();

}  // namespace signpost::lb
