// Signpost. Apache-2.0; see LICENSE.
// Any text as a filter expression, asked of items of every kind and of items that fit no schema. Input: one byte that
// chooses the schema, then the expression.
#include <cstdint>
#include <string>
#include <string_view>

#include "dnsd/registry/filter/filter.h"
#include "tests/fuzz/check.h"

namespace signpost::fuzz {
namespace {

using registry::Filter;

constexpr const char* kItems = R"([
  {"Node":{"ID":"11111111-1111-1111-1111-111111111111","Node":"n1","Address":"10.0.0.1","Datacenter":"dc1",
           "TaggedAddresses":{"lan":"10.0.0.1"},"Meta":{"rack":"r1","":"x"}},
   "Service":{"ID":"web-1","Service":"web","Tags":["v1","primary"],"Port":80,"Meta":{"ver":"1.2"},
              "TaggedAddresses":{"lan":{"Address":"10.0.1.1","Port":8080}},"Weights":{"Passing":3,"Warning":1},
              "EnableTagOverride":true,"Proxy":{"Upstreams":[{"DestinationName":"db","LocalBindPort":5432}],
              "Expose":{"Checks":true,"Paths":[{"Path":"/health"}]}},"Connect":{"Native":true}},
   "Checks":[{"Node":"n1","CheckID":"c1","Status":"passing","ServiceTags":["v1"]},{"Status":"warning"}]},
  {"Node":"n1","ID":"web-1","ServiceName":"web","ServiceTags":["v1"],"ServicePort":80,"NodeMeta":{"rack":"r1"},
   "Status":"passing","CheckID":"c1","Tags":["v1"],"Meta":{"rack":"r1"},"Services":[{"Service":"web","Port":80}]},
  {"Node":7,"Service":[],"Checks":{},"Meta":[1],"Tags":"v1","Services":[[[]]],"ServicePort":"80"},
  {}, null, []])";

registry::Schema SchemaOf(uint8_t choice) {
  switch (choice % 6) {
    case 0:
      return registry::NodeFields();
    case 1:
      return registry::CatalogServiceFields();
    case 2:
      return registry::ServiceFields();
    case 3:
      return registry::CheckFields();
    case 4:
      return registry::HealthServiceFields();
    default:
      return registry::NodeInfoFields();
  }
}

json::Value Items() {
  static const json::Document* const document = [] {
    auto parsed = json::Document::Parse(kItems);
    Demand(parsed.ok(), "the items are JSON");
    return new json::Document(std::move(parsed).value());
  }();
  return document->root();
}

void Run(uint8_t choice, std::string_view expression) {
  const registry::Schema schema = SchemaOf(choice);
  const auto filter = Filter::Parse(expression, schema);
  if (!filter.ok()) return Demand(!filter.status().text().empty(), "a failure says why");
  if (expression.empty()) return;

  const std::string inside(expression);
  const auto twice = Filter::Parse("(" + inside + ")", schema);
  const auto opposite = Filter::Parse("not (" + inside + ")", schema);
  for (const auto* other : {&twice, &opposite})
    Demand(other->ok() || other->status().kind() == ErrorKind::kLimit, "parentheses and not keep it valid");
  Items().ForEachElement([&](json::Value item) {
    const bool fits = filter->Matches(item);
    Demand(!twice.ok() || twice->Matches(item) == fits, "parentheses change nothing");
    Demand(!opposite.ok() || opposite->Matches(item) != fits, "not is the opposite");
  });
}

}  // namespace
}  // namespace signpost::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 0) signpost::fuzz::Run(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  return 0;
}
