// Signpost. Apache-2.0; see LICENSE.
// A filter expression as read, before anybody has looked at what the selectors mean.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace signpost::registry::filter {

// Positive operators and their opposites; `contains` is `in` with its sides exchanged.
enum class Operator : unsigned char { kEqual, kNotEqual, kIn, kNotIn, kIsEmpty, kIsNotEmpty, kMatches, kNotMatches };

using Path = std::vector<std::string>;  // of a selector: at least one name

std::string Join(const Path& path);  // with dots

struct Comparison {
  Path selector;
  Operator op = Operator::kEqual;
  std::string value;  // unquoted; unused by is (not) empty
};

// Chains of equal operators are flat, so depth is that of parentheses and `not` alone.
struct Expression {
  enum class Kind : unsigned char { kComparison, kNot, kAnd, kOr };

  Kind kind = Kind::kComparison;
  std::vector<Expression> operands;  // one for kNot, two or more for kAnd and kOr
  size_t comparison = 0;             // index into Syntax::comparisons
};

struct Syntax {
  Expression root;
  std::vector<Comparison> comparisons;  // in the order of the text
};

// Reads `text`. A failure's text has Consul's words: position, and what was expected there or what is broken.
Result<Syntax> Parse(std::string_view text);

}  // namespace signpost::registry::filter
