// Signpost. Apache-2.0; see LICENSE.
// Log lines on standard error, as text or JSON. Any thread may call. Never on the DNS hot path,
// and never with a secret in the text. Texts may come from strangers: control characters stand as \x1b (JSON: \u001b),
// bytes that are no UTF-8 as "?", so that no text forges a line.
#pragma once

#include <string_view>

#include "common/base/status.h"

namespace signpost {

enum class LogLevel : unsigned char { kDebug, kInfo, kWarn, kError, kOff };
enum class LogFormat : unsigned char { kText, kJson };

// Call once before the first line (the default is kInfo, kText) and again on reload.
void SetLogging(LogLevel level, LogFormat format);

void LogDebug(std::string_view text);
void LogInfo(std::string_view text);
void LogWarn(std::string_view text);
void LogError(std::string_view text);

// Logs a neighbour's condition on change only: "NAME is failing: WHY", "NAME is back".
class NeighbourLog {
 public:
  explicit NeighbourLog(std::string_view name) : name_(name) {}
  void Report(const Status& status);
  bool failing() const { return failing_; }

 private:
  std::string name_;
  bool failing_ = false;
};

}  // namespace signpost
