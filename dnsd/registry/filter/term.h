// Signpost. Apache-2.0; see LICENSE.
// One comparison of a filter, checked against a schema and ready to be asked.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "common/base/status.h"
#include "common/json/json.h"
#include "dnsd/registry/filter/pattern.h"
#include "dnsd/registry/filter/schema.h"
#include "dnsd/registry/filter/syntax.h"

namespace signpost::registry::filter {

class Term {
 public:
  // A failure's text is Consul's: unknown selector, operator that the field's type has not, value or regular expression
  // that cannot be read; checked in this order.
  static Result<Term> Check(const Comparison& comparison, Schema schema);

  bool Matches(json::Value item) const { return Reach(item, FieldType::kStruct, 0); }

 private:
  struct Step {
    std::string name;  // of a struct's field, or a map's key
    FieldType type;    // of what it leads to
  };

  Status Resolve(const Path& selector, Schema schema);
  Status ReadValue(const Comparison& comparison);
  bool Reach(json::Value from, FieldType type, size_t step) const;
  bool Compare(json::Value found, FieldType type) const;
  bool IsIn(json::Value found, FieldType type) const;

  std::vector<Step> steps_;
  Operator op_ = Operator::kEqual;  // always a positive one
  bool negative_ = false;
  std::variant<std::string, int64_t, bool, Pattern> value_;
};

}  // namespace signpost::registry::filter
