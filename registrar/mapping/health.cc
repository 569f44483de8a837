// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/health.h"

#include <string>

#include "registrar/mapping/tags.h"
#include "registrar/mapping/text_values.h"

namespace signpost::registrar {
namespace {

struct StatusOf {
  bool mirrored = true;
  std::string starting = "critical";
  std::string healthy = "passing";
  std::string unhealthy = "critical";
};

bool ReadPair(std::string_view piece, StatusOf& result) {
  const size_t equals = piece.find('=');
  if (equals == std::string_view::npos) return false;
  const std::string_view state = Trimmed(piece.substr(0, equals));
  const std::string_view status = Trimmed(piece.substr(equals + 1));
  if (status != "passing" && status != "warning" && status != "critical") return false;
  std::string* const place = state == "starting"    ? &result.starting
                             : state == "healthy"   ? &result.healthy
                             : state == "unhealthy" ? &result.unhealthy
                                                    : nullptr;
  if (!place) return false;
  *place = status;
  return true;
}

StatusOf ReadHealthKey(const Metadata& metadata, const MappingOptions& options, Strings& warnings) {
  StatusOf result;
  for (const std::string& piece : SplitTags(LowerCase(metadata.Value("health")))) {
    if (const auto on = piece == "auto" ? true : ParseSwitch(piece)) {
      result.mirrored = *on;
    } else if (!ReadPair(piece, result)) {
      warnings.push_back(KeyName(options.prefix, "health") + ": \"" + piece.substr(0, 60) +
                         "\" is not used: write auto, off, or as starting=warning");
    }
  }
  return result;
}

std::string StatusIn(const StatusOf& of, Health health) {
  if (!of.mirrored) return {};
  switch (health) {
    case Health::kNone:
      return {};
    case Health::kStarting:
      return of.starting;
    case Health::kHealthy:
      return of.healthy;
    case Health::kUnhealthy:
      return of.unhealthy;
  }
  return {};
}

std::string TtlText(Millis ttl) {
  const auto millis = ttl.count();
  return millis % 1000 == 0 ? std::to_string(millis / 1000) + "s" : std::to_string(millis) + "ms";
}

}  // namespace

std::string HealthStatus(Health health, const Metadata& metadata, const MappingOptions& options, Strings& warnings) {
  return StatusIn(ReadHealthKey(metadata, options, warnings), health);
}

std::optional<CheckDefinition> MirrorHealth(const Container& container, std::string_view service_id,
                                            const Metadata& metadata, const MappingOptions& options,
                                            Strings& warnings) {
  if (container.health == Health::kNone) return std::nullopt;
  std::string status = HealthStatus(container.health, metadata, options, warnings);
  if (status.empty()) return std::nullopt;
  CheckDefinition check;
  check.check_id = "docker:" + std::string(service_id);
  check.name = "Docker health";
  check.owner = CheckOwner::kDockerHealth;
  check.ttl = TtlText(options.health_ttl);
  check.status = std::move(status);
  return check;
}

}  // namespace signpost::registrar
