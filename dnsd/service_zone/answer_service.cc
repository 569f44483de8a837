// Signpost. Apache-2.0; see LICENSE.
#include <algorithm>
#include <limits>

#include "dnsd/service_zone/answer.h"
#include "dnsd/service_zone/records.h"
#include "dnsd/service_zone/txt.h"

namespace signpost::service_zone {
namespace {

using wire::Section;
namespace type = wire::type;

constexpr size_t kARecord = 16;  // owner pointer, type, class, TTL, RDLENGTH, address
constexpr size_t kAaaaRecord = 28;
constexpr size_t kNoLimit = std::numeric_limits<size_t>::max();

size_t OrNoLimit(uint32_t limit) { return limit == 0 ? kNoLimit : limit; }

// Limits set by policy never set TC. Like Consul's, udp_answer_limit is for clients that take 512 bytes at most.
size_t SrvLimit(const Question& q, const Settings& settings, const PreparedService& service) {
  const size_t limit = OrNoLimit(service.answer_limit);
  const bool small = !q.over_tcp && (!q.query.edns.present || q.query.edns.udp_size <= wire::kPlainUdpLimit);
  return small ? std::min(limit, OrNoLimit(settings.udp_answer_limit)) : limit;
}

}  // namespace

size_t Answerer::AddressLimit(const Question& q, const PreparedService& service) const {
  return std::min(SrvLimit(q, data_.settings(), service), OrNoLimit(data_.settings().a_record_limit));
}

Verdict Answerer::AnswerService(const Question& q, const Found& found) {
  switch (q.query.type) {
    case type::kA:
    case type::kAaaa:
    case type::kAny:
      return AnswerAddresses(q, found);
    case type::kSrv:
      return AnswerSrv(q, found, {}, Ttl(found.service->ttl));
    case type::kTxt:
      return AnswerServiceTxt(q, found, {}, Ttl(found.service->ttl));
    default:
      if (!found.set->alias.empty()) return AnswerAlias(q, *found.service, found.set->alias);
      return Negative(q, wire::Rcode::kNoError);
  }
}

// A and AAAA carry as many whole records as fit, because old stubs use what they get and never ask again over TCP.
Verdict Answerer::AnswerAddresses(const Question& q, const Found& found) {
  const AnswerSet& set = *found.set;
  const bool with_a = q.query.type != type::kAaaa && !set.a.empty();
  const bool with_aaaa = q.query.type != type::kA && !set.aaaa.empty();
  if (!with_a && !with_aaaa) {
    if (!set.alias.empty()) return AnswerAlias(q, *found.service, set.alias);
    return Negative(q, wire::Rcode::kNoError);
  }
  const uint32_t ttl = Ttl(found.service->ttl);
  size_t left = AddressLimit(q, *found.service);
  bool cut = false;
  if (with_a) {
    const size_t want = std::min(left, set.a.size());
    const size_t fit = std::min(want, q.writer.room() / kARecord);
    for (const uint32_t i : Order(drawer_, *found.service, set.a, fit)) q.writer.AddA(ttl, set.a[i].data());
    cut = fit < want;
    left -= want;
  }
  if (with_aaaa) {
    const size_t want = std::min(left, set.aaaa.size());
    const size_t fit = std::min(want, q.writer.room() / kAaaaRecord);
    for (const uint32_t i : Order(drawer_, *found.service, set.aaaa, fit)) q.writer.AddAaaa(ttl, set.aaaa[i].data());
    cut |= fit < want;
  }
  // Over TCP there is no larger transport to send the client to: the set is capped, drawn by weight.
  return {.truncated = cut && !q.over_tcp};
}

Verdict Answerer::AnswerSrv(const Question& q, const Found& found, const Owner& owner, uint32_t ttl) {
  const PreparedService& service = *found.service;
  const auto& srv = found.set->srv;
  if (srv.empty()) return Negative(q, wire::Rcode::kNoError);
  const auto start = q.writer.Here();
  auto order = Order(drawer_, service, srv, SrvLimit(q, data_.settings(), service));
  for (size_t i = 0; i < order.size(); ++i) {
    const Endpoint& endpoint = service.endpoints[srv[order[i]]];
    if (AddSrv(q.writer, Section::kAnswer, owner, service, endpoint, data_.settings().domain, ttl, target_offsets_[i]))
      continue;
    if (q.over_tcp) {
      order = order.first(i);
      break;
    }
    // A client that balances over SRV needs the whole set: no part of it, TC sends it to TCP.
    q.writer.RollBack(start);
    return {.truncated = true};
  }
  return {.wanted = AddAdditional(q, service, srv, order, ttl)};
}

void Answerer::BeginAdditional() {
  if (++generation_ == 0) {  // after 2^32 answers the marks of the first ones would count again
    std::ranges::fill(seen_targets_, 0U);
    std::ranges::fill(seen_nodes_, 0U);
    generation_ = 1;
  }
  followed_.clear();
}

// RFC 2782 and RFC 2181 9: what does not fit is left out without TC.
std::optional<catalog::Key> Answerer::AddAdditional(const Question& q, const PreparedService& service,
                                                    const WeightedItems<uint32_t>& srv, std::span<const uint32_t> order,
                                                    uint32_t ttl) {
  BeginAdditional();
  std::optional<catalog::Key> wanted;
  for (size_t i = 0; i < order.size(); ++i) {
    const Endpoint& e = service.endpoints[srv[order[i]]];
    if (IsFirstWithTarget(e) && !AddTargetAddresses(q, service, e, target_offsets_[i], ttl, wanted)) {
      return wanted;
    }
    if (!data_.settings().node_meta_txt || std::exchange(seen_nodes_[e.node_index], generation_) == generation_)
      continue;
    if (!AddNodeTxt(q, e, ttl)) break;
  }
  return wanted;
}

bool Answerer::AddTargetAddresses(const Question& q, const PreparedService& service, const Endpoint& endpoint,
                                  size_t offset, uint32_t ttl, std::optional<catalog::Key>& wanted) {
  if (endpoint.target == Endpoint::Target::kHost) {
    wanted =
        FollowAlias(q, Bytes(service.hosts[static_cast<size_t>(endpoint.host)]), Section::kAdditional, type::kAny, ttl)
            .wanted;
    return !wanted;
  }
  const Owner owner{.offset = offset};
  if (endpoint.has_v4 && !AddAddress(q.writer, Section::kAdditional, owner, ttl, endpoint.v4)) return false;
  if (endpoint.v6 < 0) return true;
  return AddAddress(q.writer, Section::kAdditional, owner, ttl, service.v6[static_cast<size_t>(endpoint.v6)]);
}

bool Answerer::AddNodeTxt(const Question& q, const Endpoint& endpoint, uint32_t ttl) {
  if (endpoint.node->owner.empty()) return true;
  return std::ranges::all_of(endpoint.node->txt, [&](const std::string& rdata) {
    return AddTxt(q.writer, Section::kAdditional, {.name = Bytes(endpoint.node->owner)}, ttl, rdata);
  });
}

Verdict Answerer::AnswerServiceTxt(const Question& q, const Found& found, const Owner& owner, uint32_t ttl) {
  const PreparedService& service = *found.service;
  const bool untagged = found.set == &service.untagged;
  const size_t n = untagged ? service.endpoints.size() : found.set->all.size();
  if (n == 0) return Negative(q, wire::Rcode::kNoError);
  const auto start = q.writer.Here();
  for (size_t i = 0; i < n; ++i) {
    const Endpoint& endpoint = service.endpoints[untagged ? i : found.set->all[i]];
    if (AddTxt(q.writer, Section::kAnswer, owner, ttl, InstanceTxt(service.instance(endpoint)))) continue;
    if (q.over_tcp) break;
    q.writer.RollBack(start);
    return {.truncated = true};
  }
  return {};
}

}  // namespace signpost::service_zone
