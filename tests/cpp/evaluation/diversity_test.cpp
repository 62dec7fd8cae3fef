#include "muxnet/evaluation/diversity.hpp"

#include "support/tables.hpp"

namespace muxnet {
namespace {

using testing::error_of;
using testing::expect_text;
using testing::two_class_fields;

TEST(Diversity, IsCountedOverPairsOfModels) {
  // Right (1) and wrong (0), by row: 111, 100, 010, 000.
  const OutcomeTable table(two_class_fields(
      {{0.9F, 0.9F, 0.9F}, {0.9F, 0.1F, 0.1F}, {0.1F, 0.9F, 0.1F}, {0.1F, 0.1F, 0.1F}},
      {1, 1, 1, 1}, {1, 2, 3}));
  const auto found = diversity(table, 1);
  EXPECT_DOUBLE_EQ(found.disagreement, (2 + 1 + 1) / 4.0 / 3);
  EXPECT_DOUBLE_EQ(found.double_fault, (1 + 2 + 2) / 4.0 / 3);
  EXPECT_DOUBLE_EQ(found.all_wrong, 0.25);
  EXPECT_DOUBLE_EQ(found.oracle_gain, 0.25);
  EXPECT_EQ(only_right(table), (std::vector<double>{0.25, 0.25, 0}));
}

TEST(Diversity, IsInWorthWhereQualityWasRecorded) {
  OutcomeFields fields;
  fields.models = {"a", "b", "c"};
  fields.costs["usd"] = {1, 2, 3};
  fields.quality = Tensor::from<float>({0.5F, 0.75F, 0.25F, 1, 0, 0.5F}, {2, 3});
  const OutcomeTable table(std::move(fields));
  const auto found = diversity(table, 2);
  EXPECT_DOUBLE_EQ(found.disagreement, (0.25 + 0.25 + 0.5 + 1 + 0.5 + 0.5) / 2 / 3);
  EXPECT_DOUBLE_EQ(found.double_fault, (0.25 + 0.5 + 0.25 + 0 + 0 + 0.5) / 2 / 3);
  EXPECT_DOUBLE_EQ(found.all_wrong, 0.25 / 2);
  EXPECT_DOUBLE_EQ(found.oracle_gain, (0.5 + 0.5) / 2);
  EXPECT_EQ(only_right(table), (std::vector<double>{0.25, 0.125, 0}));
}

TEST(Diversity, NeedsModelsToDiffer) {
  const OutcomeTable one(two_class_fields({{0.9F}}, {1}, {1}));
  expect_text(error_of([&] { diversity(one, 0); }), {"two or more models", "received 1"});
  const OutcomeTable two(two_class_fields({{0.9F, 0.9F}}, {1}, {1, 2}));
  expect_text(error_of([&] { diversity(two, 2); }), {"a model below 2", "received 2"});
}

}  // namespace
}  // namespace muxnet
