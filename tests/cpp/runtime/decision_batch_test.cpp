#include "muxnet/runtime/decision_batch.hpp"

#include <gtest/gtest.h>

#include "support/errors.hpp"

namespace muxnet {
namespace {

/// Model 0 first; model 2 too where that is unsure.
class TwoStages final : public Rule {
 public:
  Step next(const Evidence& evidence) const override {
    if (evidence.called == 0) return {model_bit(0), 0};
    if (evidence.called == 1 && evidence.confidences[0] < 0.75F) return {model_bit(2), 0};
    return {0, evidence.called};
  }
};

TEST(DecisionBatch, AsksForModelsUntilEveryInputHasItsAnswer) {
  DecisionBatch batch(std::make_shared<TwoStages>(), 3, 3);
  using Rows = std::vector<std::vector<std::int64_t>>;
  EXPECT_EQ(batch.wanted(), (Rows{{0, 1, 2}, {}, {}}));
  batch.store(0, Tensor::from<float>({0.5F, 0.5F, 0.9F, 0.1F, 0.4F, 0.6F}, {3, 2}));
  EXPECT_FALSE(batch.done());
  EXPECT_EQ(batch.wanted(), (Rows{{}, {}, {0, 2}}));
  batch.store(2, Tensor::from<float>({0.0F, 1.0F, 1.0F, 0.0F}, {2, 2}));
  EXPECT_TRUE(batch.done());
  EXPECT_EQ(batch.called(), (std::vector<std::uint64_t>{5, 1, 5}));
  EXPECT_EQ(batch.answers(), (std::vector<std::int32_t>{1, 0, 0}));
  EXPECT_FLOAT_EQ(batch.probabilities().data<float>()[4], 0.7F);
  EXPECT_EQ(batch.evidence(2).predictions[2], 0);
}

TEST(DecisionBatch, RefusesWhatItDidNotAskFor) {
  const auto rule = std::make_shared<TwoStages>();
  DecisionBatch batch(rule, 2, 3);
  const auto message = [](const auto& action) {
    return testing::error_of<std::invalid_argument>(action);
  };
  EXPECT_TRUE(testing::contains(message([&] {
                                  batch.store(0, Tensor({1, 2}));
                                }),
                                "(2, 2) that were wanted, received f32 (1, 2)"));
  EXPECT_TRUE(testing::contains(message([&] { batch.store(1, Tensor({2, 2})); }), "wanted"));
  EXPECT_TRUE(
      testing::contains(message([&] { DecisionBatch(rule, 0, 3); }), "0 inputs and 3 models"));
  const MultiplexerView view{Tensor({2, 2}), {}, {}, {}};
  EXPECT_TRUE(testing::contains(message([&] { DecisionBatch(rule, 2, 3, view); }),
                                "(2, 3), received (2, 2)"));
}

}  // namespace
}  // namespace muxnet
