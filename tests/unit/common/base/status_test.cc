// Signpost. Apache-2.0; see LICENSE.
#include "common/base/status.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <memory>

namespace signpost {
namespace {

TEST(Status, DefaultIsSuccess) {
  EXPECT_TRUE(Status().ok());
  EXPECT_EQ(Status::Ok().kind(), ErrorKind::kOk);
  EXPECT_EQ(Status().text(), "");
}

TEST(Status, EveryKindKeepsItsText) {
  const std::pair<Status, ErrorKind> cases[] = {
      {Status::Invalid("t"), ErrorKind::kInvalid},         {Status::Config("t"), ErrorKind::kConfig},
      {Status::Unavailable("t"), ErrorKind::kUnavailable}, {Status::NotFound("t"), ErrorKind::kNotFound},
      {Status::Denied("t"), ErrorKind::kDenied},           {Status::Limit("t"), ErrorKind::kLimit}};
  for (const auto& [status, kind] : cases) {
    EXPECT_FALSE(status.ok());
    EXPECT_EQ(status.kind(), kind);
    EXPECT_EQ(status.text(), "t");
  }
}

TEST(Status, SystemAddsTheReason) {
  const Status status = Status::System("cannot bind", EADDRINUSE);
  EXPECT_EQ(status.kind(), ErrorKind::kSystem);
  EXPECT_EQ(status.text(), "cannot bind: Address already in use");
}

TEST(Result, HoldsAValueThatOnlyMoves) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result.status().ok());
  EXPECT_EQ(**result.operator->(), 7);
  const std::unique_ptr<int> taken = std::move(result).value();
  EXPECT_EQ(*taken, 7);
}

TEST(Result, HoldsAFailure) {
  const Result<int> result(Status::NotFound("no such name"));
  EXPECT_FALSE(result.ok());
  EXPECT_EQ(result.status().text(), "no such name");
  EXPECT_DEATH((void)result.value(), "value\\(\\) of a failed Result");
}

}  // namespace
}  // namespace signpost
