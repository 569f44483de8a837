// Signpost. Apache-2.0; see LICENSE.
#include "registrar/container/fields.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <csignal>
#include <string>

namespace signpost::registrar {
namespace {

struct NamedSignal {
  const char* name;
  int number;
};

constexpr std::array<NamedSignal, 32> kSignals = {{
    {"HUP", SIGHUP},   {"INT", SIGINT},       {"QUIT", SIGQUIT},   {"ILL", SIGILL},   {"TRAP", SIGTRAP},
    {"ABRT", SIGABRT}, {"IOT", SIGIOT},       {"BUS", SIGBUS},     {"FPE", SIGFPE},   {"KILL", SIGKILL},
    {"USR1", SIGUSR1}, {"SEGV", SIGSEGV},     {"USR2", SIGUSR2},   {"PIPE", SIGPIPE}, {"ALRM", SIGALRM},
    {"TERM", SIGTERM}, {"STKFLT", SIGSTKFLT}, {"CHLD", SIGCHLD},   {"CONT", SIGCONT}, {"STOP", SIGSTOP},
    {"TSTP", SIGTSTP}, {"TTIN", SIGTTIN},     {"TTOU", SIGTTOU},   {"URG", SIGURG},   {"XCPU", SIGXCPU},
    {"XFSZ", SIGXFSZ}, {"PROF", SIGPROF},     {"WINCH", SIGWINCH}, {"IO", SIGIO},     {"PWR", SIGPWR},
    {"SYS", SIGSYS},   {"VTALRM", SIGVTALRM},
}};

constexpr int kFirstRealTime = 34;  // as the engine counts; the C library keeps 32 and 33 for itself
constexpr int kLastSignal = 64;

std::string Upper(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return upper;
}

// "RTMIN", "RTMIN+3", "RTMAX-1"; 0 for anything else.
int RealTimeSignal(std::string_view name) {
  if (name == "RTMIN") return kFirstRealTime;
  if (name == "RTMAX") return kLastSignal;
  const bool from_first = name.starts_with("RTMIN+");
  if (!from_first && !name.starts_with("RTMAX-")) return 0;
  const int64_t distance = ParseDecimal(name.substr(6)).value_or(-1);
  if (distance < 0 || distance > kLastSignal - kFirstRealTime) return 0;
  return static_cast<int>(from_first ? kFirstRealTime + distance : kLastSignal - distance);
}

int SignalOfName(std::string_view text) {
  if (text.size() > 16) return 0;
  const std::string upper = Upper(text);
  std::string_view name = upper;
  if (name.starts_with("SIG")) name.remove_prefix(3);
  const auto* found =
      std::find_if(kSignals.begin(), kSignals.end(), [&](const auto& each) { return name == each.name; });
  return found != kSignals.end() ? found->number : RealTimeSignal(name);
}

}  // namespace

std::optional<int64_t> ParseDecimal(std::string_view text) {
  int64_t value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (text.empty() || error != std::errc() || end != last) return std::nullopt;
  return value;
}

int64_t IntOf(json::Value value, int64_t fallback) {
  return value.IsString() ? ParseDecimal(value.String()).value_or(fallback) : value.Int(fallback);
}

uint16_t ParsePort(std::string_view text) {
  const int64_t number = ParseDecimal(text).value_or(0);
  return number >= 1 && number <= 65535 ? static_cast<uint16_t>(number) : uint16_t{0};
}

uint16_t PortOf(json::Value value) {
  const int64_t number = IntOf(value);
  return number >= 1 && number <= 65535 ? static_cast<uint16_t>(number) : uint16_t{0};
}

int SignalOf(json::Value value) {
  const int64_t number = IntOf(value);
  if (number >= 1 && number <= kLastSignal) return static_cast<int>(number);
  return SignalOfName(value.String());
}

bool IsUsableId(std::string_view id) {
  const auto allowed = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.'; };
  return !id.empty() && id.size() <= 128 && id.front() != '.' && std::all_of(id.begin(), id.end(), allowed);
}

}  // namespace signpost::registrar
