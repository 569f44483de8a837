// Signpost. Apache-2.0; see LICENSE.
#include "lb/publish/service_settings.h"

#include <algorithm>

#include "lb/pool/settings_keys.h"
#include "lb/publish/config_value.h"

namespace signpost::lb {
namespace {

constexpr std::string_view kSplit = "split";
constexpr std::string_view kVersionKey = "lb.version";  // VersionOf reads it

// Null if there is none.
const std::string* MetaOf(const Instance& instance, std::string_view key) {
  const auto entry =
      std::find_if(instance.meta.begin(), instance.meta.end(), [&](const auto& pair) { return pair.first == key; });
  return entry == instance.meta.end() ? nullptr : &entry->second;
}

template <typename Fits>
const Instance* Newest(const std::vector<Instance>& instances, Fits fits) {
  const Instance* newest = nullptr;
  for (const Instance& instance : instances) {
    if (fits(instance) && (newest == nullptr || instance.modified > newest->modified)) newest = &instance;
  }
  return newest;
}

class Layers {
 public:
  Layers(const DiscoveredService& service, ServiceSettings& settings, std::vector<std::string>& warnings)
      : service_(service), settings_(settings), warnings_(warnings) {}

  void ApplyMeta(SplitMemory& memory) {
    const Instance* newest = Newest(service_.instances, [](const Instance&) { return true; });
    if (newest == nullptr) return ApplyRemembered(memory.meta);
    for (const auto& [key, value] : newest->meta) {
      if (!key.starts_with(kMetaPrefix) || key == kVersionKey) continue;
      const std::string_view name = std::string_view(key).substr(kMetaPrefix.size());
      if (name == kSplit) continue;
      if (const Status status = ApplySetting(settings_, name, value); !status.ok())
        Warn("meta " + QuotedText(key), status);
    }
    ApplyMetaSplit(memory.meta);
  }

  void ApplyPolicy(SplitMemory& memory) {
    if (service_.policy.empty()) {
      memory.policy.reset();
      return;
    }
    auto split = ParsePolicy(service_.policy);
    if (split.ok()) {
      memory.policy = std::move(split).value();
    } else {
      Warn("policy", split.status());
    }
    ApplyRemembered(memory.policy);
  }

 private:
  void Warn(const std::string& what, const Status& status) {
    warnings_.push_back("service " + QuotedText(service_.name) + ": its " + what + " is not used: " + status.text());
  }

  void ApplyRemembered(const std::optional<VersionSplit>& split) {
    if (split) settings_.split = *split;
  }

  void ApplyMetaSplit(std::optional<VersionSplit>& memory) {
    const std::string key = std::string(kMetaPrefix) + std::string(kSplit);
    const Instance* with_split =
        Newest(service_.instances, [&](const Instance& instance) { return MetaOf(instance, key) != nullptr; });
    if (with_split == nullptr) {
      memory.reset();
      return;
    }
    const Status status = ApplySetting(settings_, kSplit, *MetaOf(*with_split, key));
    if (status.ok()) {
      memory = settings_.split;
    } else {
      Warn("meta " + QuotedText(key), status);
      ApplyRemembered(memory);
    }
  }

  const DiscoveredService& service_;
  ServiceSettings& settings_;
  std::vector<std::string>& warnings_;
};

}  // namespace

ServiceSettings SettingsOf(const ServiceSettings& defaults, const DiscoveredService* service,
                           const ServiceConfig* config, SplitMemory& memory, std::vector<std::string>& warnings) {
  ServiceSettings settings = defaults;
  if (service != nullptr) {
    Layers layers(*service, settings, warnings);
    layers.ApplyMeta(memory);
    layers.ApplyPolicy(memory);
  }
  if (config == nullptr) return settings;
  for (const auto& [name, value] : config->settings) {
    // ReadFileConfig has refused what does not fit.
    if (const Status status = ApplySetting(settings, name, value); !status.ok()) warnings.push_back(status.text());
  }
  return settings;
}

}  // namespace signpost::lb
