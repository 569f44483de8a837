// Signpost. Apache-2.0; see LICENSE.
// Turns a question about the consul zone into records. One Answerer per loop.
//   answer.cc          the outcome of the lookup, apex, nodes, addresses, negatives
//   answer_service.cc  services: rotation, limits, SRV with additional records, TXT
//   answer_alias.cc    host names as addresses: CNAME and what it leads to
//   answer_reverse.cc  PTR
//   answer_browse.cc   DNS-SD
//   answer_exposed.cc  services by their names in a public domain
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "dnsd/catalog/catalog.h"
#include "dnsd/service_zone/browse_name.h"
#include "dnsd/service_zone/draw.h"
#include "dnsd/service_zone/lookup.h"
#include "dnsd/service_zone/records.h"
#include "dnsd/service_zone/zone_data.h"
#include "dnsd/wire/query.h"
#include "dnsd/wire/response_writer.h"

namespace signpost::service_zone {

// How an answer ended. Records are in the writer; header bits follow from this.
struct Verdict {
  wire::Rcode rcode = wire::Rcode::kNoError;
  bool authoritative = true;
  bool truncated = false;
  // Set when the answer must wait for the catalog's source: discard the writer and ask again later.
  std::optional<catalog::Key> wanted;
  // The name, in wire form, outside the domain at which the answer's chain of aliases ends: what it leads to is not
  // here. Lives as long as the zone data does not change. Empty: there is none, or the type asked for stops at an
  // alias.
  std::span<const uint8_t> leaves;
  // AnswerReverse only: the catalog has no PTR record for the question, or is not known (SERVFAIL). With
  // Question::may_look_elsewhere nothing was written.
  bool not_here = false;
  // With not_here: it is the name of an owner, or one with owners below it. Whoever answers must not say NXDOMAIN
  // (RFC 8020).
  bool exists = false;
};

struct Question {
  const wire::Query& query;
  wire::ResponseWriter& writer;
  bool over_tcp;    // lifts the limits that are for UDP only
  uint64_t now_ms;  // the loop's time
  // Waiting is over: additional records that would have to be asked for are left out.
  bool last_try = false;
  // A reverse name without an owner here is answered by somebody else: see Verdict::not_here.
  bool may_look_elsewhere = false;
  // AnswerReverse and AnswerExposed only: a chain whose records are in the answer already has led to this name; the
  // verdict holds for the whole answer. Null: it is the question's.
  const wire::Name* link = nullptr;
};

// <label>.<domain>: a service as lb shows it to the world.
struct ExposedName {
  std::string_view label;     // lower case
  std::string_view tag;       // lower case; what marks services as exposed
  std::string_view balancer;  // lower case; the service whose instances serve them
  const wire::Name& domain;
};

class Answerer {
 public:
  Answerer(ZoneData& data, uint64_t seed) : data_(data), drawer_(seed), alias_drawer_(~seed) {
    used_.reserve(kMaxUsed);
    followed_.reserve(kMaxFollowed);
  }

  // A name in the domain; `labels` of its labels stand left of it.
  Verdict AnswerZone(const Question& q, size_t labels);
  // A name in in-addr.arpa or ip6.arpa.
  Verdict AnswerReverse(const Question& q);
  // The addresses of the balancer's usable instances, if the service has an instance with the tag, healthy or not; no
  // data with the SOA of `name.domain` for other types and when there are no addresses. Null: not exposed, or nobody
  // knows whether it is, since the catalog is not known.
  std::optional<Verdict> AnswerExposed(const Question& q, const ExposedName& name);
  // False when AnswerExposed would give none.
  bool MayExpose(const ExposedName& name, uint64_t now_ms);
  // Goes on with a chain of aliases whose records are in the answer already and which enters the domain at `name`. TTLs
  // are at most `ttl`. The verdict holds for the whole answer. `name` must live as long as Verdict::leaves is used.
  Verdict AnswerChain(const Question& q, std::span<const uint8_t> name, uint16_t type, uint32_t ttl);

  // Makes room for the largest set of the data, so that answering does not allocate. Call after each change.
  void Reserve();

  // Keys answered from since the last call, each at most once per ten seconds and at most kMaxUsed in all.
  static constexpr size_t kMaxUsed = 256;
  std::vector<catalog::Key> TakeUsed();
  bool has_used() const { return !used_.empty(); }

 private:
  Verdict Answer(const Question& q, const Found& found);
  Verdict AnswerApex(const Question& q);
  Verdict AnswerNode(const Question& q, const PreparedNode& node);
  Verdict AnswerAddress(const Question& q, const Address& address);
  Verdict Negative(const Question& q, wire::Rcode rcode);

  Verdict AnswerService(const Question& q, const Found& found);
  Verdict AnswerAddresses(const Question& q, const Found& found);
  Verdict AnswerSrv(const Question& q, const Found& found, const Owner& owner, uint32_t ttl);
  Verdict AnswerServiceTxt(const Question& q, const Found& found, const Owner& owner, uint32_t ttl);
  void BeginAdditional();
  // False when the additional section shows already what the endpoint's target leads to.
  bool IsFirstWithTarget(const Endpoint& endpoint) {
    return std::exchange(seen_targets_[endpoint.same_target], generation_) != generation_;
  }
  std::optional<catalog::Key> AddAdditional(const Question& q, const PreparedService& service,
                                            const WeightedItems<uint32_t>& srv, std::span<const uint32_t> order,
                                            uint32_t ttl);
  // The addresses of an SRV target that stands at `offset` of the message. False when room ran out.
  bool AddTargetAddresses(const Question& q, const PreparedService& service, const Endpoint& endpoint, size_t offset,
                          uint32_t ttl, std::optional<catalog::Key>& wanted);
  bool AddNodeTxt(const Question& q, const Endpoint& endpoint, uint32_t ttl);

  Verdict AnswerAlias(const Question& q, const PreparedService& service, const WeightedItems<uint32_t>& alias);
  Verdict AnswerNodeAlias(const Question& q, const PreparedNode& node);
  // One of the host names, drawn by weight, in wire form.
  std::span<const uint8_t> DrawHost(const PreparedService& service, const WeightedItems<uint32_t>& alias);
  // `host`, if it is outside the domain and the question's type does not stop at it.
  std::span<const uint8_t> Leaving(const Question& q, std::span<const uint8_t> host) const;
  // Adds what `host` leads to inside the domain. The verdict may want a key or be truncated; its rcode says nothing.
  Verdict FollowAlias(const Question& q, std::span<const uint8_t> host, wire::Section section, uint16_t type,
                      uint32_t ttl);
  // False when the additional section shows already what `host` leads to, or has followed names enough.
  bool NoteFollowed(std::span<const uint8_t> host);
  // One name on the way: its addresses, or the host name that it is an alias of in turn.
  struct AliasStep {
    std::span<const uint8_t> next;
    bool cut = false;  // not everything did fit
  };
  AliasStep AddAliasStep(const Question& q, const Found& found, const Owner& owner, wire::Section section,
                         uint16_t type, uint32_t ttl);
  // Adds `addresses` in drawn order, at most `limit`. False when not all of these did fit.
  template <typename Item>
  bool AddDrawn(const Question& q, const PreparedService& service, const WeightedItems<Item>& addresses, size_t limit,
                const Owner& owner, wire::Section section, uint32_t ttl);
  size_t AddressLimit(const Question& q, const PreparedService& service) const;

  struct Exposed {
    std::optional<Verdict> blocked;  // nobody can say now
    Found service;                   // with the tag, if its outcome is kService
  };
  Exposed FindExposed(const ExposedName& name, uint64_t now_ms);
  Verdict AnswerBalancer(const Question& q, const ExposedName& name);

  // Null: the name has the meaning that it would have without DNS-SD.
  std::optional<Verdict> AnswerBrowse(const Question& q, size_t labels);
  // The name exists because browsing clients ask for names below it.
  bool IsAboveBrowsed(const Question& q, size_t labels);
  Found FindBrowsed(const BrowseName& name, uint64_t now_ms);
  Verdict AnswerDomains(const Question& q, const BrowseName& name);
  Verdict AnswerTypes(const Question& q, const BrowseName& name);
  Verdict AnswerInstances(const Question& q, const BrowseName& name, const PreparedService& service,
                          const AnswerSet& set);
  std::optional<Verdict> AnswerInstance(const Question& q, const BrowseName& name, const PreparedService& service);
  struct ShownInstance {
    const Endpoint* endpoint;
    size_t owner_at;  // where its name stands in the message
  };
  void AddInstances(const Question& q, const PreparedService& service, const std::vector<ShownInstance>& shown);

  // Of the records that answer AnswerReverse and AnswerExposed.
  static Owner OwnerOf(const Question& q) {
    return {.name = q.link != nullptr ? q.link->wire() : std::span<const uint8_t>{}};
  }
  Verdict NotHere(const Question& q, wire::Rcode rcode, bool exists);
  Verdict NegativeReverse(const Question& q, wire::Rcode rcode);

  // Null when `name` lies outside the domain.
  std::optional<Found> LookupInside(const wire::Name& name, uint64_t now_ms);
  void NoteUse(const Found& found, uint64_t now_ms);
  // TTLs are capped while the source is lost.
  uint32_t Ttl(uint32_t ttl) const;
  uint32_t NodeTtl() const { return Ttl(data_.settings().node_ttl); }

  template <typename Item>
  static std::span<const uint32_t> Order(Drawer& drawer, const PreparedService& service, const WeightedItems<Item>& set,
                                         size_t want) {
    if (service.keep_order) return drawer.InOrder(set.size()).first(std::min(want, set.size()));
    return drawer.Draw(set.size(), set.weights(), set.summary(), want);
  }

  ZoneData& data_;
  Drawer drawer_;
  Drawer alias_drawer_;  // what a host name leads to is drawn while the order of the service is still in use
  std::vector<catalog::Key> used_;
  // Scratch of one answer, sized by Reserve.
  std::vector<size_t> target_offsets_;
  std::vector<uint32_t> seen_targets_;
  std::vector<uint32_t> seen_nodes_;
  uint32_t generation_ = 0;
  static constexpr size_t kMaxFollowed = 64;
  std::vector<std::span<const uint8_t>> followed_;  // host names whose addresses the additional section holds
};

}  // namespace signpost::service_zone
