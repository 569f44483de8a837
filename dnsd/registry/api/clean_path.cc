// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/api/clean_path.h"

#include <vector>

#include "common/http/url.h"

namespace signpost::registry {
namespace {

// Of the bytes that http::EncodePathSegment escapes, those that may stand in a path (RFC 3986 3.3) and that Go leaves.
constexpr std::string_view kPlain = "/$&+,:;=@";

}  // namespace

std::string CleanPath(std::string_view path) {
  std::vector<std::string_view> kept;
  bool ends_with_slash = path.ends_with('/');
  while (!path.empty()) {
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size() == path.size() ? segment.size() : segment.size() + 1);
    if (segment == ".." && !kept.empty()) kept.pop_back();
    if (!segment.empty() && segment != "." && segment != "..") kept.push_back(segment);
  }
  std::string clean;
  for (const std::string_view segment : kept) clean.append("/").append(segment);
  if (clean.empty() || ends_with_slash) clean += '/';
  return clean;
}

std::string EscapePath(std::string_view path) {
  std::string escaped;
  for (const char c : path) {
    if (kPlain.find(c) != std::string_view::npos) {
      escaped += c;
    } else {
      escaped += http::EncodePathSegment({&c, 1});
    }
  }
  return escaped;
}

}  // namespace signpost::registry
