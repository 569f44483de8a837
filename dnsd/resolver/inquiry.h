// Signpost. Apache-2.0; see LICENSE.
// One question to one route's upstreams: sends, waits, sends again, until there is an answer or nothing is left to try.
// The limit of time for the whole is its owner's.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/net/udp_client.h"
#include "dnsd/resolver/deadlines.h"
#include "dnsd/resolver/reply.h"
#include "dnsd/resolver/try_plan.h"
#include "dnsd/resolver/upstream_set.h"

namespace signpost::resolver {

// What all inquiries share. Outlives them.
struct InquiryParts {
  net::Loop& loop;
  Deadlines& deadlines;
  UpstreamSet& upstreams;
  ResolverCounters& counters;
  Random& random;
  std::span<const uint8_t> hop;
  const ReplyRules& rules;  // those of now, whenever the question was asked
  const Defences& defences;
};

// Why there is no answer.
struct Trouble {
  wire::Ede ede = wire::Ede::kNoReachableAuthority;
  std::string text = "no reply from any upstream";
  bool truncated = false;  // there is an answer, too long for UDP, and no TCP to get it by
};

struct Outcome {
  Reply reply;  // kAnswer, kChase or kLoop; of a failure anything else
  Trouble trouble;
  uint32_t upstream = 0;
  bool failed = false;
};

class Inquiry final : private net::DeadlineOwner {
 public:
  // Datagrams that are no answer to a try before TCP is used instead (F03).
  static constexpr uint32_t kMostMismatched = 16;
  static constexpr Millis kTcpLimit{1500};  // F41

  // Once, never from inside Start; may destroy the inquiry.
  using OnDone = std::function<void(Outcome)>;

  // `question` outlives it; at least one of `peers` may be asked. Destroying it gives up.
  Inquiry(const InquiryParts& parts, const Question& question, std::vector<std::shared_ptr<Peer>> peers,
          OnDone on_done);
  ~Inquiry();
  Inquiry(const Inquiry&) = delete;
  Inquiry& operator=(const Inquiry&) = delete;

  void Start();
  // As known so far.
  const Trouble& trouble() const { return trouble_; }

 private:
  struct Try;
  // How much a reason tells; the most telling is kept.
  enum class Weight : unsigned char { kNone, kNetwork, kReply, kExplained };

  void Send(TrySend send);
  Status Open(const TrySend& send);
  Status OpenUdp(Try& attempt);
  void OpenTcp(Try& attempt);
  bool OnMessage(Try& attempt, std::span<const uint8_t> bytes);
  bool OnIgnored(Try& attempt);
  bool OnOtherCase(Try& attempt, std::span<const uint8_t> bytes);
  bool OnNoCookie(Try& attempt);
  // Of a reply that may be forged: TCP will tell, unless one comes that is beyond doubt.
  bool Doubt(Try& attempt);
  void PutSecrets(Try& attempt);
  void OnReply(Try& attempt, Reply reply);
  void OnError(Try& attempt, const Status& status);
  // `attempt` is over; whatever the plan says follows.
  void End(Try& attempt, TryEnd end);
  std::optional<TrySend> Next(const TrySend& send, TryEnd end);
  void Follow(const TrySend& send, TryEnd end);
  // Nothing is left to wait for, when there is nothing to send.
  bool AtItsEnd() const;
  void GiveUp();
  void LearnAboutEdns(const Try& attempt, const Reply& reply);
  void LearnAboutCookies(const Try& attempt, const Reply& reply);
  void NoteUseless(const Peer& peer, const Reply& reply);
  void Note(Weight weight, wire::Ede ede, std::string text);
  bool Running() const;
  void OnDeadline(net::Deadline& deadline) override;

  InquiryParts parts_;
  const Question& question_;
  std::vector<std::shared_ptr<Peer>> peers_;
  OnDone on_done_;
  std::vector<std::shared_ptr<Peer>> targets_;  // those asked, in order
  std::optional<TryPlan> plan_;
  std::vector<TryEnd> last_end_;  // per target
  std::vector<bool> no_cookie_;   // per target: a datagram was in doubt for that
  std::list<Try> tries_;          // youngest last
  net::Deadline later_{*this};    // while all upstreams are full, or to fail outside of Start
  Trouble trouble_;
  Weight weight_ = Weight::kNone;
  bool starting_ = false;  // in Start
  bool tcp_replied_ = false;
};

}  // namespace signpost::resolver
