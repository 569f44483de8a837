// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/wire/name.h"

#include <algorithm>
#include <cstring>

namespace signpost::wire {

std::string ToLower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(ToLower(static_cast<uint8_t>(c)));
  return out;
}

size_t Name::Read(std::span<const uint8_t> bytes) {
  size_t at = 0;
  size_t labels = 0;
  bool dot = false;
  for (;;) {
    if (at >= bytes.size() || at >= kMaxName) return 0;
    const uint8_t length = bytes[at];
    if (length > kMaxLabel) return 0;
    offsets_[labels] = static_cast<uint8_t>(at);
    wire_[at++] = length;
    if (length == 0) break;
    // The root byte must still fit behind this label.
    if (at + length >= kMaxName || at + length >= bytes.size()) return 0;
    for (const size_t end = at + length; at < end; ++at) {
      dot |= bytes[at] == '.';
      wire_[at] = ToLower(bytes[at]);
    }
    ++labels;
  }
  size_ = static_cast<uint8_t>(at);
  labels_ = static_cast<uint8_t>(labels);
  has_dot_in_label_ = dot;
  return at;
}

Result<Name> Name::FromText(std::string_view text) {
  std::string labels;
  if (text.ends_with('.')) text.remove_suffix(1);
  if (!text.empty() && !AppendLabels(text, labels)) {
    return Status::Invalid("\"" + std::string(text) + "\" is not a domain name: labels have 1 to 63 characters");
  }
  labels.push_back('\0');
  Name name;
  if (name.Read({reinterpret_cast<const uint8_t*>(labels.data()), labels.size()}) == 0) {
    return Status::Invalid("\"" + std::string(text) + "\" is longer than a domain name may be (255 octets)");
  }
  return name;
}

bool Name::EndsWith(const Name& suffix) const {
  if (suffix.labels_ > labels_) return false;
  const size_t start = offsets_[labels_ - suffix.labels_];
  return size_ - start == suffix.size_ && std::memcmp(&wire_[start], suffix.wire_.data(), suffix.size_) == 0;
}

std::string_view Name::Text(size_t first, size_t last, std::span<char> buffer) const {
  if (first >= last) return {};
  const size_t begin = offsets_[first] + size_t{1};
  const size_t end = offsets_[last];
  std::memcpy(buffer.data(), &wire_[begin], end - begin);
  for (size_t i = first + 1; i < last; ++i) buffer[offsets_[i] - begin] = '.';
  return {buffer.data(), end - begin};
}

std::string Name::ToString() const {
  if (labels_ == 0) return ".";
  char buffer[kMaxName];
  return std::string(Text(0, labels_, buffer)) + ".";
}

bool AppendLabels(std::string_view text, std::string& out) {
  const size_t before = out.size();
  for (;;) {
    const size_t dot = std::min(text.find('.'), text.size());
    if (dot == 0 || dot > kMaxLabel) {
      out.resize(before);
      return false;
    }
    out.push_back(static_cast<char>(dot));
    out.append(text.substr(0, dot));
    if (dot == text.size()) return true;
    text.remove_prefix(dot + 1);
  }
}

}  // namespace signpost::wire
