// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/query/handler.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/random.h"
#include "common/base/siphash.h"
#include "dnsd/query/chaos.h"
#include "dnsd/query/triage.h"
#include "dnsd/wire/response_writer.h"

namespace signpost::query {
namespace {

using wire::Rcode;

// What the transport and the client allow. EDNS sizes below 512 mean 512 (RFC 6891 6.2.3) and say nothing about TCP.
size_t SizeLimit(const wire::Query& query, Transport transport) {
  if (transport == Transport::kTcp) return wire::kMaxMessage;
  if (!query.edns.present) return wire::kPlainUdpLimit;
  return std::clamp<size_t>(query.edns.udp_size, wire::kPlainUdpLimit, wire::kOwnUdpSize);
}

SipKey MakeKey(uint64_t seed) {
  SipKey key;
  Random random(seed);
  for (uint8_t& byte : key) byte = static_cast<uint8_t>(random.Next());
  return key;
}

constexpr size_t kClientCookie = 8;

// Nobody on the way can have forged it.
bool IsLoopback(std::span<const uint8_t> ip) {
  static constexpr std::array<uint8_t, 16> kV6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return ip.size() == 4 ? ip[0] == 127 : std::ranges::equal(ip, kV6);
}

// A question that is none wants to be told the cookie, no more (RFC 7873 5.4).
Outcome CookieOnly(const wire::Query& query) {
  return {.rcode = query.edns.version > 0 ? Rcode::kBadVers : Rcode::kNoError};
}

}  // namespace

Handler::Handler(service_zone::ZoneData& data, uint64_t seed, size_t cache_bytes)
    : data_(data), prefetcher_(data), sources_(data, seed, cache_bytes), limiter_(0, MakeKey(seed)) {}

void Handler::SetPolicy(std::shared_ptr<const Policy> policy) {
  limiter_.SetRate(policy->responses_per_second);
  log_.SetRules(policy->log);
  sources_.forwarded().SetRoutes(policy->routes);
  sources_.SetPolicy(std::move(policy));
}

Handler::Client Handler::ClientOf(const wire::Query& query, const Context& context) const {
  Client client{.trusted = policy().recursion.Contains(context.peer_ip)};
  const auto sent = query.edns.cookie;
  if (sent.size() < kClientCookie || context.peer_ip.empty()) return client;
  const CookieKeys& keys = policy().cookie_keys;
  client.cookie_is_good = keys.Verify(sent, context.peer_ip, context.wall_s);
  client.cookie = keys.Make(sent.first(kClientCookie), context.peer_ip, context.wall_s);
  return client;
}

Reply Handler::Handle(std::span<const uint8_t> packet, const Context& context, std::span<uint8_t> out) {
  wire::Query query;
  const auto drop = [&](Drop reason) {
    counters_.dropped[static_cast<size_t>(context.transport)][static_cast<size_t>(reason)].Add();
    return Reply{.drop = reason};
  };
  const wire::Verdict parsed =
      wire::ParseQuery(packet, query, policy().cookies ? wire::Cookies::kRead : wire::Cookies::kIgnored);
  if (parsed == wire::Verdict::kTooShort) return drop(Drop::kShort);
  if (parsed == wire::Verdict::kIsResponse) return drop(Drop::kResponse);
  const Client client = ClientOf(query, context);
  if (auto limited = LimitRate(query, context, client, out)) return *limited;

  const auto refuse = [&](Rcode rcode) {
    Count(context, rcode, TypeBucket::kNone);
    counters_.sources[static_cast<size_t>(Source::kNone)].Add();
    return Reply{.size = wire::WriteHeaderOnly(out, query, rcode)};
  };
  switch (parsed) {
    case wire::Verdict::kNotQuery:
      return refuse(Rcode::kNotImp);
    case wire::Verdict::kSigned: {
      wire::ResponseWriter writer(out, SizeLimit(query, context.transport), query);
      Count(context, Rcode::kNotAuth, TypeBucket::kNone);
      counters_.sources[static_cast<size_t>(Source::kNone)].Add();
      return {.size = writer.FinishBadKey(query.tsig)};
    }
    case wire::Verdict::kCookieOnly:
      if (!client.cookie) return refuse(Rcode::kFormErr);
      return AnswerQuery(query, context, client, out);
    case wire::Verdict::kQuery:
      return AnswerQuery(query, context, client, out);
    default:
      return refuse(Rcode::kFormErr);
  }
}

// Whoever is trusted, comes by TCP or has shown by a cookie that the address is its own gets all its answers.
std::optional<Reply> Handler::LimitRate(const wire::Query& query, const Context& context, const Client& client,
                                        std::span<uint8_t> out) {
  if (policy().responses_per_second == 0 || context.transport == Transport::kTcp || client.trusted ||
      IsLoopback(context.peer_ip) || client.cookie_is_good || context.parked_ms) {
    return std::nullopt;
  }
  const Limit limit = limiter_.Check(context.peer_ip, context.now_ms);
  if (limit == Limit::kPass) return std::nullopt;
  if (limit == Limit::kDrop || query.question.empty()) {
    counters_.dropped[static_cast<size_t>(context.transport)][static_cast<size_t>(Drop::kRate)].Add();
    return Reply{.drop = Drop::kRate};
  }
  // With the cookie the client's next question passes (RFC 7873 5.2).
  wire::OptContent opt;
  if (client.cookie) opt.cookie = *client.cookie;
  wire::ResponseWriter writer(out, SizeLimit(query, context.transport), query, opt);
  Count(context, Rcode::kNoError, BucketOf(query.type));
  counters_.sources[static_cast<size_t>(Source::kNone)].Add();
  counters_.truncated.Add();
  counters_.slipped.Add();
  return Reply{.size = writer.Finish({.truncated = true})};
}

Reply Handler::AnswerQuery(const wire::Query& query, const Context& context, const Client& client,
                           std::span<uint8_t> out) {
  wire::OptContent opt;
  if (client.cookie) opt.cookie = *client.cookie;
  if (query.edns.nsid) opt.nsid = policy().identity;
  wire::ResponseWriter writer(out, SizeLimit(query, context.transport), query, opt);
  const auto empty = writer.Here();
  Outcome outcome = query.question.empty() ? CookieOnly(query) : Route(query, context, client, writer);
  if (outcome.wanted) {
    if (!context.last_try) return {.wanted = std::move(outcome.wanted)};
    writer.RollBack(empty);
    outcome = {.rcode = Rcode::kServFail, .ede = sources_.WhyNotHad(*outcome.wanted), .source = outcome.source};
  }
  Count(context, outcome.rcode, query.question.empty() ? TypeBucket::kNone : BucketOf(query.type));
  counters_.sources[static_cast<size_t>(outcome.source)].Add();
  if (outcome.truncated) counters_.truncated.Add();
  if (outcome.stale) counters_.stale.Add();
  if (log_.enabled() && log_.Wants(query.name)) NoteInLog(query, context, outcome);
  const bool forwarded = outcome.source == Source::kForwarded;
  return {.size = writer.Finish({.rcode = outcome.rcode,
                                 .authoritative = outcome.authoritative,
                                 .truncated = outcome.truncated,
                                 .recursion_available = client.trusted && !policy().routes->all().empty(),
                                 .checking_disabled = forwarded && query.checking_disabled,
                                 .keepalive_tenths = context.keepalive_tenths,
                                 .ede = outcome.ede,
                                 .ede_text = outcome.ede_text})};
}

Outcome Handler::Route(const wire::Query& query, const Context& context, const Client& client,
                       wire::ResponseWriter& writer) {
  if (query.qclass == wire::dns_class::kCh && !(query.edns.present && query.edns.version > 0)) {
    return {.rcode = AnswerChaos(policy(), query, writer)};
  }
  if (const auto rcode = Triage(query)) return {.rcode = *rcode};
  if (!hop_.empty() && std::ranges::equal(query.edns.hop, hop_)) {
    return {.rcode = Rcode::kServFail, .ede = wire::Ede::kOther, .ede_text = "forwarding loop"};
  }
  NoteProbe(query);
  return sources_.Answer({.query = query,
                          .writer = writer,
                          .over_tcp = context.transport == Transport::kTcp,
                          .trusted = client.trusted,
                          .last_try = context.last_try,
                          .now_ms = context.now_ms,
                          .parked_ms = context.parked_ms});
}

void Handler::NoteProbe(const wire::Query& query) {
  if (query.type != wire::type::kTxt || query.name.label_count() != 3) return;
  const std::string_view label = query.name.label(0);
  if (!label.starts_with(resolver::kProbePrefix)) return;
  if (resolver::NameBytes(query.name).substr(1 + label.size()) == resolver::kProbeDomain) probe_ = std::string(label);
}

void Handler::NoteInLog(const wire::Query& query, const Context& context, const Outcome& outcome) {
  QueryLogEntry entry{.name = query.name,
                      .type = query.type,
                      .rcode = outcome.rcode,
                      .over_tcp = context.transport == Transport::kTcp,
                      .truncated = outcome.truncated,
                      .source = kSourceNames[static_cast<size_t>(outcome.source)],
                      .ip_size = static_cast<uint8_t>(std::min(context.peer_ip.size(), sizeof(QueryLogEntry::ip)))};
  std::copy_n(context.peer_ip.begin(), entry.ip_size, entry.ip.begin());
  log_.Note(entry);
}

void Handler::Count(const Context& context, Rcode rcode, TypeBucket type) {
  counters_.answered[static_cast<size_t>(context.transport)].Add();
  counters_.rcodes[static_cast<size_t>(rcode)].Add();
  counters_.types[static_cast<size_t>(type)].Add();
}

}  // namespace signpost::query
