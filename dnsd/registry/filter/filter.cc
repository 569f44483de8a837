// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/filter/filter.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "dnsd/registry/filter/syntax.h"
#include "dnsd/registry/filter/term.h"

namespace signpost::registry {

using filter::Expression;
using filter::Operator;
using filter::Term;

struct Filter::Impl {
  Expression root;
  std::vector<Term> terms;  // Expression::comparison is an index into it

  bool Holds(const Expression& expression, json::Value item) const {
    const auto holds = [&](const Expression& operand) { return Holds(operand, item); };
    const auto& operands = expression.operands;
    switch (expression.kind) {
      case Expression::Kind::kComparison:
        return terms[expression.comparison].Matches(item);
      case Expression::Kind::kNot:
        return !holds(operands.front());
      case Expression::Kind::kAnd:
        return std::all_of(operands.begin(), operands.end(), holds);
      case Expression::Kind::kOr:
        return std::any_of(operands.begin(), operands.end(), holds);
    }
    return false;
  }
};

namespace {

Status Failed(const Status& why) {
  return {why.kind(), "Failed to create boolean expression evaluator: " + why.text()};
}

bool IsPattern(const filter::Comparison& one) {
  return one.op == Operator::kMatches || one.op == Operator::kNotMatches;
}

}  // namespace

Result<Filter> Filter::Parse(std::string_view expression, Schema schema, FilterErrors errors) {
  if (expression.empty()) return Filter();
  auto syntax = filter::Parse(expression);
  if (!syntax.ok()) return Failed(syntax.status());
  auto& comparisons = syntax->comparisons;
  if (static_cast<size_t>(std::count_if(comparisons.begin(), comparisons.end(), IsPattern)) > kMaxFilterPatterns) {
    return Failed(Status::Limit("Regular expressions exceed the limit of " + std::to_string(kMaxFilterPatterns)));
  }
  auto impl = std::make_shared<Impl>();
  impl->root = std::move(syntax->root);
  for (const filter::Comparison& comparison : comparisons) {
    auto term = Term::Check(comparison, schema);
    if (!term.ok()) return errors == FilterErrors::kUsual ? Failed(term.status()) : term.status();
    impl->terms.push_back(std::move(term).value());
  }
  return Filter(std::move(impl));
}

bool Filter::Matches(json::Value item) const { return impl_ == nullptr || impl_->Holds(impl_->root, item); }

}  // namespace signpost::registry
