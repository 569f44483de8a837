// Signpost. Apache-2.0; see LICENSE.
// Follows one Docker Engine without losing anything: an event only says which container to inspect again, and full
// lists find what events did not tell. Everything on the loop's thread.
//
// One round, after every connect: negotiate; open the event stream from the engine's own time on; list; hand over the
// events that came meanwhile; inspect all that run, were believed to run, or had an event. A round follows every loss
// of the stream, since the engine replays 256 events at most.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>

#include "common/base/clock.h"
#include "common/base/metrics.h"
#include "common/base/status.h"
#include "common/net/loop.h"
#include "registrar/container/container.h"
#include "registrar/container/event.h"
#include "registrar/container/inspect.h"
#include "registrar/docker/engine_client.h"

namespace signpost::registrar {

struct EngineWatchOptions {
  Millis list_period{60000};  // jittered by a tenth; inspects only what differs
  Millis inspect_all_period{600000};
  Millis ping_period{10000};  // a black hole is found within ping_period + ping_timeout
  Millis ping_timeout{5000};
  Millis backoff_first{100};
  Millis backoff_cap{10000};
  int parallel_inspects = 8;
  // A list that lacks more than half, and more than three, of the containers believed to run, without their die events,
  // is confirmed by a second one this much later before it is believed.
  Millis confirm_delay{2000};
  // Where this file exists, a unix socket that refuses so many rounds in a row was mounted into this container and has
  // died with an earlier engine. The rounds come to about three minutes: an engine may be away for a minute or two.
  std::string container_mark = "/.dockerenv";
  int stale_after = 30;
};

class EngineWatch {
 public:
  // All optional to act on; none is called from inside the constructor or another method. They may not destroy the
  // watch.
  struct Handlers {
    std::function<void(const EngineInfo&)> on_connected;  // at the begin of every round
    // Every event but kOther, once however often the engine replays it, before the inspect that it causes; those of a
    // round's beginning after its list. A kill of a container that was never inspected comes after its first inspect.
    // What was not told yet when the stream is lost never is.
    std::function<void(const Event&)> on_event;
    std::function<void(Container)> on_container;         // an inspect that began after the last event of this container
    std::function<void(const std::string& id)> on_gone;  // an inspect says so: 404
    // A full list has been worked off: the picture is whole, but for containers whose inspect fails.
    std::function<void()> on_synced;
    // Once per loss, or when the first connect fails; what is known stays as it is, and trying goes on. kConfig:
    // somebody must act, the text says how. Once more when the socket turns out to be stale.
    std::function<void(const Status&)> on_lost;
  };

  EngineWatch(net::Loop& loop, EngineClient& client, EngineWatchOptions options, Handlers handlers);
  ~EngineWatch();
  EngineWatch(const EngineWatch&) = delete;
  EngineWatch& operator=(const EngineWatch&) = delete;

  // Inspects it, unless an inspect of it is asked for or under way: that one's answer will do.
  void Refresh(const std::string& id);
  // A full list now.
  void Relist();

  bool connected() const;
  // stale_after has been reached; only a new container of this program helps.
  bool stale_socket() const;
  // Wall time of the last full list, zero before the first; for metrics.
  Nanos last_list() const;

  struct Counters {
    std::array<Counter, kEventKinds> events;
    Counter inspects;
    Counter lists;
    Counter reconnects;
    Counter guarded_lists;  // not believed at first
  };
  const Counters& counters() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace signpost::registrar
