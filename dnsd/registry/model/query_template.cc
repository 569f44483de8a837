// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/model/query_template.h"

#include <string>
#include <utility>

#include "dnsd/registry/filter/pattern.h"
#include "dnsd/registry/model/query_text.h"

namespace signpost::registry {
namespace {

// Renders one text after the other; the first failure stays.
class Rendering {
 public:
  explicit Rendering(QueryTextValues values) : values_(std::move(values)) {}

  void Render(std::string& text, const std::string& where) {
    if (!status_.ok()) return;
    auto rendered = RenderQueryText(text, where, values_);
    status_ = rendered.status();
    if (status_.ok()) text = std::move(rendered).value();
  }
  void Render(Strings& texts, const std::string& where) {
    for (size_t i = 0; i < texts.size(); ++i) Render(texts[i], where + "[" + std::to_string(i) + "]");
  }
  void Render(StringPairs& pairs, const std::string& where) {
    for (auto& [key, value] : pairs) Render(value, std::string(where).append("[").append(key).append("]"));
  }
  const Status& status() const { return status_; }

 private:
  const QueryTextValues values_;
  Status status_;
};

Result<Strings> MatchesOf(const QueryRow& query, std::string_view name) {
  if (query.template_regexp.empty()) return Strings();
  const auto pattern = filter::Pattern::CompileWithGroups(query.template_regexp);
  if (!pattern.ok()) return Status::Invalid("Bad Regexp: " + pattern.status().text());
  return pattern->Groups(name);
}

}  // namespace

Result<QueryRow> RenderQuery(const QueryRow& query, std::string_view name) {
  if (query.template_type != kNamePrefixMatch) {
    return Status::Invalid("Bad Template.Type '" + query.template_type + "'");
  }
  auto matches = MatchesOf(query, name);
  if (!matches.ok()) return matches.status();
  const size_t prefix = name.starts_with(query.name) ? query.name.size() : 0;
  Rendering rendering(
      {.full = name, .prefix = query.name, .suffix = name.substr(prefix), .matches = std::move(matches).value()});
  QueryRow out = query;
  rendering.Render(out.service, "Service");
  rendering.Render(out.failover_datacenters, "Failover.Datacenters");
  rendering.Render(out.ignore_check_ids, "IgnoreCheckIDs");
  rendering.Render(out.near, "Near");
  rendering.Render(out.tags, "Tags");
  rendering.Render(out.node_meta, "NodeMeta");
  rendering.Render(out.service_meta, "ServiceMeta");
  if (!rendering.status().ok()) return rendering.status();
  if (out.template_remove_empty_tags) std::erase(out.tags, "");
  return out;
}

}  // namespace signpost::registry
