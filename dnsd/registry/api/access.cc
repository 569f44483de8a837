// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/api/access.h"

#include <string_view>

namespace signpost::registry {
namespace {

std::string TokenOf(const http::ServerRequest& request) {
  if (const auto token = request.Param("token"); token && !token->empty()) return *token;
  if (const std::string_view token = request.Header("x-consul-token"); !token.empty()) return std::string(token);
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view authorization = request.Header("authorization");
  if (!authorization.starts_with(kBearer)) return {};
  return std::string(authorization.substr(kBearer.size()));
}

// Takes as long for a wrong token as for the right one.
bool Equal(std::string_view given, std::string_view token) {
  unsigned difference = given.size() == token.size() ? 0 : 1;
  for (size_t i = 0; i < token.size(); ++i) {
    const char from_given = given.empty() ? '\0' : given[i % given.size()];
    difference |= static_cast<unsigned char>(from_given ^ token[i]);
  }
  return difference == 0;
}

}  // namespace

bool MayUse(const AccessRules& rules, const http::ServerRequest& request, RouteKind kind) {
  if (rules.token.empty()) return true;
  if (kind != RouteKind::kWrite && !rules.reads) return true;
  return Equal(TokenOf(request), rules.token);
}

}  // namespace signpost::registry
