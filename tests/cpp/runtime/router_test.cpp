#include "muxnet/runtime/router.hpp"

#include <gtest/gtest.h>

#include "muxnet/policies/registry.hpp"
#include "muxnet/routing/policy.hpp"
#include "muxnet/runtime/collect.hpp"
#include "support/pool.hpp"

namespace muxnet {
namespace {

using testing::random_images;

/// Calls the model that the input's number names, and every third time a second one.
class ByNumber final : public Rule {
 public:
  Step next(const Evidence& evidence) const override {
    if (evidence.called != 0) return {0, evidence.called};
    const auto first = static_cast<std::size_t>(evidence.input % 3);
    const std::uint64_t second = evidence.input % 9 == 0 ? model_bit(2) : 0;
    return {model_bit(first) | second, 0};
  }
};

TEST(Router, ScattersToTheCalledModelsAndGathersInOrder) {
  const auto pool = testing::tiny_pool();
  Router router(pool, {}, std::make_shared<ByNumber>());
  const Tensor images = random_images(23);
  const Routed routed = router.route(images);
  for (std::int64_t row = 0; row < 23; ++row) {
    const auto first = static_cast<std::size_t>(row % 3);
    const Tensor image = images.rows(row, row + 1);
    const Tensor expected = pool->probabilities(first, image);
    const Tensor second = pool->probabilities(2, image);
    const bool both = row % 9 == 0;
    double cost = pool->costs()[first];
    if (both) cost += pool->costs()[2];
    EXPECT_EQ(routed.costs[static_cast<std::size_t>(row)], cost) << row;
    for (std::int64_t k = 0; k < testing::classes; ++k) {
      const float one = expected.data<float>()[k];
      const float answer = both ? (one + second.data<float>()[k]) / 2 : one;
      EXPECT_NEAR(routed.probabilities.data<float>()[row * testing::classes + k], answer, 1e-6F)
          << row;
    }
  }
}

Tensor features_of(std::int64_t n, std::uint64_t seed) {
  return random_images(n, seed).reshaped({n, testing::side * testing::side});
}

OutcomeTable table_of(ModelPool& pool, const Multiplexer& multiplexer, std::int64_t n,
                      std::uint64_t seed, const std::string& split) {
  CollectOptions options;
  options.labels = testing::random_labels(n, seed + 1);
  options.features = features_of(n, seed);
  options.split = split;
  return collect_outcomes(pool, random_images(n, seed), multiplexer, options);
}

class EveryPolicy : public ::testing::TestWithParam<std::string> {};

/// What replay promises, service keeps: the same calls, answers and costs.
TEST_P(EveryPolicy, DecidesInServiceAsInReplay) {
  if (GetParam() == "oracle") GTEST_SKIP() << "the oracle reads labels: replay only";
  const bool offload = GetParam() == "offload";
  const auto pool = offload ? std::make_shared<ModelPool>(
                                  std::vector{testing::tiny_models()[0], testing::tiny_models()[2]})
                            : testing::tiny_pool();
  const auto multiplexer =
      testing::tiny_multiplexer(static_cast<std::int64_t>(pool->size()), offload);
  const auto policy = make_policy(GetParam());
  policy->fit(table_of(*pool, multiplexer, 200, 11, "held_out"));
  const OutcomeTable test = table_of(*pool, multiplexer, 60, 21, "test");
  const Decisions replayed = policy->decide(test);

  const Multiplexer used = policy->uses_multiplexer() ? multiplexer : Multiplexer{};
  Router router(pool, used, std::shared_ptr<const Rule>(policy->rule()));
  const Routed routed = router.route(random_images(60, 21), features_of(60, 21));
  EXPECT_EQ(routed.called, replayed.called);
  EXPECT_EQ(routed.answers, replayed.answers);
  EXPECT_EQ(routed.costs, replayed.costs(test, "macs"));
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryPolicy, ::testing::ValuesIn(policies().names()));

TEST(Router, RefusesOtherImagesAndMissingParts) {
  const auto pool = testing::tiny_pool();
  EXPECT_THROW(Router(nullptr, {}, std::make_shared<ByNumber>()), std::invalid_argument);
  EXPECT_THROW(Router(pool, {}, nullptr), std::invalid_argument);
  Router router(pool, {}, std::make_shared<ByNumber>());
  EXPECT_THROW(router.route(Tensor({2, 1, 4, 5})), std::invalid_argument);
  EXPECT_THROW(router.route(Tensor({0, 1, 4, 4})), std::invalid_argument);
  EXPECT_THROW(router.route(Tensor({2, 1, 4, 4}, DType::u8)), std::invalid_argument);
}

}  // namespace
}  // namespace muxnet
