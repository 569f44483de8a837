// Signpost. Apache-2.0; see LICENSE.
// One way to read the instances of one service from DNS.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "lb/pool/instance.h"

namespace signpost::lb {

struct DnsReading {
  enum class Kind : unsigned char { kSet, kPartial, kEmpty, kAbsent, kFailed };  // as LossGuard takes them
  Kind kind = Kind::kFailed;
  std::vector<Instance> instances;
  std::string reason;  // of kSet: what a target lacks that could not be asked; "" = it is whole
  Millis next{0};      // the TTL's end from now, within bounds
  bool udp = false;    // perhaps one of rotating subsets
};

class DnsReader {
 public:
  virtual ~DnsReader() = default;
  // Calls back once, perhaps from inside Read; not at all if the reader dies before. Not to be called again before
  // that.
  virtual void Read(std::function<void(DnsReading)> on_done) = 0;
};

}  // namespace signpost::lb
