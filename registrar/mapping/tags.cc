// Signpost. Apache-2.0; see LICENSE.
#include "registrar/mapping/tags.h"

#include <algorithm>
#include <string>

#include "registrar/mapping/template.h"
#include "registrar/mapping/text_values.h"

namespace signpost::registrar {
namespace {

// One list of tags, appended to `tags`. `origin` names it in a warning.
void AddList(std::string_view text, std::string_view origin, const Container& container, const MappingOptions& options,
             Strings& tags, Strings& warnings) {
  const Result<std::string> rendered = RenderTemplate(text, container);
  if (!rendered.ok()) {
    warnings.push_back("the tags of " + std::string(origin) + " are left out: " + rendered.status().text());
    return;
  }
  Strings list = SplitTags(rendered.value());
  if (options.compat == Compat::kRegistrator) std::ranges::reverse(list);
  tags.insert(tags.end(), list.begin(), list.end());
}

}  // namespace

Strings SplitTags(std::string_view text, size_t max) {
  Strings tags;
  std::string piece;
  const auto finish = [&] {
    if (const std::string_view tag = Trimmed(piece); !tag.empty()) tags.emplace_back(tag);
    piece.clear();
  };
  for (size_t i = 0; i < text.size() && tags.size() < max; ++i) {
    if (text[i] == ',') {
      finish();
    } else {
      if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == ',') ++i;
      piece += text[i];
    }
  }
  if (tags.size() < max) finish();
  return tags;
}

Strings MakeTags(const Container& container, const Metadata& metadata, Protocol protocol, const MappingOptions& options,
                 Strings& warnings) {
  Strings tags;
  AddList(metadata.Value("tags"), KeyName(options.prefix, "tags"), container, options, tags, warnings);
  AddList(options.tags, "--tags", container, options, tags, warnings);
  if (protocol == Protocol::kUdp) tags.emplace_back("udp");
  return tags;
}

}  // namespace signpost::registrar
