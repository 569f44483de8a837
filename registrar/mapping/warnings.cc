// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/warnings.h"

#include <set>
#include <utility>

#include "registrar/mapping/text_values.h"

namespace signpost::registrar {
namespace {

constexpr size_t kMany = 4 * kMaxWarnings;
constexpr std::string_view kGap = " ... ";
constexpr size_t kTail = 95;  // what to do stands at the end

}  // namespace

std::string ShortWarning(std::string_view text) {
  if (text.size() <= kMaxWarning) return std::string(text);
  std::string result(text.substr(0, CharacterStart(text, kMaxWarning - kTail - kGap.size())));
  std::string_view tail = text.substr(text.size() - kTail);
  while (!tail.empty() && (static_cast<unsigned char>(tail.front()) & 0xC0U) == 0x80) tail.remove_prefix(1);
  return result.append(kGap).append(tail);
}

Strings FinishedWarnings(std::string_view who, const Strings& warnings) {
  std::set<std::string> seen;
  Strings finished;
  for (const std::string& warning : warnings) {
    if (finished.size() == kMaxWarnings) break;
    std::string whole = ShortWarning(std::string(who) + warning);
    if (seen.insert(whole).second) finished.push_back(std::move(whole));
  }
  return finished;
}

void CondenseWarnings(Strings& warnings) {
  if (warnings.size() >= kMany) warnings = FinishedWarnings("", warnings);
}

}  // namespace signpost::registrar
