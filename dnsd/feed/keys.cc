// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/feed/keys.h"

namespace signpost::feed {
namespace {

std::string PathOf(const catalog::Key& key) {
  const std::string name = consul::EncodeSegment(key.name);
  switch (key.kind) {
    case catalog::Kind::kService:
      return "/v1/health/service/" + name;
    case catalog::Kind::kConnect:
      return "/v1/health/connect/" + name;
    case catalog::Kind::kIngress:
      return "/v1/health/ingress/" + name;
    case catalog::Kind::kNode:
      return "/v1/catalog/node/" + name;
    case catalog::Kind::kQuery:
      return "/v1/query/" + name + "/execute";
  }
  return {};
}

}  // namespace

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

consul::GetRequest RequestFor(const catalog::Key& key, const std::string& agent_datacenter) {
  consul::GetRequest request;
  request.path = PathOf(key);
  if (key.datacenter != agent_datacenter) request.params.emplace_back("dc", key.datacenter);
  return request;
}

bool IsUuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool hyphen_place = i == 8 || i == 13 || i == 18 || i == 23;
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (hyphen_place ? c != '-' : !hex) return false;
  }
  return true;
}

}  // namespace signpost::feed
