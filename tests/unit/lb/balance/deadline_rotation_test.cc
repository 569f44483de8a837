// Signpost. Apache-2.0; see LICENSE.
#include "lb/balance/deadline_rotation.h"

#include <gtest/gtest.h>

#include <map>

namespace signpost::lb {
namespace {

class DeadlineRotationTest : public testing::Test {
 protected:
  explicit DeadlineRotationTest(std::vector<uint32_t> weights = {5, 1, 1}) : weights_(std::move(weights)) {
    pool_.members.resize(weights_.size());
    for (const uint32_t weight : weights_) phases_.push_back(1.0 / weight);
    rotation_.Build(pool_, {0, static_cast<uint32_t>(weights_.size())}, kAnyVersion, phases_);
  }
  std::optional<uint32_t> Next() {
    return rotation_.Next([this](uint32_t member) { return !out_.contains(member); },
                          [this](uint32_t member) { return uint64_t{weights_[member]}; });
  }
  std::map<uint32_t, int> Shares(int count) {
    std::map<uint32_t, int> shares;
    for (int i = 0; i < count; ++i) ++shares[Next().value()];
    return shares;
  }

  std::vector<uint32_t> weights_;
  Pool pool_;
  std::vector<double> phases_;
  DeadlineRotation rotation_;
  std::map<uint32_t, bool> out_;
};

TEST_F(DeadlineRotationTest, SharesGoByWeight) {
  EXPECT_EQ(Shares(700), (std::map<uint32_t, int>{{0, 500}, {1, 100}, {2, 100}}));
}

TEST_F(DeadlineRotationTest, WhoMayNotServeLosesItsTurnAndNoMore) {
  out_[0] = true;
  EXPECT_EQ(Shares(20), (std::map<uint32_t, int>{{1, 10}, {2, 10}}));
  out_.clear();
  EXPECT_NEAR(Shares(700)[0], 500, 2) << "no burst to make up for it";
}

TEST_F(DeadlineRotationTest, GivesUpWhenNobodyMayServe) {
  for (uint32_t i = 0; i < 3; ++i) out_[i] = true;
  EXPECT_EQ(Next(), std::nullopt);
  weights_ = {0, 0, 0};
  out_.clear();
  EXPECT_EQ(Next(), std::nullopt) << "nor when nobody has a weight";
}

TEST_F(DeadlineRotationTest, PlacesAreSavedAndTakenUpAgain) {
  const double apart[] = {0.05, 0.3, 0.7};  // never equal, so that rounding decides nothing
  rotation_.Build(pool_, {0, 3}, kAnyVersion, apart);
  for (int i = 0; i < 3; ++i) Next();
  std::vector<double> phases(3);
  rotation_.Save(phases);
  DeadlineRotation copy;
  copy.Build(pool_, {0, 3}, kAnyVersion, phases);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(copy.Next([](uint32_t) { return true; }, [this](uint32_t m) { return uint64_t{weights_[m]}; }), Next())
        << i;
  }
}

}  // namespace
}  // namespace signpost::lb
