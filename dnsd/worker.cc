// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/worker.h"

#include <utility>

#include "common/base/random.h"

namespace signpost::dnsd {
namespace {

// Names in use are reported in bundles: the first use starts a watch, the rest only keeps it.
constexpr Millis kReportDelay{50};

}  // namespace

Worker::Worker(std::shared_ptr<const service_zone::Settings> settings, transport::TcpOptions tcp_options,
               transport::TcpBudget& budget, OnWanted on_wanted)
    : tcp_options_(tcp_options),
      budget_(budget),
      on_wanted_(std::move(on_wanted)),
      handler_(data_, RandomSeed()),
      waiting_(loop_, handler_, [this](const catalog::Key& key) { on_wanted_({key}); }),
      report_used_(loop_, [this] { ReportUsed(); }),
      grace_(loop_, [this] { loop_.Stop(); }) {
  data_.SetSettings(std::move(settings));
}

Worker::~Worker() { Join(); }

Result<net::SocketAddress> Worker::Bind(const net::SocketAddress& address) {
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
}

void Worker::AfterBatch() {
  if (handler_.answerer().has_used() && !report_used_.running()) report_used_.Start(kReportDelay);
}

void Worker::ReportUsed() { on_wanted_(handler_.answerer().TakeUsed()); }

}  // namespace signpost::dnsd
