// Signpost. Apache-2.0; see LICENSE.
// For this folder only: the rows of the table of settings, by theme, and what makes a row of a field.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lb/pool/setting_text.h"
#include "lb/pool/settings_keys.h"

namespace signpost::lb {

std::vector<SettingKey> BalanceRows();   // algorithm, stickiness, versions
std::vector<SettingKey> HealthRows();    // failures, active checks, limits
std::vector<SettingKey> TransferRows();  // retries, timeouts, connections

// "must be WHAT, not 'x'".
std::string MustBe(std::string_view what, std::string_view text);

// The field that a row is about, as template argument: kOf<&ServiceSettings::attempts>, or of a part of the settings:
// kIn<&ServiceSettings::check, &ActiveCheck::rise>.
template <auto Member>
inline constexpr auto kOf = [](auto& settings) -> auto& {
  return settings.*Member;
};
template <auto Part, auto Member>
inline constexpr auto kIn = [](auto& settings) -> auto& {
  return settings.*Part.*Member;
};

// Words of an enumeration. `Words` is a constexpr array of pairs.
template <auto Field, const auto& Words>
SettingKey WordRow(std::string_view name, std::string_view values, std::string_view help) {
  return {name, values, help,
          [](ServiceSettings& settings, std::string_view text) -> std::string {
            std::string all;
            for (const auto& [word, value] : Words) {
              if (word == text) {
                Field(settings) = value;
                return {};
              }
              all += (all.empty() ? "" : ", ") + std::string(word);
            }
            return MustBe("one of " + all, text);
          },
          [](const ServiceSettings& settings) -> std::string {
            for (const auto& [word, value] : Words) {
              if (Field(settings) == value) return std::string(word);
            }
            return {};
          }};
}

template <auto Field, uint32_t Least, uint32_t Most>
SettingKey NumberRow(std::string_view name, std::string_view values, std::string_view help) {
  return {name, values, help,
          [](ServiceSettings& settings, std::string_view text) -> std::string {
            const auto number = ParseWhole(text);
            if (!number || *number < Least || *number > Most) {
              return MustBe("a number from " + std::to_string(Least) + " to " + std::to_string(Most), text);
            }
            Field(settings) = static_cast<uint32_t>(*number);
            return {};
          },
          [](const ServiceSettings& settings) { return std::to_string(Field(settings)); }};
}

// Bounds in milliseconds.
template <auto Field, int64_t Least, int64_t Most>
SettingKey TimeRow(std::string_view name, std::string_view values, std::string_view help) {
  return {name, values, help,
          [](ServiceSettings& settings, std::string_view text) -> std::string {
            const auto time = ParseTime(text);
            if (!time || time->count() < Least || time->count() > Most) {
              return MustBe("a time from " + TimeText(Millis(Least)) + " to " + TimeText(Millis(Most)) +
                                ", like 10s, 500ms or 1h30m",
                            text);
            }
            Field(settings) = *time;
            return {};
          },
          [](const ServiceSettings& settings) { return TimeText(Field(settings)); }};
}

template <auto Field>
SettingKey SwitchRow(std::string_view name, std::string_view help) {
  return {name, "true|false", help,
          [](ServiceSettings& settings, std::string_view text) -> std::string {
            const auto on = ParseSwitch(text);
            if (!on) return MustBe("true or false", text);
            Field(settings) = *on;
            return {};
          },
          [](const ServiceSettings& settings) -> std::string { return Field(settings) ? "true" : "false"; }};
}

}  // namespace signpost::lb
