// Signpost. Apache-2.0; see LICENSE.
#include <algorithm>
#include <set>
#include <vector>

#include "dnsd/service_zone/browse.h"
#include "dnsd/service_zone/txt.h"
#include "dnsd/wire/name.h"

namespace signpost::service_zone {
namespace {

constexpr size_t kMaxString = 255;
constexpr size_t kMaxRdata = 1300;  // RFC 6763 6.1

// RFC 6763 6.4: printable ASCII without '=', and of keys that differ in letter case only the first counts.
class TxtStrings {
 public:
  void Add(std::string_view key, std::string_view value) {
    const auto is_plain = [](unsigned char c) { return c >= 0x20 && c < 0x7f && c != '='; };
    if (key.empty() || !std::ranges::all_of(key, is_plain) || !keys_.insert(wire::ToLower(key)).second) return;
    const std::string text = std::string(key).append("=").append(value).substr(0, kMaxString);
    if (rdata_.size() + 1 + text.size() <= kMaxRdata) AppendTxt(text, rdata_);
  }
  std::string Take() { return std::move(rdata_); }

 private:
  std::set<std::string, std::less<>> keys_;
  std::string rdata_;
};

// "a,b". Whole tags only; where not all have room in one string, the short ones go first: "http" matters more to most
// readers than a long one. A tag with a comma would be read as two: it has its sub-type only.
std::string JoinTags(const std::vector<std::string>& tags) {
  static constexpr size_t kRoom = kMaxString - std::string_view("tags=").size();
  std::vector<std::string_view> listed;
  size_t total = 0;
  for (const std::string& tag : tags) {
    if (tag.empty() || tag.find(',') != std::string::npos) continue;
    listed.push_back(tag);
    total += tag.size() + 1;
  }
  if (total > kRoom + 1) std::ranges::stable_sort(listed, {}, &std::string_view::size);
  std::string out;
  for (const std::string_view tag : listed) {
    if (out.size() + tag.size() + 1 > kRoom + (out.empty() ? 1 : 0)) continue;
    if (!out.empty()) out += ',';
    out += tag;
  }
  return out;
}

}  // namespace

std::string BrowseTxt(const consul::ServiceInstance& instance, std::string_view datacenter) {
  TxtStrings strings;
  strings.Add("txtvers", "1");
  strings.Add("id", instance.id);
  strings.Add("tags", JoinTags(instance.tags));
  for (const auto& [key, value] : instance.meta) {
    if (key == "version") strings.Add(key, value);
  }
  strings.Add("dc", datacenter);
  for (const auto& [key, value] : instance.meta) strings.Add(key, value);
  return strings.Take();
}

}  // namespace signpost::service_zone
