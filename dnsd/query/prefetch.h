// Signpost. Apache-2.0; see LICENSE.
// Warms the cache for a batch of queries. With 100,000 services every answer starts with a handful of cache
// misses one after the other; asked for together they overlap.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "dnsd/service_zone/zone_data.h"

namespace signpost::query {

class Prefetcher {
 public:
  static constexpr size_t kMaxBatch = 64;

  explicit Prefetcher(service_zone::ZoneData& data) : data_(data) {}

  // Collects the packets of a batch, then Run before they are answered. Only questions for services of the own
  // datacenter are looked at; anything else, malformed packets included, is passed over.
  void Add(std::span<const uint8_t> packet);
  void Run();

 private:
  service_zone::ZoneData& data_;
  struct Target {
    size_t hash;
    bool srv;
  };
  std::array<Target, kMaxBatch> targets_{};
  size_t count_ = 0;
};

}  // namespace signpost::query
