// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/registry/model/query_writes.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "dnsd/registry/model/query_template.h"
#include "tests/unit/dnsd/registry/test_rows.h"

namespace signpost::registry {
namespace {

constexpr const char* kFirst = "9f1de9a5-0000-4000-8000-000000000001";
constexpr const char* kSecond = "9f1de9a5-0000-4000-8000-000000000002";
constexpr const char* kSession = "9f1de9a5-0000-4000-8000-00000000000a";

QueryRow Query(std::string id, std::string name) {
  QueryRow query;
  query.id = std::move(id);
  query.name = std::move(name);
  query.service = "web";
  return query;
}

class QueryWrites : public ::testing::Test {
 protected:
  QueryWrites() { EXPECT_TRUE(PutQuery(state, Query(kFirst, "First")).ok()); }
  std::string Fault(QueryRow query) { return PutQuery(state, std::move(query)).text(); }
  State state;
};

TEST_F(QueryWrites, NamesAreTakenInAnyLetterCase) {
  EXPECT_EQ(Fault(Query(kSecond, "first")), "name 'first' aliases an existing query name");
  EXPECT_EQ(Fault(Query(kSecond, kFirst)), std::string("name '") + kFirst + "' aliases an existing query ID");
  EXPECT_EQ(state.queries().size(), 1U);
  EXPECT_EQ(Fault(Query(kFirst, "FIRST")), "") << "its own name";
  EXPECT_EQ(Fault(Query(kSecond, "second")), "");
}

TEST_F(QueryWrites, OneTemplateMayBeNameless) {
  QueryRow catch_all = Query(kSecond, "");
  catch_all.template_type = kNamePrefixMatch;
  EXPECT_EQ(Fault(catch_all), "");
  EXPECT_EQ(Fault(catch_all), "") << "it may be changed";
  catch_all.id = "9f1de9a5-0000-4000-8000-000000000003";
  EXPECT_EQ(Fault(catch_all), "a query template with an empty name already exists");
}

TEST_F(QueryWrites, ItsSessionMustExist) {
  QueryRow query = Query(kSecond, "second");
  query.session = "word";
  EXPECT_EQ(Fault(query), "invalid session: index error: UUID must be 36 characters");
  query.session = kSession;
  EXPECT_EQ(Fault(query), std::string("invalid session \"") + kSession + "\"");
  state.Put(TestNode("n1"));
  state.Put(TestSession(kSession, "n1"));
  EXPECT_EQ(Fault(query), "");
}

TEST_F(QueryWrites, ATemplateMustRender) {
  QueryRow query = Query(kSecond, "t-");
  query.template_type = "word";
  EXPECT_EQ(Fault(query), "failed compiling template: Bad Template.Type 'word'");
  query.template_type = "";
  query.template_regexp = "(";
  query.service = "${bad";
  EXPECT_EQ(Fault(query), "") << "no template, so nothing to render";
}

}  // namespace
}  // namespace signpost::registry
