#include "muxnet/evaluation/promises.hpp"

#include "muxnet/policies/registry.hpp"
#include "support/tables.hpp"

namespace muxnet {
namespace {

using testing::error_of;
using testing::expect_text;
using testing::random_table;

class Promises : public ::testing::Test {
 protected:
  Promises() : table_(random_table(42, {.inputs = 3000, .split = "test"})) {
    policy_ = make_policy("cascade");
    policy_->fit(random_table(41, {.inputs = 1000}));
  }

  OutcomeTable table_;
  std::unique_ptr<Policy> policy_;
};

TEST_F(Promises, AreSeldomBrokenAndCostLess) {
  int calls = 0;
  PromiseOptions options;
  options.drop = 0.05;
  options.delta = 0.1;
  options.divisions = 40;
  options.progress = [&] { ++calls; };
  const auto kept = count_kept(*policy_, table_, options);
  EXPECT_EQ(calls, 40);
  EXPECT_GT(kept.promised, 30);
  EXPECT_LE(kept.broken, 4 + 6);  // a tenth of 40, and three deviations
  EXPECT_LE(kept.broken, kept.promised);
  EXPECT_LT(kept.cost_share.value_or(1), 1);
  EXPECT_GT(kept.cost_share.value_or(0), 0);
  const auto again = count_kept(*policy_, table_, options);
  EXPECT_EQ(again.broken_elsewhere, kept.broken_elsewhere);
  EXPECT_EQ(again.cost_share, kept.cost_share);
}

TEST_F(Promises, ThatSoFewInputsDoNotSupportAreNotMade) {
  PromiseOptions options;
  options.drop = 0.001;
  options.divisions = 3;
  const auto few = random_table(43, {.inputs = 60, .split = "test"});
  const auto kept = count_kept(*policy_, few, options);
  EXPECT_EQ(kept.promised, 0);
  EXPECT_FALSE(kept.cost_share.has_value());
}

TEST_F(Promises, NeedTwoParts) {
  PromiseOptions options;
  options.share = 1;
  expect_text(error_of([&] { count_kept(*policy_, table_, options); }),
              {"two parts of 3000 inputs", "a share of 1"});
}

}  // namespace
}  // namespace muxnet
