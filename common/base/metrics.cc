// Signpost. Apache-2.0; see LICENSE.
#include "common/base/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <vector>

namespace signpost {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

struct MetricsText::Families {
  std::vector<MetricFamily> list;

  ClientMetric& Sample(std::string_view name, std::string_view help, MetricType type, Labels labels) {
    MetricFamily* family = nullptr;
    for (MetricFamily& known : list) {
      if (known.name == name) family = &known;
    }
    if (family == nullptr) {
      family = &list.emplace_back();
      family->name = name;
      family->help = help;
      family->type = type;
    }
    ClientMetric& sample = family->metric.emplace_back();
    for (const auto& [key, value] : labels) {
      ClientMetric::Label& label = sample.label.emplace_back();
      label.name = key;
      label.value = value;
    }
    return sample;
  }
};

MetricsText::MetricsText() : families_(std::make_unique<Families>()) {}
MetricsText::~MetricsText() = default;

void MetricsText::AddCounter(std::string_view name, std::string_view help, double value, Labels labels) {
  families_->Sample(name, help, MetricType::Counter, labels).counter.value = value;
}

void MetricsText::AddGauge(std::string_view name, std::string_view help, double value, Labels labels) {
  families_->Sample(name, help, MetricType::Gauge, labels).gauge.value = value;
}

void MetricsText::AddHistogram(std::string_view name, std::string_view help, std::span<const double> bounds,
                               std::span<const uint64_t> counts, double sum, Labels labels) {
  auto& histogram = families_->Sample(name, help, MetricType::Histogram, labels).histogram;
  uint64_t cumulative = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    cumulative += counts[i];
    if (i == bounds.size()) break;  // the serializer adds the +Inf bucket from sample_count
    histogram.bucket.push_back({cumulative, bounds[i]});
  }
  histogram.sample_count = cumulative;
  histogram.sample_sum = sum;
}

std::string MetricsText::Render() const { return prometheus::TextSerializer().Serialize(families_->list); }

}  // namespace signpost
