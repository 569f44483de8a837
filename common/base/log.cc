// Signpost. Apache-2.0; see LICENSE.
#include "common/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <string>

namespace signpost {
namespace {

std::atomic<bool> json_lines = false;

spdlog::logger& Logger() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made = std::make_shared<spdlog::logger>("signpost", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
    return made;
  }();
  return *logger;
}

std::string JsonString(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
      out += escaped;
    } else {
      out += c;
    }
  }
  return out += '"';
}

void Write(spdlog::level::level_enum level, std::string_view text) {
  spdlog::logger& logger = Logger();
  if (!logger.should_log(level)) return;
  if (json_lines.load(std::memory_order_relaxed)) {
    logger.log(level, "{}", JsonString(text));
  } else {
    logger.log(level, "{}", text);
  }
}

}  // namespace

void SetLogging(LogLevel level, LogFormat format) {
  static constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info,
                                                          spdlog::level::warn, spdlog::level::err, spdlog::level::off};
  Logger().set_level(kLevels[static_cast<size_t>(level)]);
  json_lines = format == LogFormat::kJson;
  Logger().set_pattern(format == LogFormat::kJson ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","message":%v})"
                                                  : "%Y-%m-%dT%H:%M:%S.%e%z %l %v");
}

void LogDebug(std::string_view text) { Write(spdlog::level::debug, text); }
void LogInfo(std::string_view text) { Write(spdlog::level::info, text); }
void LogWarn(std::string_view text) { Write(spdlog::level::warn, text); }
void LogError(std::string_view text) { Write(spdlog::level::err, text); }

void NeighbourLog::Report(const Status& status) {
  if (status.ok() != failing_) return;
  failing_ = !status.ok();
  if (failing_) {
    LogWarn(name_ + " is failing: " + status.text());
  } else {
    LogInfo(name_ + " is back");
  }
}

}  // namespace signpost
