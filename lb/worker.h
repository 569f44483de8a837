// Signpost. Apache-2.0; see LICENSE.
// One core's share of lb: a thread with its loop, its listening sockets and its sessions.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/net/acceptor.h"
#include "common/net/loop.h"
#include "common/net/reactor.h"
#include "common/net/timer.h"
#include "common/net/unique_fd.h"
#include "lb/route/routes.h"
#include "lb/session/session_context.h"

namespace signpost::lb {

class Worker {
 public:
  // `access` outlives the worker. `request_id_prefix` is unique per process and worker. `on_end` is called on the
  // worker's thread, as the last thing that it does.
  Worker(AccessSink& access, const std::string& request_id_prefix, std::function<void()> on_end);
  ~Worker();  // joins a thread that was started: Drain must have been called
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void Start();
  void Join();

  // Any thread; everything below happens in the order of the calls.
  void SetRules(std::shared_ptr<const SessionRules> rules);
  void Publish(std::shared_ptr<const Routes> routes, bool endpoints_removed);
  void Serve(const net::SocketAddress& address, net::UniqueFd fd);
  void Close(const net::SocketAddress& address);
  // `done` runs on the worker's thread when all that was told so far is in force.
  void Settle(std::function<void()> done);
  // Accepts no more; answers carry Connection: close. Who has sent no request within `grace` is closed: at once it
  // would cross with a request on its way. The thread ends when the last session has, after `limit` at the latest.
  // With `handed_over` the listening sockets live on in another process, and what waits in them is for that one.
  void Drain(Millis grace, Millis limit, bool handed_over);
  // Kills what is left; the thread ends.
  void Kill();
  // Answers carry Connection: close from now on, while new connections are still accepted.
  void Announce();

  // Any thread.
  const SessionCounters& counters() const { return context_.counters; }
  const IdleCounters& idle() const { return context_.idle.counters(); }
  const net::AcceptCounters& accepts() const { return accepts_; }
  size_t sessions() const { return sessions_.load(std::memory_order_relaxed); }      // as of the last half second
  size_t idle_connections() const { return idle_.load(std::memory_order_relaxed); }  // likewise

 private:
  struct Listener {
    net::SocketAddress address;
    size_t place = 0;                    // in routes->listeners, last time
    const ListenerPlan* plan = nullptr;  // of context_.routes; null = none: connections are closed at once
    std::unique_ptr<net::Acceptor> acceptor;
  };

  void OnAccept(const Listener& listener, net::UniqueFd fd, const net::SocketAddress& peer);
  void FindPlan(Listener& listener) const;
  void CloseIdle();
  void KillNow();
  void OnTick();

  const std::function<void()> on_end_;
  net::Loop loop_;
  net::Reactor reactor_;
  net::AcceptCounters accepts_;
  SessionContext context_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  net::Timer tick_;
  net::Timer grace_;
  net::Timer limit_;
  bool ending_ = false;
  std::atomic<size_t> sessions_ = 0;
  std::atomic<size_t> idle_ = 0;
  std::thread thread_;
};

}  // namespace signpost::lb
