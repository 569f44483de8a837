// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/query/sources.h"

#include <algorithm>
#include <utility>

#include "dnsd/service_zone/reverse_name.h"

namespace signpost::query {
namespace {

using wire::Ede;
using wire::Rcode;
using wire::Section;
namespace type = wire::type;

std::shared_ptr<const Policy> EmptyPolicy() {
  auto policy = std::make_shared<Policy>();
  policy->routes = std::make_shared<const resolver::Routes>(std::vector<resolver::Route>{});
  policy->zones = std::make_shared<const static_zone::ZoneSet>();
  return policy;
}

// Why an answer of the catalog is not what it could be (RFC 8914).
std::optional<Ede> CatalogEde(catalog::Freshness freshness, Rcode rcode) {
  if (rcode == Rcode::kServFail) {
    const bool known = freshness == catalog::Freshness::kFresh || freshness == catalog::Freshness::kStale;
    return known ? Ede::kNetworkError : Ede::kNotReady;
  }
  if (freshness != catalog::Freshness::kStale) return std::nullopt;
  return rcode == Rcode::kNxDomain ? Ede::kStaleNxDomain : Ede::kStaleAnswer;
}

// What registries and parents are asked for by a single label; host names have more (design: a typo is not told the
// world).
bool IsDelegationType(uint16_t asked) {
  return asked == type::kNs || asked == type::kSoa || asked == type::kDs || asked == type::kDnskey;
}

// RFC 8482 4.2: the smallest true answer to ANY.
bool AddHinfo(wire::ResponseWriter& writer) {
  static constexpr std::string_view kCpu = "RFC8482";
  constexpr uint32_t kTtl = 3600;
  writer.BeginRecordAt(Section::kAnswer, 0, type::kHinfo, kTtl);
  writer.PutU8(static_cast<uint8_t>(kCpu.size()));
  writer.PutBytes({reinterpret_cast<const uint8_t*>(kCpu.data()), kCpu.size()});
  writer.PutU8(0);
  return writer.EndRecord();
}

// A negative answer about the root's names that this server makes up itself is kept for a minute (RFC 2308 5).
void AddRootSoa(wire::ResponseWriter& writer) {
  static constexpr uint8_t kRoot[] = {0};
  writer.BeginRecord(Section::kAuthority, kRoot, type::kSoa, 60);
  writer.PutCompressedName(kRoot);
  writer.PutCompressedName(kRoot);
  for (const uint32_t field : {1U, 3600U, 600U, 86400U, 60U}) writer.PutU32(field);
  writer.EndRecord();
}

}  // namespace

Sources::Sources(service_zone::ZoneData& data, uint64_t seed, size_t cache_bytes)
    : data_(data), answerer_(data, seed), forwarded_(cache_bytes, seed), policy_(EmptyPolicy()) {}

bool Sources::IsReverse(const wire::Name& name) {
  return service_zone::ParseReverseName(name).kind != service_zone::ReverseName::Kind::kForeign;
}

Outcome Sources::Answer(const Asking& asking) {
  Outcome outcome = AskInOrder(asking);
  if (outcome.wanted) {
    forwarded_.HoldArrived(asking.now_ms);
  } else {
    ++RotationOf(asking);
  }
  return outcome;
}

uint32_t& Sources::RotationOf(const Asking& asking) {
  const uint16_t asked = asking.query.type;
  return rotations_[asked == type::kA ? 0 : asked == type::kAaaa ? 1 : 2];
}

Outcome Sources::AskInOrder(const Asking& asking) {
  const wire::Name& name = asking.query.name;
  if (const wire::Name* domain = data_.settings().DomainOf(name)) return AnswerCatalog(asking, *domain);
  if (auto exposed = AnswerExposed(asking, nullptr)) {
    return Chase(asking, std::move(exposed->outcome), exposed->leaves);
  }
  return IsReverse(name) ? AnswerReverse(asking) : AnswerElsewhere(asking);
}

Ede Sources::WhyNotHad(const Want& want) const {
  if (!std::holds_alternative<catalog::Key>(want)) return Ede::kNoReachableAuthority;
  return CatalogEde(data_.freshness(), Rcode::kServFail).value();
}

Outcome Sources::FromCatalog(const service_zone::Verdict& verdict, Source source) const {
  Outcome outcome{.rcode = verdict.rcode,
                  .authoritative = verdict.authoritative,
                  .truncated = verdict.truncated,
                  .ede = CatalogEde(data_.freshness(), verdict.rcode),
                  .source = source};
  if (verdict.wanted) outcome.wanted = Want(*verdict.wanted);
  return outcome;
}

service_zone::Question Sources::ZoneQuestion(const Asking& asking, const wire::Name* link) {
  return {.query = asking.query,
          .writer = asking.writer,
          .over_tcp = asking.over_tcp,
          .now_ms = asking.now_ms,
          .last_try = asking.last_try,
          .link = link};
}

Outcome Sources::AnswerCatalog(const Asking& asking, const wire::Name& domain) {
  const auto labels = asking.query.name.label_count() - domain.label_count();
  const service_zone::Verdict verdict = answerer_.AnswerZone(ZoneQuestion(asking), labels);
  return Chase(asking, FromCatalog(verdict, Source::kCatalog), verdict.leaves);
}

bool Sources::IsCatalogKnown() const {
  return data_.freshness() == catalog::Freshness::kFresh || data_.freshness() == catalog::Freshness::kStale;
}

std::optional<service_zone::ExposedName> Sources::ExposedNameOf(const wire::Name& name) const {
  const auto& exposure = policy_->exposure;
  if (!exposure || name.label_count() != exposure->domain.label_count() + 1 || !name.EndsWith(exposure->domain)) {
    return std::nullopt;
  }
  return service_zone::ExposedName{
      .label = name.label(0), .tag = exposure->tag, .balancer = exposure->balancer, .domain = exposure->domain};
}

std::optional<Sources::Step> Sources::AnswerExposed(const Asking& asking, const wire::Name* link) {
  const wire::Name& name = link != nullptr ? *link : asking.query.name;
  const auto exposed = ExposedNameOf(name);
  if (!exposed) return std::nullopt;
  if (!IsCatalogKnown()) {
    // An upstream's word for a name that may be ours would be believed for long.
    if (PlaceOf(name, asking.query.type).source == Source::kStaticZone) return std::nullopt;
    return Step{.outcome = {.rcode = Rcode::kServFail, .ede = Ede::kNotReady, .source = Source::kExposed}};
  }
  const auto verdict = answerer_.AnswerExposed(ZoneQuestion(asking, link), *exposed);
  if (!verdict) return std::nullopt;
  return Step{.outcome = FromCatalog(*verdict, Source::kExposed), .leaves = verdict->leaves};
}

// Only the PTR records are the catalog's: a reverse zone, and other names and types in it, may be somebody else's.
Sources::Reverse Sources::AskReverse(const Asking& asking, const wire::Name* link) {
  service_zone::Question question = ZoneQuestion(asking, link);
  question.may_look_elsewhere = true;
  const service_zone::Verdict verdict = answerer_.AnswerReverse(question);
  if (!verdict.not_here) return {.outcome = FromCatalog(verdict, Source::kCatalog)};
  // As long as the catalog is not known, nobody can say that a private address has no name.
  const bool unknown = verdict.rcode == Rcode::kServFail && asking.query.type == type::kPtr;
  const wire::Name& name = link != nullptr ? *link : asking.query.name;
  if (unknown && PlaceOf(name, asking.query.type).source == Source::kLocalZone) {
    return {.outcome = FromCatalog(verdict, Source::kCatalog)};
  }
  return {.exists = verdict.exists};
}

Outcome Sources::AnswerReverse(const Asking& asking) {
  Reverse reverse = AskReverse(asking, nullptr);
  if (reverse.outcome) return *std::move(reverse.outcome);
  Outcome elsewhere = AnswerElsewhere(asking);
  // With records it is a CNAME's target that is nowhere.
  const bool is_denied = elsewhere.rcode == Rcode::kNxDomain && asking.writer.count(Section::kAnswer) == 0;
  if (reverse.exists && is_denied) elsewhere.rcode = Rcode::kNoError;
  return elsewhere;
}

Source Sources::BeforePlaceOf(const wire::Name& name, uint16_t asked, uint64_t now_ms) {
  if (const auto exposed = ExposedNameOf(name)) {
    const bool is_exposed =
        IsCatalogKnown() ? answerer_.MayExpose(*exposed, now_ms) : PlaceOf(name, asked).source != Source::kStaticZone;
    if (is_exposed) return Source::kExposed;
  }
  if (asked != type::kPtr || !IsCatalogKnown()) return Source::kNone;
  const service_zone::ReverseName reverse = service_zone::ParseReverseName(name);
  if (reverse.kind != service_zone::ReverseName::Kind::kAddress) return Source::kNone;
  const auto owner = data_.FindReverse(reverse.address);
  return owner != data_.ReverseEnd() && owner->address == reverse.address ? Source::kCatalog : Source::kNone;
}

Sources::Place Sources::PlaceOf(const wire::Name& name, uint16_t asked) const {
  const static_zone::Zone* zone = policy_->zones->Find(name, asked);
  const resolver::Route* route = policy_->routes->Find(name);
  const auto route_is_nearer = [&] {
    const size_t own = zone->origin().label_count();
    const size_t other = route->zone.label_count();
    return other > own || (other == own && zone->built_in());
  };
  if (zone != nullptr && (route == nullptr || !route_is_nearer())) {
    return {.source = zone->built_in() ? Source::kLocalZone : Source::kStaticZone, .zone = zone};
  }
  if (route != nullptr) return {.source = Source::kForwarded, .route = route};
  return {};
}

Outcome Sources::AnswerElsewhere(const Asking& asking) {
  const Place place = PlaceOf(asking.query.name, asking.query.type);
  if (place.zone != nullptr) return AnswerStatic(asking, place);
  // Reverse names are the catalog's where nobody else answers for them.
  if (IsReverse(asking.query.name) && RefuseToForward(asking, place.route)) {
    return FromCatalog(answerer_.AnswerReverse(ZoneQuestion(asking)), Source::kCatalog);
  }
  return AnswerForwarded(asking, place.route);
}

Outcome Sources::AnswerStatic(const Asking& asking, const Place& place) {
  // Below a delegation somebody else knows more (W171).
  const resolver::Route* route = policy_->routes->Find(asking.query.name);
  const bool refers = RefuseToForward(asking, route).has_value();
  const static_zone::Verdict verdict = AskZone(asking, *place.zone, asking.query.name, true, refers);
  if (verdict.referral && !refers) return AnswerForwarded(asking, route);
  Outcome outcome{.rcode = verdict.rcode,
                  .authoritative = verdict.authoritative,
                  .truncated = verdict.truncated && !asking.over_tcp,
                  .source = place.source};
  return Chase(asking, std::move(outcome), verdict.leaves);
}

// Why a name is not forwarded for this client, if so.
std::optional<Outcome> Sources::RefuseToForward(const Asking& asking, const resolver::Route* route) const {
  const auto refuse = [](Ede why) { return Outcome{.rcode = Rcode::kRefused, .ede = why}; };
  // Without RD the cache is not shown either: it would tell what others ask for (W62).
  if (route == nullptr || !asking.query.recursion_desired) return refuse(Ede::kNotAuthoritative);
  if (!asking.trusted) return refuse(Ede::kProhibited);
  if (asking.query.qclass != wire::dns_class::kIn) return refuse(Ede::kNotAuthoritative);
  return std::nullopt;
}

std::optional<Outcome> Sources::KeepHere(const Asking& asking, const wire::Name& name, const resolver::Route& route) {
  const uint16_t asked = asking.query.type;
  // What remains of RFC 6895's range for questions that are no data.
  if (asked >= 128 && asked <= 255) return Outcome{.rcode = Rcode::kNotImp};
  if (name.label_count() != 1 || route.zone.label_count() != 0 || IsDelegationType(asked)) return std::nullopt;
  AddRootSoa(asking.writer);
  return Outcome{.rcode = Rcode::kNxDomain, .source = Source::kLocalZone};
}

std::optional<Forwarded::Hit> Sources::FindForwarded(const Asking& asking, const resolver::QuestionView& question) {
  return forwarded_.Find(question, asking.now_ms, asking.parked_ms);
}

Outcome Sources::AnswerForwarded(const Asking& asking, const resolver::Route* route) {
  if (auto refused = RefuseToForward(asking, route)) return *refused;
  const wire::Query& query = asking.query;
  if (query.type == type::kAny) {
    return {.truncated = !AddHinfo(asking.writer) && !asking.over_tcp, .source = Source::kForwarded};
  }
  if (auto kept = KeepHere(asking, query.name, *route)) return *std::move(kept);
  const resolver::QuestionView question{
      resolver::NameBytes(query.name), query.type, {query.edns.dnssec_ok, query.checking_disabled}};
  if (const auto hit = FindForwarded(asking, question)) return WriteForwarded(asking, *hit);
  if (asking.last_try) {
    return {.rcode = Rcode::kServFail, .ede = Ede::kNoReachableAuthority, .source = Source::kForwarded};
  }
  return {.source = Source::kForwarded, .wanted = Want(resolver::Copy(question))};
}

Outcome Sources::WriteForwarded(const Asking& asking, const Forwarded::Hit& hit) {
  NoteRefresh(hit);
  const resolver::Answer& chain = ChainOf(hit.answer);
  if (const size_t links = FindBend(asking, chain)) {
    Outcome outcome = LinksOf(hit);
    const auto written = resolver::WriteLinks(chain, hit.age, asking.now_ms, links, asking.writer);
    outcome.truncated = written.truncated && !asking.over_tcp;
    outcome.source = Source::kForwarded;
    return Chase(asking, std::move(outcome), bend_.wire());
  }
  const auto written = resolver::WriteAnswer(hit.answer, hit.age, asking.now_ms, RotationOf(asking), asking.writer);
  Outcome outcome = OutcomeOf(hit);
  outcome.truncated = written.truncated && !asking.over_tcp;
  if (outcome.truncated && hit.answer.failure) outcome.rcode = Rcode::kNoError;  // TC with SERVFAIL sends nobody to TCP
  outcome.source = Source::kForwarded;
  return outcome;
}

Outcome Sources::OutcomeOf(const Forwarded::Hit& hit) {
  const resolver::Answer& answer = hit.answer;
  if (hit.age == resolver::Age::kFresh) {
    return {.rcode = answer.rcode, .ede = answer.ede, .ede_text = answer.ede_text};
  }
  return {.rcode = answer.rcode,
          .ede = answer.rcode == Rcode::kNxDomain ? Ede::kStaleNxDomain : Ede::kStaleAnswer,
          .stale = true};
}

void Sources::NoteRefresh(const Forwarded::Hit& hit) {
  if (hit.wants_refresh) refreshes_.push_back(hit.answer.question);
}

}  // namespace signpost::query
