// Signpost. Apache-2.0; see LICENSE.
#include "lb/admin_api.h"

#include <optional>
#include <string_view>

#include "common/base/log.h"
#include "common/json/json.h"
#include "common/options/text.h"

namespace signpost::lb {
namespace {

constexpr int kMaxWeight = 65535;
constexpr Millis kMaxFor{int64_t{366} * 24 * 3600 * 1000};

http::ServerResponse Json(int status, json::Writer& out) {
  return {.status = status, .headers = {{"Content-Type", "application/json"}}, .body = out.Take() + "\n"};
}

http::ServerResponse Error(int status, std::string_view text) {
  json::Writer out;
  out.BeginObject();
  out.Key("error").String(text);
  out.EndObject();
  return Json(status, out);
}

// Takes as long whatever of it is right.
bool SameSecret(std::string_view a, std::string_view b) {
  unsigned different = a.size() == b.size() ? 0 : 1;
  for (size_t i = 0; i < a.size(); ++i) {
    different |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b.empty() ? 0 : b[i % b.size()]);
  }
  return different == 0;
}

std::optional<http::ServerResponse> Refusal(const http::ServerRequest& request, std::string_view token) {
  if (request.method != "PUT" && request.method != "POST") {
    http::ServerResponse response = Error(405, "use PUT or POST");
    response.headers.emplace_back("Allow", "PUT, POST");
    return response;
  }
  if (!token.empty()) {
    constexpr std::string_view kScheme = "Bearer ";
    const std::string_view given = request.Header("authorization");
    if (given.starts_with(kScheme) && SameSecret(given.substr(kScheme.size()), token)) return std::nullopt;
    http::ServerResponse response = Error(401, "needs the header Authorization: Bearer TOKEN with the --admin-token");
    response.headers.emplace_back("WWW-Authenticate", "Bearer");
    return response;
  }
  if (!request.peer.is_loopback()) return Error(403, "without an --admin-token only this host may change endpoints");
  // A proxy on this host, lb itself included, makes everybody's requests its own.
  for (const std::string_view name : {"via", "forwarded", "x-forwarded-for"}) {
    if (!request.Header(name).empty()) return Error(403, "without an --admin-token proxies may not change endpoints");
  }
  // A web page in a browser on this host could send such a request unseen.
  if (!request.Header("origin").empty() || !request.Header("sec-fetch-site").empty()) {
    return Error(403, "without an --admin-token browsers may not change endpoints");
  }
  return std::nullopt;
}

}  // namespace

struct AdminApi::Wish {
  enum class What : unsigned char { kDrain, kEnable, kWeight };
  What what = What::kDrain;
  std::pair<std::string, std::string> whom;  // service, endpoint
  int weight = -1;
  Millis expires{0};  // 0 = never
};

namespace {

std::string_view ActionOf(std::string_view path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

http::ServerResponse AdminApi::Handle(const http::ServerRequest& request, std::string_view token) {
  if (auto refusal = Refusal(request, token)) return std::move(*refusal);
  Wish wish;
  const std::string_view action = ActionOf(request.path);
  if (request.path != "/v1/endpoint/" + std::string(action) ||
      (action != "drain" && action != "enable" && action != "weight")) {
    return Error(404, "there are /v1/endpoint/drain, /v1/endpoint/enable and /v1/endpoint/weight");
  }
  wish.what = action == "drain" ? Wish::What::kDrain : action == "enable" ? Wish::What::kEnable : Wish::What::kWeight;
  wish.whom = {request.Param("service").value_or(""), request.Param("endpoint").value_or("")};
  if (wish.whom.first.empty() || wish.whom.second.empty()) {
    return Error(400, "needs the parameters service and endpoint");
  }
  if (wish.what == Wish::What::kWeight) {
    const auto weight = options::ParseInteger(request.Param("weight").value_or(""));
    if (!weight || *weight < 0 || *weight > kMaxWeight) return Error(400, "weight must be an integer from 0 to 65535");
    wish.weight = static_cast<int>(*weight);
  }
  if (const auto text = request.Param("for")) {
    const auto duration = options::ParseDuration(*text);
    if (!duration || *duration <= Millis(0) || *duration > kMaxFor)
      return Error(400, "for must be a duration such as 10m");
    wish.expires = *duration;
  }
  if (const Status applied = Apply(wish); !applied.ok()) {
    return Error(applied.kind() == ErrorKind::kNotFound ? 404 : 400, applied.text());
  }
  json::Writer out;
  out.BeginObject();
  out.Key("action").String(action);
  out.Key("service").String(wish.whom.first);
  out.Key("endpoint").String(wish.whom.second);
  if (wish.weight >= 0) out.Key("weight").Int(wish.weight);
  if (wish.expires > Millis(0)) out.Key("for").String(options::FormatDuration(wish.expires));
  out.EndObject();
  return Json(200, out);
}

Status AdminApi::Apply(const Wish& wish) {
  const auto& [service, endpoint] = wish.whom;
  const bool weight = wish.what == Wish::What::kWeight;
  Status applied = weight ? target_.set_weight(service, endpoint, wish.weight)
                          : target_.set_drained(service, endpoint, wish.what == Wish::What::kDrain);
  if (applied.ok() && wish.what == Wish::What::kEnable) applied = target_.set_weight(service, endpoint, -1);
  if (!applied.ok()) return applied;
  const std::string done = weight                            ? "weight " + std::to_string(wish.weight)
                           : wish.what == Wish::What::kDrain ? "drained"
                                                             : "enabled";
  LogInfo(service + " " + endpoint + ": " + done + " by the operator" +
          (wish.expires > Millis(0) ? " for " + options::FormatDuration(wish.expires) : ""));
  if (wish.what != Wish::What::kWeight) drains_.erase(wish.whom);
  if (wish.what != Wish::What::kDrain) weights_.erase(wish.whom);
  if (wish.what != Wish::What::kEnable && wish.expires > Millis(0)) {
    auto timer = std::make_unique<net::Timer>(loop_, [this, wish] { Expire(wish); });
    timer->Start(wish.expires);
    (weight ? weights_ : drains_)[wish.whom] = std::move(timer);
  }
  return applied;
}

void AdminApi::Expire(const Wish& wish) {
  const Wish copy = wish;  // the timer, and with it the argument, goes below
  const bool weight = copy.what == Wish::What::kWeight;
  const auto& [service, endpoint] = copy.whom;
  const Status done =
      weight ? target_.set_weight(service, endpoint, -1) : target_.set_drained(service, endpoint, false);
  // Unknown by now: then there is nothing to take back.
  if (done.ok())
    LogInfo(service + " " + endpoint + ": the operator's " + (weight ? "weight" : "drain") + " has run out");
  (weight ? weights_ : drains_).erase(copy.whom);
}

}  // namespace signpost::lb
