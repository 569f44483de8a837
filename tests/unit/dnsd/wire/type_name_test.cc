// Signpost. Apache-2.0; see LICENSE.
#include "dnsd/wire/type_name.h"

#include <gmock/gmock.h>

namespace signpost::wire {
namespace {

using ::testing::Optional;

TEST(TypeName, IsReadInAnyLetterCase) {
  EXPECT_THAT(TypeFromText("A"), Optional(1));
  EXPECT_THAT(TypeFromText("srv"), Optional(33));
  EXPECT_THAT(TypeFromText("Https"), Optional(65));
}

TEST(TypeName, UnknownTypesHaveNumbers) {
  EXPECT_THAT(TypeFromText("TYPE65280"), Optional(65280));
  EXPECT_EQ(TypeText(65280), "TYPE65280");
  EXPECT_EQ(TypeText(28), "AAAA");
}

TEST(TypeName, IsRefusedWhenItIsNone) {
  for (const char* text : {"", "B", "TYPE", "TYPE65536", "TYPE1x", "1"}) EXPECT_EQ(TypeFromText(text), std::nullopt);
}

}  // namespace
}  // namespace signpost::wire
