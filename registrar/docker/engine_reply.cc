// Signpost. Apache-2.0; see LICENSE.
#include "registrar/docker/engine_reply.h"

#include <array>

#include "common/json/json.h"

namespace signpost::registrar {
namespace {

constexpr size_t kMaxWords = 300;

ErrorKind KindOf(int status) {
  if (status == 401 || status == 403) return ErrorKind::kDenied;
  if (status == 404) return ErrorKind::kNotFound;
  if (status == 429 || status >= 500) return ErrorKind::kUnavailable;
  return ErrorKind::kInvalid;
}

std::string OneLine(std::string_view text) {
  std::string line;
  for (const char c : text.substr(0, kMaxWords)) line += static_cast<unsigned char>(c) < ' ' || c == 0x7f ? ' ' : c;
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

std::string WordsOf(std::string_view body) {
  if (const auto document = json::Document::Parse(body); document.ok()) {
    const std::string_view message = document.value().root()["message"].String();
    if (!message.empty()) return OneLine(message);
  }
  return OneLine(body);
}

}  // namespace

Status JudgeStatus(std::string_view what, int status, std::string_view body) {
  if ((status >= 200 && status < 300) || status == 304) return Status::Ok();
  const std::string words = WordsOf(body);
  return {KindOf(status),
          std::string(what) + ": status " + std::to_string(status) + (words.empty() ? "" : ": ") + words};
}

std::string SinceText(int64_t nanoseconds) {
  constexpr int64_t kSecond = 1'000'000'000;
  const std::string fraction = std::to_string(nanoseconds % kSecond);
  return std::to_string(nanoseconds / kSecond) + "." + std::string(9 - fraction.size(), '0') + fraction;
}

std::string EventFilters(bool podman) {
  std::string filters =
      R"({"type":["container","network"],"event":["start","die","kill","stop","pause","unpause","rename","destroy",)"
      R"("update","oom","health_status","connect","disconnect")";
  if (podman) filters += R"(,"died","remove","restart")";
  return filters + "]}";
}

}  // namespace signpost::registrar
