// Signpost. Apache-2.0; see LICENSE.
// Consul's filter expressions (`filter=` of the HTTP API, as Consul 1.8 reads them):
//
//   Node.Meta.rack == r1 and (Service.Tags contains "v 1" or not Checks.Status != passing)
//
// Operators: ==, !=, in, not in, contains, not contains, is empty, is not empty, matches, not matches (RE2,
// unanchored); and, or, not, parentheses. A selector that meets a list asks whether any element fits, also under a
// negative operator. A missing map key fits != and the other negative operators, and as in Consul 1.8 also `matches`.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "common/base/status.h"
#include "common/json/json.h"
#include "dnsd/registry/filter/schema.h"

namespace signpost::registry {

// Bounds, so that no expression costs more than about 30 MiB and linear time. Consul 1.8 has none of them (and takes
// exponential time in the depth of parentheses).
inline constexpr size_t kMaxFilterBytes = 8192;
inline constexpr size_t kMaxFilterDepth = 64;     // nested parentheses and `not`
inline constexpr size_t kMaxFilterTerms = 256;    // comparisons
inline constexpr size_t kMaxFilterPatterns = 32;  // of them: regular expressions

// How errors begin. Consul writes "Failed to create boolean expression evaluator: " before them all, except that
// agent/checks has it only for errors of syntax.
enum class FilterErrors : unsigned char { kUsual, kAgentChecks };

// A checked expression for items of one schema. Copies share their state. Any thread may use it.
class Filter {
 public:
  Filter() = default;  // matches everything

  // The empty expression matches everything. A failure is kInvalid (a bound: kLimit); its text is what Consul answers
  // with status 500, whatever else the request asks for.
  static Result<Filter> Parse(std::string_view expression, Schema schema, FilterErrors errors = FilterErrors::kUsual);

  // `item` is the item as the HTTP API shows it. What it lacks counts as empty, 0 or false.
  bool Matches(json::Value item) const;

 private:
  struct Impl;
  explicit Filter(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

  std::shared_ptr<const Impl> impl_;  // null: everything
};

}  // namespace signpost::registry
