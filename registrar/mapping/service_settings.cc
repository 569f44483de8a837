// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/service_settings.h"

#include <algorithm>

#include "registrar/mapping/text_values.h"

namespace signpost::registrar {
namespace {

constexpr int kMaxWeight = 65535;

// One key with all that its reading needs.
struct Setting {
  const Metadata& metadata;
  const MappingOptions& options;
  std::string_view key;
  Strings& warnings;

  bool given() const { return metadata.Has(key); }
  std::string_view text() const { return Trimmed(metadata.Value(key)); }
  void Warn(std::string_view what_happens) const {
    warnings.push_back(KeyName(options.prefix, key) + "=" + std::string(text()) + " " + std::string(what_happens));
  }
};

int ReadWeight(const Setting& setting, int least, int fallback) {
  if (!setting.given()) return fallback;
  const auto number = ParseWhole(setting.text(), INT64_MAX);
  const std::string bounds = "write a number from " + std::to_string(least) + " to " + std::to_string(kMaxWeight);
  if (!number) {
    setting.Warn("is no weight, " + std::to_string(fallback) + " is used; " + bounds);
    return fallback;
  }
  const int weight = static_cast<int>(std::clamp<int64_t>(*number, least, kMaxWeight));
  if (weight != *number) setting.Warn("is out of bounds, " + std::to_string(weight) + " is used; " + bounds);
  return weight;
}

bool ReadSwitch(const Setting& setting) {
  if (!setting.given()) return false;
  const auto on = ParseSwitch(setting.text());
  if (!on) setting.Warn("is left out; write true or false");
  return on.value_or(false);
}

// Without a health check the container would never become healthy.
RegisterWhen ReadRegisterWhen(const Setting& setting, Health health) {
  const RegisterWhen usual = health == Health::kNone ? RegisterWhen::kStarted : setting.options.register_when;
  if (!setting.given()) return usual;
  const std::string text = LowerCase(setting.text());
  if (text == "started") return RegisterWhen::kStarted;
  if (text != "healthy") {
    setting.Warn("is left out; write started or healthy");
    return usual;
  }
  if (health != Health::kNone) return RegisterWhen::kHealthy;
  setting.Warn("is left out because the container has no HEALTHCHECK; give it one (docker run --health-cmd)");
  return RegisterWhen::kStarted;
}

Millis ReadDrain(const Setting& setting) {
  if (!setting.given()) return setting.options.drain;
  const auto drain = ParseWait(setting.text());
  if (!drain) setting.Warn("is left out; write seconds or a duration of at most a day, as 10 or 1m30s");
  return drain.value_or(setting.options.drain);
}

}  // namespace

void ReadSettings(const Container& container, const Metadata& metadata, const MappingOptions& options, Service& service,
                  Strings& warnings) {
  const auto setting = [&](std::string_view key) { return Setting{metadata, options, key, warnings}; };
  service.weight_passing = ReadWeight(setting("weight"), 1, 1);
  service.weight_warning = ReadWeight(setting("weight_warning"), 0, 1);
  service.enable_tag_override = ReadSwitch(setting("enable_tag_override"));
  service.register_when = ReadRegisterWhen(setting("register_when"), container.health);
  service.drain = ReadDrain(setting("drain"));
}

}  // namespace signpost::registrar
