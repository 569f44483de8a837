// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/filter/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

namespace signpost::registry {
namespace {

using testing::HasSubstr;

constexpr const char* kUsual = "Failed to create boolean expression evaluator: ";

json::Document Read(const std::string& path) {
  std::ifstream in(path);
  EXPECT_TRUE(in) << path;
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  auto document = json::Document::Parse(text);
  EXPECT_TRUE(document.ok()) << document.status().text();
  return document.ok() ? std::move(document).value() : json::Document::Parse("null").value();
}

Schema SchemaOf(std::string_view list) {
  static const std::map<std::string_view, Schema> schemas = {
      {"nodes", NodeFields()},         {"catalog services", CatalogServiceFields()},
      {"services", ServiceFields()},   {"catalog proxies", CatalogServiceFields()},
      {"checks", CheckFields()},       {"agent services", ServiceFields()},
      {"agent checks", CheckFields()}, {"instances", HealthServiceFields()},
      {"node infos", NodeInfoFields()}};
  return schemas.at(list);
}

// The ids of the items that fit, sorted; or the error. Both as one text.
std::string Outcome(json::Value list, std::string_view name, std::string_view expression) {
  const auto errors = name == "agent checks" ? FilterErrors::kAgentChecks : FilterErrors::kUsual;
  const auto filter = Filter::Parse(expression, SchemaOf(name), errors);
  if (!filter.ok()) return filter.status().text();
  std::vector<std::string> ids;
  list["items"].ForEachElement([&](json::Value item) {
    if (!filter->Matches(item)) return;
    json::Value id = item;
    list["id"].ForEachElement([&id](json::Value step) { id = id[step.String()]; });
    ids.emplace_back(id.String());
  });
  std::sort(ids.begin(), ids.end());
  std::string text = "items:";
  for (const std::string& id : ids) text += " " + id;
  return text;
}

std::string Expected(json::Value expected, std::string_view list) {
  if (expected.IsString()) return (list == "agent checks" ? "" : kUsual) + std::string(expected.String());
  std::string text = "items:";
  expected.ForEachElement([&text](json::Value id) { text += " " + std::string(id.String()); });
  return text;
}

TEST(Filter, LeavesWhatConsulLeaves) {
  const json::Document data = Read("tests/unit/dnsd/registry/filter/cases.json");
  size_t count = 0;
  data.root()["groups"].ForEachElement([&](json::Value group) {
    const std::string_view list = group["list"].String();
    group["cases"].ForEachElement([&](json::Value row) {
      ++count;
      EXPECT_EQ(Outcome(data.root()["lists"][list], list, row.At(0).String()), Expected(row.At(1), list))
          << group["claim"].String() << ": " << row.At(0).String();
    });
  });
  EXPECT_GT(count, 300U);
}

bool Fits(const std::string& expression, std::string_view item, Schema schema = NodeFields()) {
  const auto filter = Filter::Parse(expression, schema);
  EXPECT_TRUE(filter.ok()) << filter.status().text();
  return filter.ok() && filter->Matches(json::Document::Parse(item)->root());
}

Status ErrorOf(const std::string& expression) { return Filter::Parse(expression, NodeFields()).status(); }

TEST(Filter, TheEmptyExpressionMatchesEverything) {
  EXPECT_TRUE(Fits("", "{}"));
  EXPECT_TRUE(Filter().Matches(json::Value()));
}

TEST(Filter, ACopyOutlivesTheOriginal) {
  Filter copy;
  {
    std::string text = "Node == n1 and Node matches `1`";
    const auto filter = Filter::Parse(text, NodeFields());
    copy = filter.value();
    text.assign(text.size(), 'x');
  }
  EXPECT_TRUE(copy.Matches(json::Document::Parse(R"({"Node":"n1"})")->root()));
  EXPECT_FALSE(copy.Matches(json::Document::Parse(R"({"Node":"n2"})")->root()));
}

TEST(Filter, WhatAnItemLacksCountsAsEmptyZeroOrFalse) {
  for (const char* item :
       {"{}", "null", "[]", R"({"Service":null,"Checks":null})", R"({"Service":{"Port":"80","Tags":7}})"}) {
    for (const char* expression :
         {"Service.Port == 0", "Service.EnableTagOverride == false", "Service.Tags is empty", "Service.Meta is empty",
          "Service.Proxy.Upstreams is empty", "Checks is empty", "not Checks.Status == passing", "Service.Kind == \"\"",
          "x not in Service.Tags", "Service.Weights.Passing != 1", "Node.Meta.k != v"})
      EXPECT_TRUE(Fits(expression, item, HealthServiceFields())) << expression << " of " << item;
  }
}

std::string Repeated(size_t count, const std::string& text) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += text;
  return out;
}

struct Bound {
  const char* claim;
  std::string fits;
  std::string exceeds;
};

TEST(Filter, ItsBoundsAreErrorsOfTheirOwn) {
  const auto nested = [](size_t depth) { return Repeated(depth, "(") + "Node==x" + Repeated(depth, ")"); };
  const auto terms = [](size_t count, const std::string& term) {
    return "Node==x" + Repeated(count - 1, " or " + term);
  };
  const std::string open = "Node==`";
  const Bound bounds[] = {
      {"bytes", open + std::string(kMaxFilterBytes - 8, 'x') + "`", open + std::string(kMaxFilterBytes - 7, 'x') + "`"},
      {"parentheses", nested(kMaxFilterDepth - 1), nested(kMaxFilterDepth)},
      {"negations", Repeated(kMaxFilterDepth - 1, "not ") + "Node==x", Repeated(kMaxFilterDepth, "not ") + "Node==x"},
      {"terms", terms(kMaxFilterTerms, "Node==y"), terms(kMaxFilterTerms + 1, "Node==y")},
      {"patterns", terms(kMaxFilterPatterns + 1, "Node matches x"), terms(kMaxFilterPatterns + 2, "Node matches x")},
  };
  for (const Bound& bound : bounds) {
    EXPECT_TRUE(Filter::Parse(bound.fits, NodeFields()).ok()) << bound.claim << ErrorOf(bound.fits).text();
    EXPECT_EQ(ErrorOf(bound.exceeds).kind(), ErrorKind::kLimit) << bound.claim;
    EXPECT_THAT(ErrorOf(bound.exceeds).text(), HasSubstr("exceed the limit of")) << bound.claim;
  }
}

// Each would take exponential time, or a deep stack, in a parser that tries everything again.
TEST(Filter, ReadsHostileTextInLinearTime) {
  const size_t half = kMaxFilterBytes / 2;
  for (const std::string& text :
       {Repeated(half, "("), Repeated(half / 8, "(not (("), Repeated(half / 4, "not "), Repeated(half / 4, "a[\"b"),
        Repeated(half / 9, "Node==x)("), "Node" + Repeated(half / 2, "[\"x\"]") + " == x",
        Repeated(200, "Node==x and (") + "Node==x", Repeated(half / 2, "\"\\q")})
    EXPECT_FALSE(ErrorOf(text).ok()) << text.substr(0, 20);
}

TEST(Filter, BytesThatAreNoTextAreRefused) {
  for (const char* text : {"\xFF", "Node == \"\xC3\"", "Node == `\xED\xA0\x80`"})
    EXPECT_THAT(ErrorOf(text).text(), HasSubstr("invalid encoding"));
}

}  // namespace
}  // namespace signpost::registry
