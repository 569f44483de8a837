// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/selection.h"

#include <algorithm>
#include <array>

#include "registrar/mapping/text_values.h"

namespace signpost::registrar {
namespace {

// "key" or "key=value".
bool HasLabel(const Container& container, std::string_view wanted) {
  const size_t equals = wanted.find('=');
  const std::string_view key = wanted.substr(0, equals);
  return std::any_of(container.labels.begin(), container.labels.end(), [&](const auto& label) {
    return label.first == key && (equals == std::string_view::npos || label.second == wanted.substr(equals + 1));
  });
}

bool OnNetwork(const Container& container, std::string_view pattern) {
  return std::any_of(container.networks.begin(), container.networks.end(),
                     [&](const NetworkAttachment& network) { return MatchesPattern(pattern, network.name); });
}

bool Matches(const Container& container, const Filter& filter) {
  switch (filter.kind) {
    case Filter::Kind::kLabel:
      return HasLabel(container, filter.pattern);
    case Filter::Kind::kName:
      return MatchesPattern(filter.pattern, container.name);
    case Filter::Kind::kNetwork:
      return OnNetwork(container, filter.pattern);
    case Filter::Kind::kImage:
      return MatchesPattern(filter.pattern, container.image);
  }
  return false;
}

}  // namespace

bool IsSelected(const Container& container, const MappingOptions& options) {
  if (!options.require_label.empty() && !HasLabel(container, options.require_label)) return false;
  constexpr std::array kKinds = {Filter::Kind::kLabel, Filter::Kind::kName, Filter::Kind::kNetwork,
                                 Filter::Kind::kImage};
  return std::all_of(kKinds.begin(), kKinds.end(), [&](Filter::Kind kind) {
    bool asked = false;
    for (const Filter& filter : options.filters) {
      if (filter.kind != kind) continue;
      if (Matches(container, filter)) return true;
      asked = true;
    }
    return !asked;
  });
}

bool IsIgnored(const Metadata& metadata, Compat compat) {
  if (!metadata.Has("ignore")) return false;
  return compat == Compat::kRegistrator || !IsDoubtfullyIgnored(metadata);
}

bool IsDoubtfullyIgnored(const Metadata& metadata) {
  return ParseSwitch(metadata.Value("ignore")) == std::optional<bool>(false);
}

}  // namespace signpost::registrar
