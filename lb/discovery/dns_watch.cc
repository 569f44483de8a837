// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/dns_watch.h"

#include <algorithm>
#include <utility>

namespace signpost::lb {

Millis NextReading(const DnsPace& pace, Millis next, Millis hurry, Random& random) {
  Millis wait = next > Millis(0) ? next : pace.min_interval;
  if (hurry > Millis(0)) wait = std::min(wait, hurry);
  const Millis least = std::max(wait * 9 / 10, std::min(wait, pace.min_interval));
  const Millis most = wait * 11 / 10;
  return least + Millis(static_cast<int64_t>(random.Below(static_cast<uint64_t>((most - least).count()) + 1)));
}

DnsWatch::DnsWatch(net::Loop& loop, Random& random, std::unique_ptr<DnsReader> reader, const LossRules& rules,
                   DnsPace pace, bool spread, std::function<void()> on_reading)
    : loop_(loop),
      random_(random),
      pace_(pace),
      guard_(rules),
      spread_(spread),
      on_reading_(std::move(on_reading)),
      timer_(loop, [this] { Start(); }),
      reader_(std::move(reader)) {}

void DnsWatch::Start() {
  reader_->Read([this](DnsReading reading) { OnReading(std::move(reading)); });
}

void DnsWatch::OnReading(DnsReading reading) {
  const Millis next = reading.next;
  Judge(std::move(reading));
  asked_ = true;
  Millis wait = NextReading(pace_, next, guard_.hurry(), random_);
  if (std::exchange(spread_, false)) {
    wait -= Millis(static_cast<int64_t>(random_.Below(static_cast<uint64_t>(wait.count()))));
  }
  timer_.Start(wait);
  const auto on_reading = on_reading_;  // outlives the watch
  on_reading();
}

void DnsWatch::Judge(DnsReading reading) {
  const Millis now = loop_.Now();
  trouble_.clear();
  switch (reading.kind) {
    case DnsReading::Kind::kSet:
      trouble_ = reading.reason;
      guard_.Set(now, std::move(reading.instances), reading.udp);
      break;
    case DnsReading::Kind::kPartial:
      trouble_ = reading.reason;
      guard_.Partial(now, std::move(reading.instances), reading.reason);
      break;
    case DnsReading::Kind::kEmpty:
      guard_.Empty(now, reading.reason);
      break;
    case DnsReading::Kind::kAbsent:
      guard_.Absent(now);
      break;
    case DnsReading::Kind::kFailed:
      trouble_ = reading.reason;
      guard_.Failed(now, reading.reason);
      break;
  }
}

}  // namespace signpost::lb
