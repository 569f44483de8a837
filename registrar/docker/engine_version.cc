// Signpost. Apache-2.0; see LICENSE.
#include "registrar/docker/engine_version.h"

#include <algorithm>
#include <charconv>

namespace signpost::registrar {
namespace {

std::optional<int> SmallNumber(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0 || number > 9999) return std::nullopt;
  return number;
}

Result<ApiVersion> CheckPinned(std::string_view pinned, ApiVersion min, ApiVersion max) {
  const auto version = ParseApiVersion(pinned);
  if (!version) {
    return Status::Config("DOCKER_API_VERSION is '" + std::string(pinned.substr(0, 40)) +
                          "', not a version such as 1.41");
  }
  if (*version < min || *version > max) {
    return Status::Config("DOCKER_API_VERSION pins the Docker API to " + ApiVersionText(*version) +
                          ", the engine speaks " + ApiVersionText(min) + " to " + ApiVersionText(max) + ": unset it");
  }
  return *version;
}

}  // namespace

std::optional<ApiVersion> ParseApiVersion(std::string_view text) {
  const size_t dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto major = SmallNumber(text.substr(0, dot));
  const auto minor = SmallNumber(text.substr(dot + 1));
  if (!major || !minor) return std::nullopt;
  return ApiVersion{*major, *minor};
}

std::string ApiVersionText(ApiVersion version) {
  return std::to_string(version.major) + "." + std::to_string(version.minor);
}

Result<ApiVersion> ChooseApiVersion(std::string_view pinned, std::string_view engine_min, std::string_view engine_max) {
  const ApiVersion max = ParseApiVersion(engine_max).value_or(kNewestApi);
  const ApiVersion min = ParseApiVersion(engine_min).value_or(std::min(kOldestApi, max));
  if (!pinned.empty()) return CheckPinned(pinned, min, max);
  if (kNewestApi < min) {
    return Status::Config("the Docker Engine speaks API " + ApiVersionText(min) + " or newer, registrar up to " +
                          ApiVersionText(kNewestApi) + ": upgrade registrar");
  }
  if (max < kOldestApi) {
    return Status::Config("the Docker Engine speaks API " + ApiVersionText(max) + " at most, registrar needs " +
                          ApiVersionText(kOldestApi) + ": upgrade the engine");
  }
  return std::min(kNewestApi, max);
}

}  // namespace signpost::registrar
