// Signpost. Apache-2.0; see LICENSE.
#include "lb/pool/version_split.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "common/json/json.h"
#include "common/options/text.h"
#include "lb/pool/setting_text.h"

namespace signpost::lb {
namespace {

constexpr size_t kMaxVersions = 8;
constexpr size_t kMaxPolicy = 4096;
constexpr uint32_t kWhole = 10000;

Status BadShares(std::string_view text) {
  return Status::Config("must be up to 8 versions with their percents, like v1:95,v2:5, not " + options::Quoted(text));
}

// "5" or "2.25" as hundredths of a percent.
std::optional<uint32_t> ParsePercent(std::string_view text) {
  const size_t dot = text.find('.');
  const std::string_view whole = text.substr(0, dot);
  const std::string_view part = dot == std::string_view::npos ? std::string_view() : text.substr(dot + 1);
  if (dot != std::string_view::npos && (part.empty() || part.size() > 2)) return std::nullopt;
  const auto percents = ParseWhole(whole);
  const auto hundredths = part.empty() ? std::optional<uint64_t>(0) : ParseWhole(part);
  if (!percents || !hundredths || *percents > kWhole) return std::nullopt;
  return static_cast<uint32_t>(*percents * 100 + *hundredths * (part.size() == 1 ? 10 : 1));
}

// Rounds down and gives what is left to the largest share, so that the sum is exact. A share that was not 0 stays so.
void Normalise(std::vector<VersionShare>& shares, uint64_t sum) {
  if (sum == kWhole) return;
  uint32_t given = 0;
  for (VersionShare& share : shares) {
    const auto scaled = static_cast<uint32_t>(uint64_t{share.share} * kWhole / sum);
    share.share = share.share == 0 ? 0 : std::max<uint32_t>(1, scaled);
    given += share.share;
  }
  auto& largest = *std::max_element(shares.begin(), shares.end(),
                                    [](const VersionShare& a, const VersionShare& b) { return a.share < b.share; });
  largest.share += kWhole - given;  // may be "negative": unsigned arithmetic gives the right sum
}

Status BadPolicy(std::string_view what) { return Status::Config("The policy is not usable: " + std::string(what)); }

Status CheckPolicyKeys(const json::Value& root) {
  std::string wrong;
  root.ForEachMember([&](std::string_view key, json::Value value) {
    const bool right = key == "strict" ? value.IsBool() : key == "split" || key == "key" ? value.IsString() : false;
    if (!right && wrong.empty()) wrong = key;
  });
  if (wrong.empty()) return Status::Ok();
  return BadPolicy(options::Quoted(wrong) + " must be one of split (text), key (text) and strict (true or false).");
}

}  // namespace

bool IsVersionName(std::string_view text) {
  constexpr size_t kLongest = 64;
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-+~").find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= kLongest && std::all_of(text.begin(), text.end(), fits);
}

Result<VersionSplit> ParseShares(std::string_view text) {
  VersionSplit split;
  uint64_t sum = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view item = Trimmed(TakeItem(rest));
    const size_t colon = item.rfind(':');
    if (colon == std::string_view::npos || split.shares.size() == kMaxVersions) return BadShares(text);
    const std::string_view version = Trimmed(item.substr(0, colon));
    const auto share = ParsePercent(Trimmed(item.substr(colon + 1)));
    if (!IsVersionName(version) || !share) return BadShares(text);
    for (const VersionShare& other : split.shares) {
      if (other.version == version) return Status::Config("must name every version once, not " + options::Quoted(text));
    }
    split.shares.push_back({std::string(version), *share});
    sum += *share;
  }
  if (sum == 0) return BadShares(text);
  Normalise(split.shares, sum);
  std::stable_sort(split.shares.begin(), split.shares.end(),
                   [](const VersionShare& a, const VersionShare& b) { return a.share < b.share; });
  return split;
}

std::string SharesText(const VersionSplit& split) {
  std::string text;
  for (const VersionShare& share : split.shares) {
    if (!text.empty()) text += ',';
    text += share.version + ':' + std::to_string(share.share / 100);
    const uint32_t part = share.share % 100;
    if (part == 0) continue;
    text += '.';
    text += static_cast<char>('0' + part / 10);
    if (part % 10 != 0) text += static_cast<char>('0' + part % 10);
  }
  return text;
}

bool ParseSplitKey(VersionSplit& split, std::string_view text) {
  const size_t colon = text.find(':');
  const std::string_view kind = text.substr(0, colon);
  const std::string_view name = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  if (kind == "client" || kind == "none") {
    if (colon != std::string_view::npos) return false;
    split.key = kind == "none" ? SplitKey::kNone : SplitKey::kClientAddress;
    split.key_name.clear();
    return true;
  }
  if ((kind != "cookie" && kind != "header") || !IsFieldName(name)) return false;
  split.key = kind == "cookie" ? SplitKey::kCookie : SplitKey::kHeader;
  split.key_name = name;
  return true;
}

std::string SplitKeyText(const VersionSplit& split) {
  switch (split.key) {
    case SplitKey::kNone:
      return "none";
    case SplitKey::kClientAddress:
      return "client";
    case SplitKey::kCookie:
      return "cookie:" + split.key_name;
    case SplitKey::kHeader:
      return "header:" + split.key_name;
  }
  return {};
}

Result<VersionSplit> ParsePolicy(std::string_view json) {
  if (json.size() > kMaxPolicy) return BadPolicy("it is longer than 4 KiB.");
  const auto document = json::Document::Parse(json);
  if (!document.ok()) return BadPolicy(document.status().text());
  const json::Value root = document.value().root();
  if (!root.IsObject()) return BadPolicy("it must be an object like {\"split\": \"v1:95,v2:5\"}.");
  if (Status status = CheckPolicyKeys(root); !status.ok()) return status;

  auto split = ParseShares(root["split"].String());
  if (!split.ok()) return BadPolicy("split " + split.status().text() + ".");
  if (root["key"].present() && !ParseSplitKey(split.value(), root["key"].String())) {
    return BadPolicy("key must be cookie:NAME, header:NAME, client or none, not " +
                     options::Quoted(root["key"].String()) + ".");
  }
  split->strict = root["strict"].Bool();
  return split;
}

}  // namespace signpost::lb
