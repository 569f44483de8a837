// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/api/status_refusals.h"

#include <string>
#include <utility>

namespace signpost::registry {
namespace {

using Handler = Answer (*)(Engine&, const Call&);
constexpr std::string_view kAll[] = {"GET", "PUT", "POST", "DELETE"};

struct Refused {
  std::string_view pattern;
  std::vector<std::string_view> methods;
  Handler handler;
};

Answer NoAcls(Engine& /*engine*/, const Call& /*call*/) { return TextAnswer(401, "ACL support disabled"); }

Answer NoConnect(Engine& /*engine*/, const Call& /*call*/) {
  return TextAnswer(500, "Connect must be enabled in order to use this endpoint");
}

Answer NotServed(Engine& /*engine*/, const Call& call) {
  return TextAnswer(501, "not served by the embedded registry: " + call.request.path);
}

Answer EmptyList(Engine& /*engine*/, const Call& /*call*/) {
  Answer answer = JsonAnswer("[]");
  answer.index = 1;
  return answer;
}

// config/KIND and config/KIND/NAME.
Answer ConfigEntries(Engine& engine, const Call& call) {
  const size_t slash = call.rest.find('/');
  if (slash == std::string::npos) return EmptyList(engine, call);
  const std::string kind = call.rest.substr(0, slash);
  return TextAnswer(404, "Config entry not found for \"" + kind + "\" / \"" + call.rest.substr(slash + 1) + "\"");
}

std::vector<Refused> Acls() {
  return {
      {"/v1/acl/bootstrap", {"PUT"}, NoAcls},
      {"/v1/acl/login", {"POST"}, NoAcls},
      {"/v1/acl/logout", {"POST"}, NoAcls},
      {"/v1/acl/replication", {"GET"}, NoAcls},
      {"/v1/acl/policies", {"GET"}, NoAcls},
      {"/v1/acl/policy", {"PUT"}, NoAcls},
      {"/v1/acl/policy/*", {"GET", "PUT", "DELETE"}, NoAcls},
      {"/v1/acl/policy/name/*", {"GET"}, NoAcls},
      {"/v1/acl/roles", {"GET"}, NoAcls},
      {"/v1/acl/role", {"PUT"}, NoAcls},
      {"/v1/acl/role/*", {"GET", "PUT", "DELETE"}, NoAcls},
      {"/v1/acl/role/name/*", {"GET"}, NoAcls},
      {"/v1/acl/binding-rules", {"GET"}, NoAcls},
      {"/v1/acl/binding-rule", {"PUT"}, NoAcls},
      {"/v1/acl/binding-rule/*", {"GET", "PUT", "DELETE"}, NoAcls},
      {"/v1/acl/auth-methods", {"GET"}, NoAcls},
      {"/v1/acl/auth-method", {"PUT"}, NoAcls},
      {"/v1/acl/auth-method/*", {"GET", "PUT", "DELETE"}, NoAcls},
      {"/v1/acl/rules/translate", {"POST"}, NoAcls},
      {"/v1/acl/rules/translate/*", {"GET"}, NoAcls},
      {"/v1/acl/tokens", {"GET"}, NoAcls},
      {"/v1/acl/token", {"PUT"}, NoAcls},
      {"/v1/acl/token/self", {"GET"}, NoAcls},
      {"/v1/acl/token/*", {"GET", "PUT", "DELETE"}, NoAcls},
      {"/v1/acl/create", {"PUT"}, NoAcls},
      {"/v1/acl/update", {"PUT"}, NoAcls},
      {"/v1/acl/destroy/*", {"PUT"}, NoAcls},
      {"/v1/acl/info/*", {"GET"}, NoAcls},
      {"/v1/acl/clone/*", {"PUT"}, NoAcls},
      {"/v1/acl/list", {"GET"}, NoAcls},
      {"/v1/internal/acl/authorize", {"POST"}, NoAcls},
  };
}

std::vector<Refused> Mesh() {
  return {
      {"/v1/connect/ca/roots", {"GET"}, NoConnect},
      {"/v1/connect/ca/configuration", {"GET", "PUT"}, NoConnect},
      {"/v1/agent/connect/*", {"GET", "POST"}, NoConnect},
      {"/v1/discovery-chain/*", {"GET", "POST"}, NoConnect},
      {"/v1/connect/intentions", {"GET"}, EmptyList},
      {"/v1/connect/intentions", {"POST"}, NotServed},
      {"/v1/connect/intentions/*", {std::begin(kAll), std::end(kAll)}, NotServed},
      {"/v1/config", {"PUT"}, NotServed},
      {"/v1/config/*", {"GET"}, ConfigEntries},
      {"/v1/config/*", {"DELETE"}, NotServed},
      {"/v1/operator/autopilot/*", {"GET", "PUT"}, NotServed},
      {"/v1/operator/keyring", {std::begin(kAll), std::end(kAll)}, NotServed},
      {"/v1/operator/raft/peer", {"DELETE"}, NotServed},
      {"/v1/snapshot", {"GET", "PUT"}, NotServed},
  };
}

void Add(const std::vector<Refused>& all, Routes& routes) {
  for (const Refused& refused : all) {
    for (const std::string_view method : refused.methods) {
      const RouteKind kind = method == "GET" ? RouteKind::kRead : RouteKind::kWrite;
      routes.push_back({method, refused.pattern, kind, refused.handler});
    }
  }
}

}  // namespace

Routes RefusalRoutes() {
  Routes routes;
  Add(Acls(), routes);
  Add(Mesh(), routes);
  return routes;
}

}  // namespace signpost::registry
