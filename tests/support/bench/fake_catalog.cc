// Signpost. Apache-2.0; see LICENSE.
// A Consul agent for benchmarks: the read endpoints of a catalog that never changes, with blocking queries that
// hold until their wait expires. usage: bench_fake_catalog --port P --services N --instances M
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/server.h"
#include "common/net/address.h"
#include "common/net/loop.h"
#include "common/net/signals.h"
#include "common/net/timer.h"
#include "tests/support/bench/generated_world.h"

namespace signpost::bench {
namespace {

constexpr uint64_t kIndex = 1000;
constexpr Millis kDefaultWait{300000};
constexpr Millis kSweepPeriod{100};
constexpr const char* kNoChecks = "/v1/health/state/critical";
constexpr std::string_view kHealthService = "/v1/health/service/";

struct Arguments {
  uint16_t port = 0;
  size_t services = 1;
  size_t instances = 3;
};

// Consul's durations as its clients write them: "500ms", "10s", "5m".
Millis ParseWait(const std::string& text) {
  char* unit = nullptr;
  const unsigned long number = std::strtoul(text.c_str(), &unit, 10);
  if (std::strcmp(unit, "ms") == 0) return Millis(number);
  if (std::strcmp(unit, "s") == 0) return Millis(number * 1000);
  if (std::strcmp(unit, "m") == 0) return Millis(number * 60000);
  return kDefaultWait;
}

class FakeCatalog {
 public:
  FakeCatalog(net::Loop& loop, const GeneratedWorld& world)
      : loop_(loop), world_(world), asked_(world.services(), false), sweep_(loop, [this] { Sweep(); }) {
    sweep_.StartPeriodic(kSweepPeriod);
  }

  void Handle(http::ServerRequest request, std::unique_ptr<http::Responder> responder) {
    ++requests_;
    // The one filter that a cache uses here asks for checks that do not pass: there are none.
    if (request.path == "/v1/health/state/any" && request.Param("filter")) request.path = kNoChecks;
    const std::string index = request.Param("index").value_or("0");
    if (std::strtoull(index.c_str(), nullptr, 10) < kIndex) {
      responder->Send(Reply(request.path));
      return;
    }
    const Millis wait = request.Param("wait") ? ParseWait(*request.Param("wait")) : kDefaultWait;
    const auto place = blocked_.emplace(loop_.Now() + wait, Blocked{request.path, std::move(responder)});
    place->second.responder->OnGone([this, place] { blocked_.erase(place); });
  }

 private:
  struct Blocked {
    std::string path;
    std::unique_ptr<http::Responder> responder;
  };

  void Sweep() {
    while (!blocked_.empty() && blocked_.begin()->first <= loop_.Now()) {
      Blocked due = std::move(blocked_.begin()->second);
      blocked_.erase(blocked_.begin());
      due.responder->OnGone({});
      due.responder->Send(Reply(due.path));
    }
  }

  http::ServerResponse Reply(const std::string& path) {
    http::ServerResponse response;
    response.headers = {{"Content-Type", "application/json"},
                        {"X-Consul-Index", std::to_string(kIndex)},
                        {"X-Consul-Knownleader", "true"},
                        {"X-Consul-Lastcontact", "0"}};
    if (!FillBody(path, response.body)) response.status = 404;
    return response;
  }

  bool FillBody(const std::string& path, std::string& body) {
    if (path.starts_with(kHealthService)) {
      body = Health(std::string_view(path).substr(kHealthService.size()));
    } else if (path == "/v1/agent/self") {
      body = world_.AgentSelf();
    } else if (path == "/v1/status/leader") {
      body = "\"127.0.0.1:8300\"";
    } else if (path == "/v1/catalog/datacenters") {
      body = "[\"dc1\"]";
    } else if (path == "/v1/catalog/services") {
      body = world_.CatalogServices();
    } else if (path == "/v1/catalog/nodes") {
      body = world_.CatalogNodes();
    } else if (path == "/v1/health/state/any") {
      body = world_.HealthStateAny();
    } else if (path == kNoChecks || path == "/v1/health/state/warning" || path == "/v1/query" ||
               path.starts_with("/v1/health/connect/") || path.starts_with("/v1/health/ingress/")) {
      body = "[]";
    } else if (path == "/bench/stats") {
      body = "{\"requests\":" + std::to_string(requests_) + ",\"services_asked\":" + std::to_string(services_asked_) +
             ",\"blocked\":" + std::to_string(blocked_.size()) + "}";
    } else {
      body = "unknown path\n";
      return false;
    }
    return true;
  }

  std::string Health(std::string_view name) {
    if (name == "consul") return world_.HealthConsul();
    const auto service = world_.FindService(name);
    if (!service) return "[]";
    if (!asked_[*service]) ++services_asked_;
    asked_[*service] = true;
    return world_.HealthService(*service);
  }

  net::Loop& loop_;
  const GeneratedWorld& world_;
  std::multimap<Millis, Blocked> blocked_;  // by the time at which they end
  uint64_t requests_ = 0;
  size_t services_asked_ = 0;  // how many different ones
  std::vector<bool> asked_;
  net::Timer sweep_;
};

bool ParseArguments(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view option = argv[i];
    const unsigned long value = std::strtoul(argv[i + 1], nullptr, 10);
    if (option == "--port") {
      arguments.port = static_cast<uint16_t>(value);
    } else if (option == "--services") {
      arguments.services = value;
    } else if (option == "--instances") {
      arguments.instances = value;
    } else {
      return false;
    }
  }
  return argc % 2 == 1 && arguments.port != 0;
}

int Run(const Arguments& arguments) {
  const auto address = net::SocketAddress::Parse("127.0.0.1", arguments.port);
  net::Loop loop;
  const GeneratedWorld world(arguments.services, arguments.instances);
  FakeCatalog catalog(loop, world);
  const net::SignalWatcher stop(loop, SIGTERM, [&loop] { loop.Stop(); });
  auto server = http::Server::Listen(
      loop, address.value(), {}, [&catalog](http::ServerRequest request, std::unique_ptr<http::Responder> responder) {
        catalog.Handle(std::move(request), std::move(responder));
      });
  if (!server.ok()) {
    std::fprintf(stderr, "%s\n", server.status().text().c_str());
    return 1;
  }
  loop.Run();
  return 0;
}

}  // namespace
}  // namespace signpost::bench

int main(int argc, char** argv) {
  signpost::bench::Arguments arguments;
  if (!signpost::bench::ParseArguments(argc, argv, arguments)) {
    std::fprintf(stderr, "usage: %s --port P --services N --instances M\n", argv[0]);
    return 2;
  }
  return signpost::bench::Run(arguments);
}
