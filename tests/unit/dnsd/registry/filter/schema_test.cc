// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/filter/schema.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "common/json/json.h"

namespace signpost::registry {
namespace {

const char* Word(FieldType type) {
  constexpr const char* kWords[] = {"string",        "int",    "bool",    "list",
                                    "map of string", "struct", "structs", "map of struct"};
  return kWords[static_cast<size_t>(type)];
}

void List(Schema schema, const std::string& prefix, std::vector<std::string>& out) {
  for (const Field& field : schema) {
    const std::string path = prefix + std::string(field.name);
    out.push_back(path + " " + Word(field.type));
    List(field.fields, path + ".", out);
  }
}

TEST(Schema, HasTheSelectorsThatConsulTakes) {
  std::ifstream in("tests/unit/dnsd/registry/filter/fields.json");
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const auto document = json::Document::Parse(text);
  ASSERT_TRUE(document.ok()) << document.status().text();
  const std::pair<const char*, Schema> schemas[] = {
      {"nodes", NodeFields()},   {"catalog services", CatalogServiceFields()}, {"services", ServiceFields()},
      {"checks", CheckFields()}, {"instances", HealthServiceFields()},         {"node infos", NodeInfoFields()}};
  for (const auto& [name, schema] : schemas) {
    std::vector<std::string> expected;
    document->root()["fields"][name].ForEachElement([&](json::Value field) { expected.emplace_back(field.String()); });
    std::vector<std::string> found;
    List(schema, "", found);
    std::sort(expected.begin(), expected.end());
    std::sort(found.begin(), found.end());
    EXPECT_EQ(found, expected) << name;
  }
}

}  // namespace
}  // namespace signpost::registry
