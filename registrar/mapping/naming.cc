// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/naming.h"

#include <algorithm>

namespace signpost::registrar {
namespace {

constexpr size_t kShortId = 12;  // hex digits of the shortest ID that tools print
constexpr size_t kFullId = 64;
constexpr size_t kMaxLabel = 63;  // RFC 1035 2.3.4

bool IsImageId(std::string_view image) {
  if (image.starts_with("sha256:")) return true;
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return image.size() >= kShortId && image.size() <= kFullId && std::all_of(image.begin(), image.end(), is_hex);
}

std::string_view LastElement(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view UpTo(std::string_view text, char end) { return text.substr(0, text.find(end)); }

std::string_view ImageBaseName(const Container& container) {
  const std::string_view swarm = Label(container, "com.docker.swarm.service.name");
  if (!swarm.empty()) return swarm;
  if (IsImageId(container.image)) return Label(container, "com.docker.compose.service");
  return UpTo(LastElement(UpTo(container.image, '@')), ':');
}

}  // namespace

std::string CallName(const Container& container) {
  return container.name.empty() ? container.id.substr(0, kShortId) : container.name;
}

std::string DefaultName(const Container& container, Compat compat) {
  const std::string_view name = compat == Compat::kRegistrator ? UpTo(LastElement(container.image), ':')  //
                                                               : ImageBaseName(container);
  return name.empty() ? CallName(container) : std::string(name);
}

std::string GeneratedId(std::string_view node_id, std::string_view container_name, uint16_t port, Protocol protocol) {
  std::string id(node_id);
  id.append(":").append(container_name).append(":").append(std::to_string(port));
  if (protocol != Protocol::kTcp) id.append(":").append(ProtocolName(protocol));
  return id;
}

std::string DnsSafe(std::string_view name) {
  std::string safe;
  for (char c : name) {
    if (safe.size() == kMaxLabel) break;
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (plain) {
      safe += c;
    } else if (!safe.empty() && safe.back() != '-') {
      safe += '-';
    }
  }
  while (!safe.empty() && safe.back() == '-') safe.pop_back();
  return safe.empty() ? "service" : safe;
}

}  // namespace signpost::registrar
