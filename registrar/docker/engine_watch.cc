// Signpost. Apache-2.0; see LICENSE.
#include "registrar/docker/engine_watch.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <map>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "common/base/backoff.h"
#include "common/base/log.h"
#include "common/net/timer.h"
#include "registrar/docker/inspector.h"
#include "registrar/docker/known_containers.h"
#include "registrar/docker/list_guard.h"

namespace signpost::registrar {
namespace {

// Events that wait for the list; the oldest go first. Their containers are inspected all the same.
constexpr size_t kMaxEarlyEvents = 10000;
// As many as the engine replays.
constexpr size_t kMaxReplayed = 256;

bool IsRefusal(const Status& status) { return status.text().ends_with(std::generic_category().message(ECONNREFUSED)); }

template <typename Handler, typename... Args>
void Tell(const Handler& handler, Args&&... args) {
  if (handler) handler(std::forward<Args>(args)...);
}

}  // namespace

struct EngineWatch::Impl {
  enum class Phase : unsigned char {
    kAway,      // a round begins when begin_timer fires, or is negotiating
    kOpening,   // the stream has been asked for
    kListing,   // the round's first list is under way
    kFollowing  // events are acted on as they come
  };

  Impl(net::Loop& owner, EngineClient& engine, EngineWatchOptions watch_options, Handlers watch_handlers);

  void Begin();
  void OnInfo(const Result<EngineInfo>& info);
  void OpenStream(const EngineInfo& info);
  void OnEvent(const Event& event);
  bool IsReplay(const Event& event);
  void TellEvent(const Event& event);
  void HandOver(const Event& event);
  void List();
  void OnList(const Result<std::vector<ListEntry>>& list);
  void Apply(const std::vector<ListEntry>& list);
  void Follow();
  void ListSoon();
  void ListIn(Millis delay) { list_timer.Start(delay); }
  Millis ListPeriod();
  void OnContainer(Container container);
  void OnGone(const std::string& id);
  void OnTried(const std::string& id);
  void CheckSynced();
  void Ping();
  void Lost(const Status& status);
  void CountRefusal(const Status& status);

  net::Loop& loop;
  EngineClient& client;
  const EngineWatchOptions options;
  const Handlers handlers;

  Phase phase = Phase::kAway;
  bool connected = false;  // told by on_connected and not yet by on_lost
  bool told_lost = false;
  bool streamed = false;           // there was a stream before
  int64_t newest = 0;              // the largest time of an event, at first the engine's time
  std::vector<Event> told_newest;  // those of that time
  std::vector<Event> replayed;     // told by an earlier stream, and expected again in this one
  bool stepped_back = false;
  int refusals = 0;
  bool stale = false;
  std::deque<Event> early;             // came before the list
  std::map<std::string, Event> kills;  // of containers that were never inspected
  bool list_again = false;             // when the one under way has come
  bool list_soon = false;
  bool inspect_all = true;
  Millis next_inspect_all{0};
  bool syncing = false;
  std::set<std::string> to_try;  // of the list that is being worked off

  Random random{RandomSeed()};
  Backoff round_backoff;
  Backoff list_backoff;
  KnownContainers known;
  ListGuard guard;
  NeighbourLog log{"the Docker Engine"};
  NeighbourLog list_log{"listing the containers"};
  Counters counters;
  Nanos last_list{0};

  net::Timer begin_timer;
  net::Timer list_timer;
  net::Timer ping_timer;
  std::unique_ptr<EngineClient::Call> negotiation, stream, listing, ping;
  Inspector inspector;
};

EngineWatch::Impl::Impl(net::Loop& owner, EngineClient& engine, EngineWatchOptions watch_options,
                        Handlers watch_handlers)
    : loop(owner),
      client(engine),
      options(std::move(watch_options)),
      handlers(std::move(watch_handlers)),
      round_backoff(options.backoff_first, options.backoff_cap),
      list_backoff(options.backoff_first, options.backoff_cap),
      begin_timer(owner, [this] { Begin(); }),
      list_timer(owner, [this] { List(); }),
      ping_timer(owner, [this] { Ping(); }),
      inspector(owner, engine,
                {.parallel = static_cast<size_t>(std::max(1, options.parallel_inspects)),
                 .backoff_first = options.backoff_first,
                 .backoff_cap = options.backoff_cap},
                {.on_container = [this](Container container) { OnContainer(std::move(container)); },
                 .on_gone = [this](const std::string& id) { OnGone(id); },
                 .on_tried = [this](const std::string& id) { OnTried(id); }},
                counters.inspects) {
  begin_timer.Start(Millis(0));
}

void EngineWatch::Impl::Begin() {
  negotiation = client.Negotiate([this](const Result<EngineInfo>& info) { OnInfo(info); });
}

void EngineWatch::Impl::OnInfo(const Result<EngineInfo>& info) {
  negotiation.reset();
  if (!info.ok()) return Lost(info.status());
  refusals = 0;
  stale = false;
  connected = true;
  OpenStream(info.value());
  Tell(handlers.on_connected, info.value());
}

void EngineWatch::Impl::OpenStream(const EngineInfo& info) {
  phase = Phase::kOpening;
  // Then the engine stamps its events with times before `newest`, and those between the head of the reply and the real
  // subscription are not replayed.
  stepped_back = info.system_time_nano > 0 && info.system_time_nano < newest;
  if (newest == 0) newest = info.system_time_nano;
  if (std::exchange(streamed, true)) counters.reconnects.Add();
  EngineClient::EventHandlers events;
  events.on_open = [this] {
    if (phase == Phase::kOpening) List();
  };
  events.on_event = [this](const Event& event) { OnEvent(event); };
  events.on_unreadable = [this] { ListSoon(); };
  events.on_end = [this](const Status& status) { Lost(status); };
  replayed = told_newest;  // the engine counts `newest` in
  stream = client.Events(newest, std::move(events));
  // An engine may send the head with the first event only.
  list_timer.Start(options.ping_timeout);
  ping_timer.Start(options.ping_period);
}

void EngineWatch::Impl::OnEvent(const Event& event) {
  if (IsReplay(event)) return;
  counters.events[static_cast<size_t>(event.kind)].Add();
  if (event.time_nano > newest) {
    newest = event.time_nano;
    told_newest.clear();
  }
  if (event.kind == EventKind::kOther) return;
  if (phase == Phase::kFollowing) {
    TellEvent(event);
  } else {
    early.push_back(event);
    if (early.size() > kMaxEarlyEvents) early.pop_front();
  }
  if (known.OnEvent(event)) inspector.Inspect(event.container_id);
}

bool EngineWatch::Impl::IsReplay(const Event& event) {
  const auto found = std::ranges::find(replayed, event);
  if (found == replayed.end()) return false;
  replayed.erase(found);
  return true;
}

void EngineWatch::Impl::HandOver(const Event& event) {
  if (event.time_nano == newest && told_newest.size() < kMaxReplayed) told_newest.push_back(event);
  Tell(handlers.on_event, event);
}

void EngineWatch::Impl::TellEvent(const Event& event) {
  const std::string& id = event.container_id;
  if (event.kind == EventKind::kKill && !known.WasInspected(id)) {
    kills[id] = event;
    return;
  }
  if (event.kind == EventKind::kDie || event.kind == EventKind::kStart || event.kind == EventKind::kDestroy) {
    kills.erase(id);
  }
  HandOver(event);
}

// An event was missed. Not once for every such event.
void EngineWatch::Impl::ListSoon() {
  if (phase == Phase::kListing) list_again = true;
  if (phase != Phase::kFollowing || std::exchange(list_soon, true)) return;
  ListIn(options.confirm_delay);
}

Millis EngineWatch::Impl::ListPeriod() {
  const auto tenth = static_cast<uint64_t>(options.list_period.count() / 10);
  return options.list_period - Millis(static_cast<int64_t>(tenth)) +
         Millis(static_cast<int64_t>(random.Below(2 * tenth + 1)));
}

void EngineWatch::Impl::List() {
  if (phase == Phase::kAway) return;
  if (listing) {
    list_again = true;
    return;
  }
  if (phase == Phase::kOpening) phase = Phase::kListing;
  list_timer.Stop();
  list_soon = false;
  listing = client.List([this](const Result<std::vector<ListEntry>>& list) { OnList(list); });
}

void EngineWatch::Impl::OnList(const Result<std::vector<ListEntry>>& list) {
  listing.reset();
  if (!list.ok() && phase == Phase::kListing) return Lost(list.status());
  list_log.Report(list.status());
  if (!list.ok()) return ListIn(list_backoff.Next(random));
  counters.lists.Add();
  last_list = SystemClock().Wall();
  list_backoff.Reset();
  if (phase == Phase::kListing) Follow();
  const auto missing = known.MissingFrom(list.value());
  if (!guard.Believe(missing, known.running())) {
    counters.guarded_lists.Add();
    LogWarn("the Docker Engine's list lacks " + std::to_string(missing.size()) + " of " +
            std::to_string(known.running()) + " running containers: asking again before believing it");
    return ListIn(options.confirm_delay);
  }
  Apply(list.value());
}

// The round has succeeded: events are acted on, those that waited first.
void EngineWatch::Impl::Follow() {
  phase = Phase::kFollowing;
  round_backoff.Reset();
  told_lost = false;
  inspect_all = true;
  log.Report(Status::Ok());
  for (const Event& event : std::exchange(early, {})) TellEvent(event);
  inspector.Resume();
}

void EngineWatch::Impl::Apply(const std::vector<ListEntry>& list) {
  const bool all = inspect_all || loop.Now() >= next_inspect_all;
  if (all) next_inspect_all = loop.Now() + options.inspect_all_period;
  inspect_all = false;
  for (const std::string& id :
       known.Apply(list, all ? KnownContainers::Scope::kAll : KnownContainers::Scope::kChanged)) {
    to_try.insert(id);
    inspector.Inspect(id);
  }
  const bool again = std::exchange(list_again, false);
  const bool soon = std::exchange(stepped_back, false);
  ListIn(again ? Millis(0) : soon ? std::min(options.confirm_delay, ListPeriod()) : ListPeriod());
  syncing = true;
  CheckSynced();
}

void EngineWatch::Impl::OnContainer(Container container) {
  const std::string id = container.id;
  const bool up = IsUp(container);
  known.OnInspected(container);
  Tell(handlers.on_container, std::move(container));
  const auto kill = kills.extract(id);
  if (!kill.empty() && up) HandOver(kill.mapped());
}

void EngineWatch::Impl::OnGone(const std::string& id) {
  known.Forget(id);
  kills.erase(id);
  Tell(handlers.on_gone, id);
}

void EngineWatch::Impl::OnTried(const std::string& id) {
  if (to_try.erase(id) > 0) CheckSynced();
}

void EngineWatch::Impl::CheckSynced() {
  if (!syncing || !to_try.empty()) return;
  syncing = false;
  Tell(handlers.on_synced);
}

void EngineWatch::Impl::Ping() {
  ping = client.Ping(options.ping_timeout, [this](const Status& status) {
    ping.reset();
    if (!status.ok()) return Lost(status);
    ping_timer.Start(options.ping_period);
  });
}

void EngineWatch::Impl::Lost(const Status& status) {
  phase = Phase::kAway;
  list_timer.Stop();
  ping_timer.Stop();
  for (auto* call : {&negotiation, &stream, &listing, &ping}) call->reset();
  inspector.Pause();
  syncing = false;
  to_try.clear();
  list_again = list_soon = false;
  early.clear();
  kills.clear();
  begin_timer.Start(round_backoff.Next(random));
  log.Report(status);
  const bool news = std::exchange(connected, false) || !told_lost;
  told_lost = true;
  if (news) Tell(handlers.on_lost, status);
  CountRefusal(status);
}

void EngineWatch::Impl::CountRefusal(const Status& status) {
  const std::string& socket = client.address().unix_socket;
  refusals = !socket.empty() && IsRefusal(status) ? refusals + 1 : 0;
  if (refusals != options.stale_after || access(options.container_mark.c_str(), F_OK) != 0) return;
  stale = true;
  const Status text =
      Status::Config("unix:" + socket + " refuses connections for good: the engine was restarted, and " +
                     "the socket mounted into this container is a dead one; restart this container");
  LogError(text.text());
  Tell(handlers.on_lost, text);
}

EngineWatch::EngineWatch(net::Loop& loop, EngineClient& client, EngineWatchOptions options, Handlers handlers)
    : impl_(std::make_shared<Impl>(loop, client, std::move(options), std::move(handlers))) {}

EngineWatch::~EngineWatch() = default;

void EngineWatch::Refresh(const std::string& id) { impl_->inspector.Want(id); }

void EngineWatch::Relist() {
  if (impl_->phase == Impl::Phase::kListing) impl_->list_again = true;
  if (impl_->phase == Impl::Phase::kFollowing) impl_->ListIn(Millis(0));
}

bool EngineWatch::connected() const { return impl_->connected; }

bool EngineWatch::stale_socket() const { return impl_->stale; }

Nanos EngineWatch::last_list() const { return impl_->last_list; }

const EngineWatch::Counters& EngineWatch::counters() const { return impl_->counters; }

}  // namespace signpost::registrar
