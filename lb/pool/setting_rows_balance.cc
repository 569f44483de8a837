// Signpost. Apache-2.0; see LICENSE.
#include "lb/pool/setting_rows.h"

namespace signpost::lb {
namespace {

constexpr std::array<std::pair<std::string_view, Algorithm>, 4> kAlgorithms = {{
    {"round_robin", Algorithm::kRoundRobin},
    {"least_conn", Algorithm::kLeastConn},
    {"random_two", Algorithm::kRandomTwo},
    {"source_hash", Algorithm::kSourceHash},
}};
constexpr std::array<std::pair<std::string_view, ZeroWeight>, 2> kZeroWeights = {{
    {"standby", ZeroWeight::kStandby},
    {"one", ZeroWeight::kOne},
}};

std::string SetHash(ServiceSettings& settings, std::string_view text) {
  const size_t colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  const std::string_view name = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (text == "client") {
    settings.hash_on = KeySource::kClientAddress;
  } else if (kind == "header" && IsFieldName(name)) {
    settings.hash_on = KeySource::kHeader;
  } else if (kind == "cookie" && IsFieldName(name)) {
    settings.hash_on = KeySource::kCookie;
  } else {
    return MustBe("client, header:NAME or cookie:NAME", text);
  }
  settings.hash_name = name;
  return {};
}

std::string GetHash(const ServiceSettings& settings) {
  if (settings.hash_on == KeySource::kClientAddress) return "client";
  return (settings.hash_on == KeySource::kHeader ? "header:" : "cookie:") + settings.hash_name;
}

std::string SetStickyCookie(ServiceSettings& settings, std::string_view text) {
  if (!text.empty() && !IsFieldName(text)) return MustBe("the name of a cookie, or nothing", text);
  settings.sticky_cookie = text;
  return {};
}

std::string SetSplit(ServiceSettings& settings, std::string_view text) {
  if (text.empty()) {
    settings.split.shares.clear();
    return {};
  }
  auto split = ParseShares(text);
  if (!split.ok()) return split.status().text();
  settings.split.shares = std::move(split.value().shares);
  return {};
}

std::string SetSplitKey(ServiceSettings& settings, std::string_view text) {
  return ParseSplitKey(settings.split, text) ? std::string() : MustBe("cookie:NAME, header:NAME, client or none", text);
}

}  // namespace

std::vector<SettingKey> BalanceRows() {
  return {
      WordRow<kOf<&ServiceSettings::algorithm>, kAlgorithms>(
          "algorithm", "round_robin|least_conn|random_two|source_hash", "How an endpoint is chosen"),
      {"hash", "client|header:NAME|cookie:NAME", "What source_hash hashes", SetHash, GetHash},
      {"sticky_cookie", "NAME", "Cookie that keeps a client on its endpoint; empty = none", SetStickyCookie,
       [](const ServiceSettings& settings) { return settings.sticky_cookie; }},
      WordRow<kOf<&ServiceSettings::zero_weight>, kZeroWeights>(
          "zero_weight", "standby|one", "Weight 0: only when nothing else of its tier is usable, or like weight 1"),
      {"split", "VERSION:PERCENT,...", "Shares of up to 8 versions; empty = all versions are one pool", SetSplit,
       [](const ServiceSettings& settings) { return SharesText(settings.split); }},
      {"split_key", "cookie:NAME|header:NAME|client|none", "What keeps a client on its version", SetSplitKey,
       [](const ServiceSettings& settings) { return SplitKeyText(settings.split); }},
      SwitchRow<kIn<&ServiceSettings::split, &VersionSplit::strict> >(
          "split_strict", "A version without usable endpoints answers 503 instead of leaving its share to the others"),
  };  // namespace signpost::lb
}

}  // namespace signpost::lb
