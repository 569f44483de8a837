// Signpost. Apache-2.0; see LICENSE.
// One service name kept in sight: read, judged by a LossGuard, read again when the TTL ends or doubt demands it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/base/random.h"
#include "common/net/loop.h"
#include "common/net/timer.h"
#include "lb/discovery/dns_reader.h"
#include "lb/discovery/dns_targets.h"
#include "lb/discovery/loss_guard.h"

namespace signpost::lb {

// The wait before the next reading: `next` (0 = none known), or `hurry` if that is shorter (0 = none), +-10 %, but not
// below the pace's shortest interval, unless hurry is (cases D09-D12).
Millis NextReading(const DnsPace& pace, Millis next, Millis hurry, Random& random);

class DnsWatch {
 public:
  // `on_reading` follows every reading; it may destroy the watch. `spread`: the second reading comes at a random time,
  // so that many names that start together part (case D32).
  DnsWatch(net::Loop& loop, Random& random, std::unique_ptr<DnsReader> reader, const LossRules& rules, DnsPace pace,
           bool spread, std::function<void()> on_reading);

  void Start();

  const LossGuard& guard() const { return guard_; }
  bool asked() const { return asked_; }  // at least one reading is done
  // Of the last reading; "" = it was whole.
  const std::string& trouble() const { return trouble_; }

 private:
  void OnReading(DnsReading reading);
  void Judge(DnsReading reading);

  net::Loop& loop_;
  Random& random_;
  const DnsPace pace_;
  LossGuard guard_;
  bool spread_;
  bool asked_ = false;
  std::string trouble_;
  std::function<void()> on_reading_;
  net::Timer timer_;
  std::unique_ptr<DnsReader> reader_;
};

}  // namespace signpost::lb
