// Signpost. Apache-2.0; see LICENSE.
#include "registrar/plan/differences.h"

#include <algorithm>
#include <map>
#include <utility>

#include "registrar/plan/registration.h"

namespace signpost::registrar {
namespace {

constexpr size_t kShown = 60;
constexpr size_t kShortId = 12;

class Reasons {
 public:
  void Add(const std::string& reason) { text_ += (text_.empty() ? "" : "; ") + reason; }
  void Compare(std::string_view what, std::string_view wanted, std::string_view actual) {
    if (wanted != actual) Add(std::string(what) + " " + Shown(wanted) + " instead of " + Shown(actual));
  }
  void Compare(std::string_view what, int64_t wanted, int64_t actual) {
    Compare(what, std::to_string(wanted), std::to_string(actual));
  }
  bool empty() const { return text_.empty(); }
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string Joined(const Strings& texts) {
  std::string result;
  for (const std::string& text : texts) result += (&text == &texts.front() ? "" : ",") + text;
  return result;
}

void CompareTags(const ActualService& wanted, const ActualService& actual, Reasons& reasons) {
  if (wanted.tags == actual.tags || (wanted.enable_tag_override && actual.enable_tag_override)) return;
  const std::string left = Joined(wanted.tags);
  const std::string right = Joined(actual.tags);
  if (left == right) {
    reasons.Add("tags are cut differently");  // "a,b" is one tag here and two there
  } else {
    reasons.Compare("tags", left, right);
  }
}

bool IsOwn(std::string_view key) { return key == kOwnerKey || key == kContainerKey || key == kSpecKey; }

void CompareMeta(const ActualService& wanted, const ActualService& actual, Reasons& reasons) {
  std::map<std::string_view, std::string_view> left(wanted.meta.begin(), wanted.meta.end());
  for (const auto& [key, value] : actual.meta) {
    if (IsOwn(key)) continue;
    const auto found = left.find(key);
    if (found == left.end()) {
      reasons.Add("meta " + Shown(key) + " is too many");
    } else {
      reasons.Compare("meta " + Shown(key), found->second, value);
      left.erase(found);
    }
  }
  for (const auto& [key, value] : left) {
    if (!IsOwn(key)) reasons.Add("meta " + Shown(key) + " is missing");
  }
}

// Without those that both have and those that Consul derived at the agent.
void CompareAddresses(const ActualService& wanted, const ActualService& actual, Reasons& reasons) {
  const std::vector<TaggedAddress> derived = DerivedAddresses(actual.address, actual.port);
  const auto has = [](const std::vector<TaggedAddress>& list, const TaggedAddress& address) {
    return std::ranges::find(list, address) != list.end();
  };
  const auto differs = [&](const std::vector<TaggedAddress>& list, const std::vector<TaggedAddress>& other) {
    return std::ranges::any_of(list, [&](const TaggedAddress& a) { return !has(other, a) && !has(derived, a); });
  };
  // Addresses derived from another `address` follow that difference, which is told already.
  if (wanted.address != actual.address || wanted.port != actual.port) return;
  if (differs(wanted.tagged_addresses, actual.tagged_addresses) ||
      differs(actual.tagged_addresses, wanted.tagged_addresses)) {
    reasons.Add("tagged addresses differ");
  }
}

void CompareChecks(const ActualService& wanted, const ActualService& actual, Reasons& reasons) {
  for (const ActualCheck& check : wanted.checks) {
    if (!actual.FindCheck(check.id)) reasons.Add("check " + Shown(check.id) + " is missing");
  }
  if (ChecksOfSpec(wanted.Meta(kSpecKey)) != ChecksOfSpec(actual.Meta(kSpecKey))) reasons.Add("checks differ");
}

}  // namespace

std::string Differences(const ActualService& wanted, const ActualService& actual) {
  Reasons reasons;
  reasons.Compare("name", wanted.name, actual.name);
  reasons.Compare("address", wanted.address, actual.address);
  reasons.Compare("port", wanted.port, actual.port);
  CompareTags(wanted, actual, reasons);
  CompareMeta(wanted, actual, reasons);
  reasons.Compare("weight", wanted.weight_passing, actual.weight_passing);
  reasons.Compare("warning weight", wanted.weight_warning, actual.weight_warning);
  if (wanted.enable_tag_override != actual.enable_tag_override) {
    reasons.Add(wanted.enable_tag_override ? "tag override is off" : "tag override is on");
  }
  CompareAddresses(wanted, actual, reasons);
  CompareChecks(wanted, actual, reasons);
  reasons.Compare("container", wanted.Meta(kContainerKey).substr(0, kShortId),
                  actual.Meta(kContainerKey).substr(0, kShortId));
  if (reasons.empty() && wanted.Meta(kSpecKey) != actual.Meta(kSpecKey)) reasons.Add("the definition differs");
  return reasons.Take();
}

std::string Shown(std::string_view text) {
  std::string result(text.substr(0, kShown));
  std::ranges::replace_if(
      result, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }, '?');
  if (text.size() > kShown) {
    while (!result.empty() && (static_cast<unsigned char>(text[result.size()]) & 0xC0U) == 0x80) result.pop_back();
    result += "...";
  }
  return result.empty() ? "(none)" : result;
}

}  // namespace signpost::registrar
