// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/filter/term.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "dnsd/registry/filter/go_text.h"

namespace signpost::registry::filter {
namespace {

constexpr Field kMapValue{"", FieldType::kString};

const char* Name(Operator op) {
  constexpr const char* kNames[] = {"Equal",    "Not Equal",    "In",      "Not In",
                                    "Is Empty", "Is Not Empty", "Matches", "Not Matches"};
  return kNames[static_cast<size_t>(op)];
}

bool IsNegative(Operator op) { return static_cast<unsigned>(op) % 2 == 1; }
Operator Positive(Operator op) { return static_cast<Operator>(static_cast<unsigned>(op) & ~1U); }

bool Allows(FieldType type, Operator positive) {
  switch (type) {
    case FieldType::kString:
      return positive != Operator::kIsEmpty;
    case FieldType::kInt:
    case FieldType::kBool:
      return positive == Operator::kEqual;
    case FieldType::kStringList:
    case FieldType::kStringMap:
    case FieldType::kStructMap:
      return positive == Operator::kIn || positive == Operator::kIsEmpty;
    case FieldType::kStructList:
      return positive == Operator::kIsEmpty;
    case FieldType::kStruct:
      return false;
  }
  return false;
}

// What selectors may go on with after `field`: names, or with `any_key` whatever a map may hold.
struct Inside {
  Schema fields;
  std::optional<Field> any_key;
};

Inside Enter(const Field& field) {
  if (field.type == FieldType::kStringMap) return {{}, kMapValue};
  if (field.type == FieldType::kStructMap) return {{}, Field{"", FieldType::kStruct, field.fields}};
  return {field.fields, std::nullopt};
}

std::optional<Field> Find(const Inside& inside, std::string_view name) {
  if (inside.any_key) return inside.any_key;
  const auto found = std::find_if(inside.fields.begin(), inside.fields.end(),
                                  [name](const Field& field) { return field.name == name; });
  return found == inside.fields.end() ? std::nullopt : std::optional(*found);
}

bool HasElement(json::Value list, const auto& fits) {
  for (size_t i = 0; i < list.size(); ++i) {
    if (fits(list.At(i))) return true;
  }
  return false;
}

}  // namespace

Result<Term> Term::Check(const Comparison& comparison, Schema schema) {
  Term term;
  term.op_ = Positive(comparison.op);
  term.negative_ = IsNegative(comparison.op);
  if (Status status = term.Resolve(comparison.selector, schema); !status.ok()) return status;
  if (!Allows(term.steps_.back().type, term.op_)) {
    return Status::Invalid("Invalid match operator " + Quote(Name(comparison.op)) + " for selector " +
                           Quote(Join(comparison.selector)));
  }
  if (Status status = term.ReadValue(comparison); !status.ok()) return status;
  return term;
}

Status Term::Resolve(const Path& selector, Schema schema) {
  Inside inside{schema, std::nullopt};
  for (size_t i = 0; i < selector.size(); ++i) {
    const auto field = Find(inside, selector[i]);
    if (!field) {
      const auto end = selector.begin() + static_cast<ptrdiff_t>(i) + 1;
      return Status::Invalid("Selector " + Quote(Join(Path(selector.begin(), end))) + " is not valid");
    }
    steps_.push_back({selector[i], field->type});
    inside = Enter(*field);
  }
  return {};
}

Status Term::ReadValue(const Comparison& comparison) {
  const auto failed = [&comparison](const Status& why) {
    return Status::Invalid("Failed to coerce value " + Quote(comparison.value) + " for selector " +
                           Quote(Join(comparison.selector)) + ": " + why.text());
  };
  const FieldType type = steps_.back().type;
  if (op_ == Operator::kMatches) {
    auto pattern = Pattern::Compile(comparison.value);
    if (!pattern.ok()) {
      return Status::Invalid("Failed to compile regular expression " + Quote(comparison.value) + ": " +
                             pattern.status().text());
    }
    value_ = std::move(pattern).value();
  } else if (type == FieldType::kInt) {
    const auto number = ParseInt(comparison.value);
    if (!number.ok()) return failed(number.status());
    value_ = number.value();
  } else if (type == FieldType::kBool) {
    const auto truth = ParseBool(comparison.value);
    if (!truth.ok()) return failed(truth.status());
    value_ = truth.value();
  } else {
    value_ = comparison.value;
  }
  return {};
}

// Goes along the selector from `step` on. The schema bounds the depth.
bool Term::Reach(json::Value from, FieldType type, size_t step) const {
  if (step == steps_.size()) return Compare(from, type) != negative_;
  const Step& next = steps_[step];
  if (type == FieldType::kStructList)
    return HasElement(from, [&](json::Value element) { return Reach(element[next.name], next.type, step + 1); });
  const json::Value found = from[next.name];
  // Consul 1.8 lets a missing key pass both `matches` and `not matches`.
  if (type != FieldType::kStruct && !found.present()) return negative_ || op_ == Operator::kMatches;
  return Reach(found, next.type, step + 1);
}

bool Term::Compare(json::Value found, FieldType type) const {
  switch (op_) {
    case Operator::kEqual:
      if (const auto* number = std::get_if<int64_t>(&value_)) return found.Int() == *number;
      if (const auto* truth = std::get_if<bool>(&value_)) return found.Bool() == *truth;
      return found.String() == std::get<std::string>(value_);
    case Operator::kIn:
      return IsIn(found, type);
    case Operator::kIsEmpty:
      return found.size() == 0;
    case Operator::kMatches:
      return std::get<Pattern>(value_).Matches(found.String());
    default:
      return false;
  }
}

bool Term::IsIn(json::Value found, FieldType type) const {
  const auto& value = std::get<std::string>(value_);
  if (type == FieldType::kString) return found.String().find(value) != std::string_view::npos;
  if (type == FieldType::kStringList) return HasElement(found, [&](json::Value one) { return one.String() == value; });
  return found[value].present();
}

}  // namespace signpost::registry::filter
