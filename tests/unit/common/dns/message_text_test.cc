// Signpost. Apache-2.0; see LICENSE.
#include "common/dns/message_text.h"

#include <gmock/gmock.h>

namespace signpost::dns {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(MessageText, ShowsRecordsInTheOrderOfTheMessage) {
  const std::vector<uint8_t> message = {0,    1,   0x84, 0, 0, 1, 0, 1, 0, 0,  0, 0,  // one question, one answer
                                        1,    'a', 0,    0, 1, 0, 1,                  // a. A IN
                                        0xc0, 12,  0,    1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1};
  EXPECT_THAT(RecordTexts(message), ElementsAre("a.\t60\tIN\tA\t192.0.2.1"));
}

TEST(MessageText, IsEmptyForWhatIsNoMessage) {
  EXPECT_THAT(RecordTexts({}), IsEmpty());
  const std::vector<uint8_t> cut = {0, 1, 0x84};
  EXPECT_THAT(RecordTexts(cut), IsEmpty());
}

}  // namespace
}  // namespace signpost::dns
