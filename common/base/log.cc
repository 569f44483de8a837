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

unsigned char Byte(std::string_view text, size_t at) { return static_cast<unsigned char>(text[at]); }

// Bytes of the UTF-8 character that begins `text` (RFC 3629, 4); 0: it begins with no valid one.
size_t CharacterLength(std::string_view text) {
  const unsigned char lead = Byte(text, 0);
  if (lead < 0x80) return 1;
  const size_t length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((Byte(text, i) & 0xc0U) != 0x80) return 0;
  }
  const unsigned char second = Byte(text, 1);  // no overlong form, no surrogate, nothing above U+10FFFF
  const bool outside = (lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
                       (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f);
  return outside ? 0 : length;
}

void Escape(const char* form, unsigned code, std::string& out) {
  char escaped[8];
  std::snprintf(escaped, sizeof escaped, form, code);
  out += escaped;
}

// What a line may hold: no control character (of C0, C1, or DEL) that moves a terminal or begins a line of its own,
// and only valid UTF-8. `json` quotes as JSON needs it as well.
std::string Harmless(std::string_view text, bool json) {
  const char* form = json ? "\\u%04x" : "\\x%02x";
  std::string out;
  while (!text.empty()) {
    const size_t length = CharacterLength(text);
    const unsigned char first = Byte(text, 0);
    if (length == 0) {
      out += '?';
    } else if (first < 0x20 || first == 0x7f) {
      Escape(form, first, out);
    } else if (first == 0xc2 && Byte(text, 1) < 0xa0) {
      Escape(form, Byte(text, 1), out);
    } else {
      if (json && (first == '"' || first == '\\')) out += '\\';
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

void Write(spdlog::level::level_enum level, std::string_view text) {
  spdlog::logger& logger = Logger();
  if (!logger.should_log(level)) return;
  const bool json = json_lines.load(std::memory_order_relaxed);
  const std::string harmless = Harmless(text, json);
  logger.log(level, "{}", json ? '"' + harmless + '"' : harmless);
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
