// Signpost. Apache-2.0; see LICENSE.
#include <array>

#include "dnsd/resolver/reply.h"
#include "dnsd/wire/name.h"

namespace signpost::resolver {
namespace {

// A zone that a name lies in, and whose it is.
struct Place {
  size_t size = 0;  // of the zone's name, which is the end of the name's: equal for names of one zone
  Holder holder = Holder::kPublic;
};

// From the longest suffix on.
template <typename Visit>
void VisitSuffixes(std::string_view name, Visit visit) {
  while (!name.empty() && !visit(name)) {
    if (name[0] == 0) return;
    name.remove_prefix(size_t{1} + static_cast<uint8_t>(name[0]));
  }
}

Place PlaceOf(std::string_view name, const ReplyRules& rules) {
  Place place;
  VisitSuffixes(name, [&](std::string_view suffix) {
    if (rules.own_zones.contains(suffix)) {
      place = {suffix.size(), Holder::kOurs};
    } else if (rules.routed.contains(suffix)) {
      place = {suffix.size(), Holder::kRoute};
    }
    return place.size != 0;
  });
  return place;
}

}  // namespace

Holder HolderOf(std::span<const uint8_t> name, std::string_view asked, const ReplyRules& rules) {
  std::array<char, wire::kMaxName> folded;
  for (size_t i = 0; i < name.size(); ++i) folded[i] = static_cast<char>(wire::ToLower(name[i]));
  const std::string_view met(folded.data(), name.size());
  const Place place = PlaceOf(met, rules);
  if (place.holder == Holder::kPublic) return Holder::kPublic;
  const Place home = PlaceOf(asked, rules);
  const bool same = home.size == place.size && asked.ends_with(met.substr(met.size() - place.size));
  return same ? Holder::kSame : place.holder;
}

bool MayBePrivate(const Question& question, const ReplyRules& rules) {
  bool allowed = !rules.rebind_protection;
  VisitSuffixes(question.name, [&](std::string_view suffix) {
    allowed = allowed || rules.rebind_allowed.contains(suffix);
    return allowed;
  });
  return allowed;
}

}  // namespace signpost::resolver
