// Signpost. Apache-2.0; see LICENSE.
// Regular expressions: of the `matches` operator, of events and of templates of prepared queries. The only user of RE2,
// whose language is that of Go's regexp package. Matching takes linear time and bounded memory, whatever the
// expression.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace re2 {
class RE2;
}

namespace signpost::registry::filter {

class Pattern {
 public:
  // A failure's text is Go's: "error parsing regexp: what: `where`".
  static Result<Pattern> Compile(std::string_view expression);

  // For Groups, which costs more.
  static Result<Pattern> CompileWithGroups(std::string_view expression);

  // True if any part of `text` fits. Any thread.
  bool Matches(std::string_view text) const;
  // Of the first part of `text` that fits: the part itself, then what each group took ("" if nothing). Empty: none
  // fits, or the pattern was compiled without groups. Any thread.
  std::vector<std::string> Groups(std::string_view text) const;

 private:
  static Result<Pattern> Compile(std::string_view expression, bool groups);
  explicit Pattern(std::shared_ptr<const re2::RE2> compiled) : compiled_(std::move(compiled)) {}

  std::shared_ptr<const re2::RE2> compiled_;
};

}  // namespace signpost::registry::filter
