// Signpost. Apache-2.0; see LICENSE.
// The operator's hand on single endpoints, on the operations listener (cases R10, R11):
//   PUT /v1/endpoint/drain?service=web&endpoint=192.0.2.1:8080[&for=10m]    no new requests
//   PUT /v1/endpoint/enable?service=web&endpoint=192.0.2.1:8080             takes drain and weight back
//   PUT /v1/endpoint/weight?service=web&endpoint=192.0.2.1:8080&weight=3[&for=10m]
// POST is the same. With a token: "Authorization: Bearer TOKEN"; without, only clients on this host, and no browsers.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "common/base/status.h"
#include "common/http/server.h"
#include "common/net/loop.h"
#include "common/net/timer.h"

namespace signpost::lb {

class AdminApi {
 public:
  // Who does it: the publisher. kNotFound names what is unknown.
  struct Target {
    std::function<Status(const std::string& service, const std::string& endpoint, bool drained)> set_drained;
    std::function<Status(const std::string& service, const std::string& endpoint, int weight)> set_weight;  // -1: own
  };

  AdminApi(net::Loop& loop, Target target) : loop_(loop), target_(std::move(target)) {}

  static bool IsMine(std::string_view path) { return path.starts_with("/v1/endpoint/"); }
  // JSON: what was done, or {"error": ...} with 400, 401, 403, 404 or 405.
  http::ServerResponse Handle(const http::ServerRequest& request, std::string_view token);

 private:
  struct Wish;
  Status Apply(const Wish& wish);
  void Expire(const Wish& wish);

  net::Loop& loop_;
  const Target target_;
  // What is taken back later, by service, endpoint and whether it is a weight.
  std::map<std::pair<std::string, std::string>, std::unique_ptr<net::Timer>> drains_;
  std::map<std::pair<std::string, std::string>, std::unique_ptr<net::Timer>> weights_;
};

}  // namespace signpost::lb
