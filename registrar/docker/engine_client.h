// Signpost. Apache-2.0; see LICENSE.
// The requests made of a Docker Engine. Everything on the loop's thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/metrics.h"
#include "common/base/status.h"
#include "common/http/client.h"
#include "common/net/loop.h"
#include "registrar/container/container.h"
#include "registrar/container/event.h"
#include "registrar/container/inspect.h"
#include "registrar/docker/engine_address.h"

namespace signpost::registrar {

struct EngineOptions {
  EngineAddress address;
  std::string api_version;  // DOCKER_API_VERSION pins it; "" = negotiated
  Millis timeout{10000};    // of one request; streams have none
};

// Failures of all calls: kUnavailable (no connection, time-out, 5xx), kNotFound (404), kInvalid (a reply that cannot be
// read, another 4xx), kDenied (401, 403), kConfig (no common API version; the text says what to do), kLimit (a body too
// large).
class EngineClient {
 public:
  // One request, or several in a row. Destroying it cancels, silently; may happen inside its callback.
  class Call {
   private:
    friend class EngineClient;
    std::unique_ptr<http::Client::Call> http_;
    http::Response ping_;  // what negotiation has gathered
  };
  // Called once, later.
  template <typename T>
  using On = std::function<void(Result<T>)>;
  using OnStatus = std::function<void(Status)>;

  EngineClient(net::Loop& loop, EngineOptions options);
  EngineClient(const EngineClient&) = delete;
  EngineClient& operator=(const EngineClient&) = delete;

  // GET /_ping and /version unversioned: picks the version for what follows, the smaller of ours and the engine's; then
  // GET /info. Again after every reconnect: the engine may be another one.
  [[nodiscard]] std::unique_ptr<Call> Negotiate(On<EngineInfo> done);
  // GET /_ping on a connection of its own: is anybody there?
  [[nodiscard]] std::unique_ptr<Call> Ping(Millis timeout, OnStatus done);
  // All containers, stopped ones too.
  [[nodiscard]] std::unique_ptr<Call> List(On<std::vector<ListEntry>> done);
  // `id`: an ID, its beginning, or a name.
  [[nodiscard]] std::unique_ptr<Call> Inspect(const std::string& id, On<Container> done);
  // Asks the engine to stop it: its stop signal, and the kill after `grace` (zero: what the container says). Done when
  // it has stopped; one that does not run is done at once. `own_grace`: what the container says (Container's
  // stop_timeout), where `grace` is zero; the request waits somewhat longer than that.
  [[nodiscard]] std::unique_ptr<Call> Stop(const std::string& id, Millis grace, OnStatus done,
                                           Millis own_grace = Millis(600000));

  struct EventHandlers {
    std::function<void()> on_open;  // the engine has accepted: the head of its reply is in
    std::function<void(const Event&)> on_event;
    std::function<void()> on_unreadable;  // a line that is no event or too long: something was missed
    OnStatus on_end;                      // however it ends, never ok; kUnavailable when the engine just closed it
  };
  // The event stream from `since_nano` on (0: from now). It has no time-out.
  [[nodiscard]] std::unique_ptr<Call> Events(int64_t since_nano, EventHandlers handlers);

  const std::string& api_version() const { return api_version_; }  // "1.41"; "" before Negotiate
  const EngineAddress& address() const { return options_.address; }

  struct Counters {
    Counter requests;        // pings and streams too
    Counter errors;          // requests that failed, 404 left out
    Counter bad_events;      // lines that could not be read
    Counter dropped_events;  // lines that were too long
  };
  const Counters& counters() const { return counters_; }

 private:
  using OnBody = std::function<void(Result<http::Response>)>;  // 2xx only

  http::Request MakeRequest(std::string method, const std::string& path) const;
  std::string Versioned(const std::string& path) const;
  void Send(Call& call, http::Request request, OnBody done);
  Status Judge(const std::string& what, const Result<http::Response>& result);
  void AskVersion(Call& call, On<EngineInfo> done);
  void AskInfo(Call& call, On<EngineInfo> done);

  EngineOptions options_;
  std::string api_version_;
  bool podman_ = false;
  Counters counters_;
  http::Client http_;
};

}  // namespace signpost::registrar
