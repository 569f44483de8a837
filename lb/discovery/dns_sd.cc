// Signpost. Apache-2.0; see LICENSE.
#include "lb/discovery/dns_sd.h"

#include <algorithm>
#include <set>

namespace signpost::lb {
namespace {

constexpr size_t kMaxTags = 256;

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return out;
}

// Where the first label ends: at a dot without a backslash, or with the name.
size_t LabelEnd(std::string_view name) {
  size_t at = 0;
  while (at < name.size() && name[at] != '.') at += name[at] == '\\' ? 2 : 1;
  return std::min(at, name.size());
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::vector<std::string> SplitTags(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty() && out.size() < kMaxTags) {
    const size_t comma = std::min(text.find(','), text.size());
    const std::string tag = Lower(text.substr(0, comma));
    if (!tag.empty() && std::find(out.begin(), out.end(), tag) == out.end()) out.push_back(tag);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return out;
}

}  // namespace

std::string ServiceOfType(std::string_view type, std::string_view browse) {
  const std::string suffix = "._tcp." + std::string(browse);
  if (!type.ends_with(suffix) || !type.starts_with('_')) return "";
  const std::string_view label = type.substr(1, type.size() - suffix.size() - 1);
  return LabelEnd(label) == label.size() ? FirstLabel(label) : "";
}

std::string FirstLabel(std::string_view name) {
  std::string out;
  name = name.substr(0, LabelEnd(name));
  for (size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '\\' || i + 1 == name.size()) {
      out += name[i];
    } else if (i + 3 < name.size() && IsDigit(name[i + 1]) && IsDigit(name[i + 2]) && IsDigit(name[i + 3])) {
      out += static_cast<char>((name[i + 1] - '0') * 100 + (name[i + 2] - '0') * 10 + (name[i + 3] - '0'));
      i += 3;
    } else {
      out += name[++i];
    }
  }
  return out;
}

TxtData ReadTxt(const std::vector<std::string>& strings) {
  TxtData out;
  std::set<std::string> seen;
  for (const std::string& text : strings) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) continue;
    const std::string key = Lower(text.substr(0, equals));
    const std::string value = text.substr(equals + 1);
    if (!seen.insert(key).second) continue;
    if (key == "tags") {
      out.has_tags = true;
      out.tags = SplitTags(value);
    } else if (key == "id") {
      out.id = value;
    } else if (std::string folded = FoldMetaKey(key); !folded.empty()) {
      out.meta.emplace_back(std::move(folded), value);
    }
  }
  return out;
}

}  // namespace signpost::lb
