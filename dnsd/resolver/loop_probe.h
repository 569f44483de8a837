// Signpost. Apache-2.0; see LICENSE.
// Which upstreams lead back to us (F33, F34): each is asked for a name that nobody else can know (see
// kProbeDomain); if that comes in as a query, it loops. Pure: time is a parameter, in monotonic milliseconds.
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/net/address.h"
#include "dnsd/resolver/question.h"
#include "dnsd/resolver/resolver.h"

namespace signpost::resolver {

class LoopProbe {
 public:
  static constexpr uint64_t kSeenWithinMs = 2000;
  static constexpr uint64_t kEveryMs = 600'000, kEveryWhileLoopMs = 60'000;

  // A probe to `upstream` begins; gives its label. `random`: 64 bits that nobody can guess.
  std::string Begin(const net::SocketAddress& upstream, uint64_t random, uint64_t now_ms) {
    char digits[17];
    std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(random));
    std::string label = std::string(kProbePrefix) + digits;
    open_[label] = {upstream, now_ms + kSeenWithinMs};
    return label;
  }

  // The upstream that the probe had gone to; nothing for a label that is not (or no longer) open.
  std::optional<net::SocketAddress> Seen(std::string_view label, uint64_t now_ms) {
    const auto found = open_.find(std::string(label));
    if (found == open_.end() || now_ms > found->second.until_ms) return std::nullopt;
    const net::SocketAddress upstream = found->second.upstream;
    open_.erase(found);
    return upstream;
  }

  // Those whose probes were not seen in time.
  std::vector<net::SocketAddress> TakeUnseen(uint64_t now_ms) {
    std::vector<net::SocketAddress> unseen;
    std::erase_if(open_, [&](const auto& entry) {
      if (now_ms <= entry.second.until_ms) return false;
      unseen.push_back(entry.second.upstream);
      return true;
    });
    return unseen;
  }

  static Question QuestionFor(std::string_view label) {
    std::string name(1, static_cast<char>(label.size()));
    name.append(label).append(kProbeDomain);
    return {.name = std::move(name), .type = wire::type::kTxt};
  }

 private:
  struct Open {
    net::SocketAddress upstream;
    uint64_t until_ms = 0;
  };
  std::map<std::string, Open> open_;
};

}  // namespace signpost::resolver
