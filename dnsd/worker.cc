// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/worker.h"

#include <utility>

#include "common/base/log.h"
#include "common/base/random.h"

namespace signpost::dnsd {
namespace {

// Names in use are reported in bundles: the first use starts a watch, the rest only keeps it.
constexpr Millis kReportDelay{50};
constexpr Millis kLogDelay{100};

}  // namespace

Worker::Worker(std::shared_ptr<const service_zone::Settings> settings, transport::TcpOptions tcp_options,
               transport::TcpBudget& budget, size_t cache_bytes, Hooks hooks)
    : tcp_options_(tcp_options),
      budget_(budget),
      hooks_(std::move(hooks)),
      handler_(data_, RandomSeed(), cache_bytes),
      waiting_(
          loop_, handler_, [this](const query::Want& want) { Ask(want); }, [this] { AfterBatch(); }),
      report_used_(loop_, [this] { ReportUsed(); }),
      drain_log_(loop_, [this] { handler_.log().Drain([](const std::string& line) { LogInfo(line); }); }),
      grace_(loop_, [this] { loop_.Stop(); }) {
  data_.SetSettings(std::move(settings));
}

Worker::~Worker() { Join(); }

// The port that the kernel chooses for UDP may be in use for TCP: then another one is asked for.
Result<net::SocketAddress> Worker::Bind(const net::SocketAddress& address) {
  constexpr int kTries = 16;
  auto bound = BindBoth(address);
  for (int i = 1; i < kTries && !bound.ok() && address.port() == 0; ++i) bound = BindBoth(address);
  return bound;
}

Result<net::SocketAddress> Worker::BindBoth(const net::SocketAddress& address) {
  const auto after_batch = [this] { AfterBatch(); };
  auto udp = transport::UdpService::Bind(loop_, address, handler_, waiting_, after_batch);
  if (!udp.ok()) return udp.status();
  const net::SocketAddress bound = udp.value()->local();
  auto tcp = transport::TcpService::Listen(loop_, bound, tcp_options_, budget_, handler_, waiting_, after_batch);
  if (!tcp.ok()) return tcp.status();
  udp_.push_back(std::move(udp).value());
  tcp_.push_back(std::move(tcp).value());
  return bound;
}

void Worker::Start() {
  thread_ = std::thread([this] { loop_.Run(); });
}

void Worker::Drain(Millis grace) {
  loop_.Post([this, grace] {
    bool busy = false;
    for (auto& tcp : tcp_) busy |= tcp->Drain();
    if (!busy) return loop_.Stop();
    grace_.Start(grace);
  });
}

void Worker::Join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::Post(Update update) {
  loop_.Post([this, update = std::move(update)] {
    update(data_, static_cast<uint64_t>(loop_.Now().count()));
    handler_.answerer().Reserve();
    freshness_ = data_.freshness();
  });
}

void Worker::Apply(std::shared_ptr<const std::vector<service_zone::Change>> changes) {
  loop_.Post([this, changes = std::move(changes)] { ApplyNow(*changes); });
}

void Worker::ApplyNow(const std::vector<service_zone::Change>& changes) {
  const auto now_ms = static_cast<uint64_t>(loop_.Now().count());
  for (const service_zone::Change& change : changes) data_.Apply(change, now_ms);
  handler_.answerer().Reserve();
  for (const service_zone::Change& change : changes) {
    if (change.what == service_zone::Change::What::kUnavailable) {
      waiting_.GiveUp(change.key);
    } else {
      waiting_.Wake(change.key);
    }
  }
  AfterBatch();
}

void Worker::AfterBatch() {
  if (handler_.answerer().has_used() && !report_used_.running()) report_used_.Start(kReportDelay);
  if (!handler_.log().empty() && !drain_log_.running()) drain_log_.Start(kLogDelay);
  for (resolver::Question& question : handler_.TakeRefreshes()) hooks_.refresh(std::move(question));
  if (const auto label = handler_.TakeProbe()) hooks_.probe_seen(*label);
}

void Worker::ReportUsed() { hooks_.wanted(handler_.answerer().TakeUsed()); }

void Worker::Ask(const query::Want& want) {
  if (const auto* key = std::get_if<catalog::Key>(&want)) {
    hooks_.wanted({*key});
  } else {
    hooks_.ask(std::get<resolver::Question>(want));
  }
}

void Worker::SetPolicy(std::shared_ptr<const query::Policy> policy, std::span<const uint8_t> hop) {
  const auto set = [this, policy = std::move(policy), hop] {
    handler_.SetPolicy(policy);
    handler_.SetHop(hop);
  };
  // The first question may be in the socket when the loop begins.
  if (thread_.joinable()) return loop_.Post(set);
  set();
}

void Worker::Deliver(const resolver::Settled& settled) {
  loop_.Post([this, settled] {
    query::Forwarded& forwarded = handler_.sources().forwarded();
    forwarded.Arrive(settled);
    waiting_.Wake(settled.question);
    forwarded.Leave();
    AfterBatch();
  });
}

void Worker::Flush(const std::string& name, bool tree, std::function<void()> done) {
  loop_.Post([this, name, tree, done = std::move(done)] {
    handler_.sources().forwarded().Flush(name, tree);
    done();
  });
}

void Worker::Inspect(std::function<void(query::Handler&, service_zone::ZoneData&, uint64_t now_ms)> look) {
  loop_.Post([this, look = std::move(look)] { look(handler_, data_, static_cast<uint64_t>(loop_.Now().count())); });
}

}  // namespace signpost::dnsd
