// Signpost. Apache-2.0; see LICENSE.
// A sample of the questions, for whoever looks for the one that goes wrong. Noting takes a copy into memory that is
// there already; writing lines is done later, off the hot path. One per loop, on its thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dnsd/wire/name.h"
#include "dnsd/wire/protocol.h"

namespace signpost::query {

struct QueryLogRules {
  uint32_t one_in = 0;            // every n-th question; 0 = none
  std::vector<wire::Name> names;  // and all questions about these names and those below them
};

struct QueryLogEntry {
  wire::Name name;
  uint16_t type = 0;
  wire::Rcode rcode = wire::Rcode::kNoError;
  bool over_tcp = false;
  bool truncated = false;
  std::string_view source;  // of kSourceNames
  uint8_t ip_size = 0;
  std::array<uint8_t, 16> ip{};
};

class QueryLog {
 public:
  static constexpr size_t kCapacity = 256;  // between two drains; what comes above is counted only

  void SetRules(QueryLogRules rules);
  bool enabled() const { return rules_.one_in != 0 || !rules_.names.empty(); }
  bool empty() const { return entries_.empty(); }
  bool Wants(const wire::Name& name);
  void Note(const QueryLogEntry& entry);
  // "query web.service.consul. A from 127.0.0.1 over udp: NOERROR, from catalog", for each entry since the last call;
  // and a line that says how many did not fit.
  void Drain(const std::function<void(const std::string&)>& line);

 private:
  QueryLogRules rules_;
  uint32_t until_next_ = 0;
  std::vector<QueryLogEntry> entries_;  // room for kCapacity once enabled
  uint64_t missed_ = 0;
};

}  // namespace signpost::query
