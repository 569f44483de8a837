// Signpost. Apache-2.0; see LICENSE.
#include <cctype>
#include <chrono>
#include <limits>
#include <optional>

#include "common/json/json.h"
#include "registrar/container/inspect.h"

namespace signpost::registrar {
namespace {

// Reads a text from the left; every step fails when something else stands there.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool Skip(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // Exactly `digits` digits, at most `limit`.
  std::optional<int> Number(size_t digits, int limit) {
    int value = 0;
    for (size_t i = 0; i < digits; ++i) {
      if (rest_.empty() || std::isdigit(static_cast<unsigned char>(rest_.front())) == 0) return std::nullopt;
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return value <= limit ? std::optional(value) : std::nullopt;
  }

  // Any number of digits, of which nine count; at least one.
  std::optional<int64_t> Fraction() {
    int64_t value = 0;
    size_t count = 0;
    for (; !rest_.empty() && std::isdigit(static_cast<unsigned char>(rest_.front())) != 0; ++count) {
      if (count < 9) value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    for (size_t i = count; i < 9; ++i) value *= 10;
    return count > 0 ? std::optional(value) : std::nullopt;
  }

  bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

std::optional<int64_t> ReadDate(Reader& in) {
  const auto year = in.Number(4, 9999);
  if (!year || !in.Skip('-')) return std::nullopt;
  const auto month = in.Number(2, 12);
  if (!month || !in.Skip('-')) return std::nullopt;
  const auto day = in.Number(2, 31);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

std::optional<int64_t> ReadTimeOfDay(Reader& in) {
  const auto hours = in.Number(2, 23);
  if (!hours || !in.Skip(':')) return std::nullopt;
  const auto minutes = in.Number(2, 59);
  if (!minutes || !in.Skip(':')) return std::nullopt;
  const auto seconds = in.Number(2, 60);
  if (!seconds) return std::nullopt;
  return (*hours * 60 + *minutes) * 60 + *seconds;
}

// "Z" or "+02:00", in seconds east.
std::optional<int64_t> ReadZone(Reader& in) {
  if (in.Skip('Z') || in.Skip('z')) return 0;
  const bool west = in.Skip('-');
  if (!west && !in.Skip('+')) return std::nullopt;
  const auto hours = in.Number(2, 23);
  if (!hours || !in.Skip(':')) return std::nullopt;
  const auto minutes = in.Number(2, 59);
  if (!minutes) return std::nullopt;
  const int64_t east = (*hours * 60 + *minutes) * 60;
  return west ? -east : east;
}

}  // namespace

int64_t ParseTimeNano(std::string_view text) {
  constexpr int64_t kSecond = 1'000'000'000;
  Reader in(text);
  const auto days = ReadDate(in);
  if (!days || (!in.Skip('T') && !in.Skip('t') && !in.Skip(' '))) return 0;
  const auto time = ReadTimeOfDay(in);
  if (!time) return 0;
  std::optional<int64_t> fraction = 0;
  if (in.Skip('.')) fraction = in.Fraction();
  const auto zone = ReadZone(in);
  if (!fraction || !zone || !in.done()) return 0;
  const int64_t seconds = *days * 86400 + *time - *zone;
  if (seconds < 0 || seconds >= std::numeric_limits<int64_t>::max() / kSecond) return 0;
  return seconds * kSecond + *fraction;
}

Result<EngineInfo> ParseInfo(std::string_view json, bool podman) {
  auto document = json::Document::Parse(json);
  if (!document.ok()) return Status::Invalid("the engine's info is not JSON: " + document.status().text());
  const json::Value root = document->root();
  if (!root.IsObject()) return Status::Invalid("the engine's info is not a JSON object");
  EngineInfo info;
  if (!podman) info.id = root["ID"].String();
  info.name = root["Name"].String();
  info.system_time = root["SystemTime"].String();
  info.system_time_nano = ParseTimeNano(info.system_time);
  info.podman = podman;
  return info;
}

}  // namespace signpost::registrar
