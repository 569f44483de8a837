// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/model/query_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace signpost::registry {
namespace {

using ::testing::ElementsAre;

QueryRow Template(std::string service = "x") {
  QueryRow query;
  query.name = "t-";
  query.template_type = kNamePrefixMatch;
  query.template_regexp = "^t-(a)(.*)$";
  query.service = std::move(service);
  return query;
}

// The service that is asked for, or "! " and why there is none.
std::string ServiceFor(const std::string& text, const std::string& name = "t-abc") {
  const auto rendered = RenderQuery(Template(text), name);
  return rendered.ok() ? rendered->service : "! " + rendered.status().text();
}

TEST(QueryTemplate, Texts) {
  struct Case {
    const char* text;
    const char* service;
  };
  for (const auto& [text, service] : {Case{"${name.full}", "t-abc"},
                                      {"${name.prefix}", "t-"},
                                      {"${name.suffix}", "abc"},
                                      {"x${ name.suffix }y", "xabcy"},
                                      {"${agent.segment}", ""},
                                      {"${match(0)}", "t-abc"},
                                      {"${match(1)}-${match(2)}", "a-bc"},
                                      {"${match(3)}", ""},
                                      {"${match(-1)}", ""},
                                      {"$${name.full}", "${name.full}"},
                                      {"$x", "$x"},
                                      {"$$x", "$x"},
                                      {"x}y", "x}y"},
                                      {"${1}", "1"},
                                      {"a${\"b\"}c", "abc"},
                                      {"${\"x${name.full}\"}", "xt-abc"},
                                      {"${\"\\\"\\\\\"}", "\"\\"}}) {
    EXPECT_EQ(ServiceFor(text), service) << text;
  }
}

TEST(QueryTemplate, TextsThatCannotBeWorkedOut) {
  struct Case {
    const char* text;
    const char* fault;
  };
  for (const auto& [text, fault] : {Case{"${name.foo}", "1:3: unknown variable accessed: name.foo"},
                                    {"a${ true}", "1:5: unknown variable accessed: true"},
                                    {"${upper(1)}", "1:3: unknown function called: upper"},
                                    {"${match()}", "1:3: match: expected 1 arguments, got 0"}}) {
    EXPECT_EQ(ServiceFor(text),
              "! Bad evaluation for '" + std::string(text) + "' in Service.Service: " + std::string(fault));
  }
  for (const char* text : {"${bad", "${}", "${name.full", "${match(99999999999999999999)}", "${\"x}", "${match(1}",
                           "${match(\"1\")}", "${name.full + }"}) {
    EXPECT_EQ(ServiceFor(text),
              "! Bad format '" + std::string(text) + "' in Service.Service: parse error: syntax error");
  }
}

TEST(QueryTemplate, NestingHasABound) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "${\"";
  EXPECT_THAT(ServiceFor(text), ::testing::StartsWith("! Bad format"));
}

TEST(QueryTemplate, NamesInOtherLetters) {
  EXPECT_EQ(ServiceFor("${name.suffix}", "T-Abc"), "T-Abc") << "nothing is cut off";
  EXPECT_EQ(ServiceFor("${match(0)}", "T-Abc"), "") << "the expression minds the case";
}

TEST(QueryTemplate, AllTextsOfTheServiceAreRendered) {
  QueryRow query = Template();
  query.tags = {"${match(1)}", "", "!${match(1)}"};
  query.node_meta = {{"k", "${name.suffix}"}};
  query.service_meta = {{"m", "${name.full}"}};
  query.near = "${name.full}";
  query.ignore_check_ids = {"${name.prefix}"};
  query.failover_datacenters = {"${name.suffix}"};
  const auto rendered = RenderQuery(query, "t-abc");
  ASSERT_TRUE(rendered.ok());
  EXPECT_THAT(rendered->tags, ElementsAre("a", "", "!a"));
  EXPECT_THAT(rendered->node_meta, ElementsAre(std::pair("k", "abc")));
  EXPECT_THAT(rendered->service_meta, ElementsAre(std::pair("m", "t-abc")));
  EXPECT_EQ(rendered->near, "t-abc");
  EXPECT_THAT(rendered->ignore_check_ids, ElementsAre("t-"));
  EXPECT_THAT(rendered->failover_datacenters, ElementsAre("abc"));
  EXPECT_EQ(rendered->name, "t-");
}

TEST(QueryTemplate, EmptyTagsGoOnWish) {
  QueryRow query = Template();
  query.tags = {"", "${match(7)}", "a"};
  query.template_remove_empty_tags = true;
  EXPECT_THAT(RenderQuery(query, "t-abc")->tags, ElementsAre("a"));
}

TEST(QueryTemplate, FaultsTellTheirPlace) {
  QueryRow query = Template();
  query.tags = {"fine", "${bad"};
  EXPECT_EQ(RenderQuery(query, "t-").status().text(),
            "Bad format '${bad' in Service.Tags[1]: parse error: syntax error");
  query.tags.clear();
  query.node_meta = {{"k", "${bad"}};
  EXPECT_EQ(RenderQuery(query, "t-").status().text(),
            "Bad format '${bad' in Service.NodeMeta[k]: parse error: syntax error");
}

TEST(QueryTemplate, TypesAndExpressions) {
  QueryRow query = Template();
  query.template_type = "word";
  EXPECT_EQ(RenderQuery(query, "t-").status().text(), "Bad Template.Type 'word'");
  query = Template();
  query.template_regexp = "(";
  EXPECT_EQ(RenderQuery(query, "t-").status().text(), "Bad Regexp: error parsing regexp: missing closing ): `(`");
  query.template_regexp = "";
  query.service = "${match(0)}x";
  EXPECT_EQ(RenderQuery(query, "t-")->service, "x") << "no expression, no matches";
}

}  // namespace
}  // namespace signpost::registry
