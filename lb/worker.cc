// Signpost. Apache-2.0; see LICENSE.
#include "lb/worker.h"

#include <utility>

#include "common/base/random.h"
#include "lb/session/http_connection.h"
#include "lb/session/tcp_session.h"

namespace signpost::lb {
namespace {

constexpr Millis kTick{500};
constexpr Millis kEndTick{20};

}  // namespace

Worker::Worker(AccessSink& access, const std::string& request_id_prefix, std::function<void()> on_end)
    : on_end_(std::move(on_end)),
      reactor_(loop_),
      context_(reactor_, RandomSeed()),
      tick_(loop_, [this] { OnTick(); }),
      grace_(loop_, [this] { CloseIdle(); }),
      limit_(loop_, [this] { KillNow(); }) {
  context_.access = &access;
  context_.request_id_prefix = request_id_prefix;
  auto routes = std::make_shared<Routes>();
  routes->http = std::make_shared<HttpRouteTable>();
  context_.routes = std::move(routes);
  context_.rules = std::make_shared<SessionRules>();
  tick_.StartPeriodic(kTick);
}

Worker::~Worker() {
  Join();
  listeners_.clear();
  context_.sessions.ForEach([](Session& session) { session.Kill(Termination::kShutdown); });
  context_.idle.Clear();
}

void Worker::Start() {
  thread_ = std::thread([this] {
    loop_.Run();
    on_end_();
  });
}

void Worker::Join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::SetRules(std::shared_ptr<const SessionRules> rules) {
  loop_.Post([this, rules = std::move(rules)] { context_.rules = rules; });
}

void Worker::Publish(std::shared_ptr<const Routes> routes, bool endpoints_removed) {
  loop_.Post([this, routes = std::move(routes), endpoints_removed] {
    const std::shared_ptr<const Routes> before = context_.routes;  // the plans point into it until all are found anew
    context_.Publish(routes, endpoints_removed);
    for (const auto& listener : listeners_) FindPlan(*listener);
  });
}

void Worker::Settle(std::function<void()> done) { loop_.Post(std::move(done)); }

void Worker::FindPlan(Listener& listener) const {
  const std::vector<ListenerPlan>& plans = context_.routes->listeners;
  if (listener.place >= plans.size() || plans[listener.place].address != listener.address) {
    listener.place = 0;
    while (listener.place < plans.size() && plans[listener.place].address != listener.address) ++listener.place;
  }
  listener.plan = listener.place < plans.size() ? &plans[listener.place] : nullptr;
}

void Worker::Serve(const net::SocketAddress& address, net::UniqueFd fd) {
  // A posted task must be copyable.
  auto shared = std::make_shared<net::UniqueFd>(std::move(fd));
  loop_.Post([this, address, shared] {
    if (ending_) return;
    auto listener = std::make_unique<Listener>();
    listener->address = address;
    FindPlan(*listener);
    listener->acceptor = std::make_unique<net::Acceptor>(
        reactor_, std::move(*shared), accepts_,
        [this, at = listener.get()](net::UniqueFd client, const net::SocketAddress& peer) {
          OnAccept(*at, std::move(client), peer);
        });
    listeners_.push_back(std::move(listener));
  });
}

void Worker::Close(const net::SocketAddress& address) {
  loop_.Post([this, address] {
    std::erase_if(listeners_, [&](const auto& listener) {
      if (listener->address != address) return false;
      listener->acceptor->AcceptAll();
      return true;
    });
  });
}

void Worker::OnAccept(const Listener& listener, net::UniqueFd fd, const net::SocketAddress& peer) {
  const ListenerPlan* plan = listener.plan;
  if (plan == nullptr || plan->lingering) return;  // closed at once
  if (plan->kind == ListenerKind::kHttp) {
    StartHttpConnection(context_, std::move(fd), peer, plan->address.port(), plan->accept_proxy);
  } else {
    StartTcpSession(context_, std::move(fd), peer, *plan);
  }
}

void Worker::Announce() {
  loop_.Post([this] { context_.draining = true; });
}

void Worker::CloseIdle() {
  context_.sessions.ForEach([](Session& session) { session.OnDrain(); });
}

void Worker::Drain(Millis grace, Millis limit, bool handed_over) {
  loop_.Post([this, grace, limit, handed_over] {
    if (ending_) return;
    ending_ = true;
    context_.draining = true;
    if (!handed_over) {
      for (const auto& listener : listeners_) listener->acceptor->AcceptAll();
    }
    listeners_.clear();
    context_.idle.Clear();
    grace_.Start(grace);
    limit_.Start(limit);
    tick_.StartPeriodic(kEndTick);
  });
}

void Worker::Kill() {
  loop_.Post([this] { KillNow(); });
}

void Worker::KillNow() {
  ending_ = true;
  listeners_.clear();
  context_.sessions.ForEach([](Session& session) { session.Kill(Termination::kShutdown); });
  loop_.Stop();
}

void Worker::OnTick() {
  sessions_.store(context_.sessions.size(), std::memory_order_relaxed);
  idle_.store(context_.idle.size(), std::memory_order_relaxed);
  if (ending_ && context_.sessions.size() == 0) loop_.Stop();
}

}  // namespace signpost::lb
