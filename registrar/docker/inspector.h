// Signpost. Apache-2.0; see LICENSE.
// Inspects what it is told to, a few at a time, again after failures. On the loop's thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "common/base/log.h"
#include "common/base/metrics.h"
#include "common/net/loop.h"
#include "common/net/timer.h"
#include "registrar/docker/engine_client.h"
#include "registrar/docker/inspect_queue.h"

namespace signpost::registrar {

class Inspector {
 public:
  struct Options {
    size_t parallel = 8;
    Millis backoff_first{100};
    Millis backoff_cap{10000};
  };
  // None is called from inside a method.
  struct Handlers {
    std::function<void(Container)> on_container;          // told by an inspect that began after the last Inspect(id)
    std::function<void(const std::string& id)> on_gone;   // 404, the same
    std::function<void(const std::string& id)> on_tried;  // after either of them, and after a failure
  };

  // Paused at first. `inspects` counts requests and outlives it.
  Inspector(net::Loop& loop, EngineClient& client, Options options, Handlers handlers, Counter& inspects);
  Inspector(const Inspector&) = delete;
  Inspector& operator=(const Inspector&) = delete;

  // Soon, and once for all calls of this turn of the loop.
  void Inspect(const std::string& id);
  // The same, but one that is already asked for, or under way, will do.
  void Want(const std::string& id);
  void Resume();
  // Nothing is under way afterwards; what was is done again after Resume.
  void Pause();

 private:
  void Pump();
  void OnReply(const std::string& id, Result<Container> reply);
  void Log(const std::string& id, const Status& status);

  net::Loop& loop_;
  EngineClient& client_;
  Options options_;
  Handlers handlers_;
  InspectQueue queue_;
  Counter& inspects_;
  bool paused_ = true;
  std::map<std::string, NeighbourLog> failing_;
  std::map<std::string, std::unique_ptr<EngineClient::Call>> calls_;
  net::Timer timer_;
};

}  // namespace signpost::registrar
