// Signpost. Apache-2.0; see LICENSE.
// Counters that a loop bumps without locks, and the Prometheus text made from them on demand.
#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace signpost {

// One writer thread, any readers. A plain load and store: no locked instruction.
class Counter {
 public:
  void Add(uint64_t n = 1) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_ = 0;
};

// Gathers the samples of one scrape. Samples of one name must share type and help text; the first wins.
class MetricsText {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  MetricsText();
  ~MetricsText();
  MetricsText(const MetricsText&) = delete;
  MetricsText& operator=(const MetricsText&) = delete;

  void AddCounter(std::string_view name, std::string_view help, double value, Labels labels = {});
  void AddGauge(std::string_view name, std::string_view help, double value, Labels labels = {});
  // counts[i] is the number of observations in (bounds[i-1], bounds[i]]; counts has one more
  // element than bounds, the last one for everything above.
  void AddHistogram(std::string_view name, std::string_view help, std::span<const double> bounds,
                    std::span<const uint64_t> counts, double sum, Labels labels = {});

  // Prometheus text format 0.0.4, families in the order of their first sample.
  std::string Render() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace signpost
