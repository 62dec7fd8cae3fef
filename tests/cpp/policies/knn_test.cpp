#include <cmath>

#include "muxnet/core/json_values.hpp"
#include "muxnet/evaluation/evaluate.hpp"
#include "muxnet/policies/neighbours.hpp"
#include "muxnet/policies/registry.hpp"
#include "support/tables.hpp"

namespace muxnet {
namespace {

using testing::error_of;
using testing::expect_text;
using testing::random_table;
using testing::two_class_fields;
using Masks = std::vector<std::uint64_t>;

/// The first feature alone tells who is right: below 0 the cheap model, above 0 the dear one.
OutcomeTable two_regions(std::uint64_t seed, const std::string& split, std::int64_t rows = 300) {
  Random random(seed);
  std::vector<std::vector<float>> p;
  std::vector<std::int32_t> labels;
  std::vector<float> features;
  for (std::int64_t i = 0; i < rows; ++i) {
    const auto side = static_cast<float>(random.normal());
    features.insert(features.end(), {side, static_cast<float>(0.1 * random.normal())});
    p.push_back({side < 0 ? 0.9F : 0.1F, side < 0 ? 0.1F : 0.9F});
    labels.push_back(1);
  }
  auto fields = two_class_fields(p, labels, {1000, 4000}, split);
  fields.features = Tensor::from(features, {rows, 2});
  return OutcomeTable(std::move(fields));
}

TEST(Neighbours, count_who_was_right_nearby) {
  auto fields = two_class_fields({{0.9F}, {0.1F}, {0.9F}, {0.1F}}, {1, 1, 1, 1}, {1});
  fields.features = Tensor::from<float>({0, 1, 2, 3}, {4, 1});
  const Neighbours few{OutcomeTable(fields)};
  // Fewer rows than the least k: all it knows is the model's accuracy.
  EXPECT_EQ(few.nearest(), 0U);
  Values values{};
  few.estimate(std::vector<float>{0}, values);
  EXPECT_DOUBLE_EQ(values[0], 0.5);

  const Neighbours many{two_regions(1, "held_out")};
  ASSERT_GE(many.nearest(), 8U);
  EXPECT_EQ(many.macs(), 300 * 2);
  many.estimate(std::vector<float>{-2, 0}, values);
  const auto k = static_cast<double>(many.nearest());
  const double base = two_regions(1, "held_out").accuracies()[0];
  EXPECT_DOUBLE_EQ(values[0], (k + base) / (k + 1));
  EXPECT_DOUBLE_EQ(values[1], (1 - base) / (k + 1));
  expect_text(error_of([&] { many.estimate(std::vector<float>{1}, values); }),
              {"2 features", "received 1"});
}

TEST(Neighbours, leave_a_row_out_of_its_own) {
  // A row that counts itself leans towards what happened there.
  const OutcomeTable table = random_table(3, {.inputs = 500, .models = 1});
  const Neighbours neighbours(table);
  ASSERT_GT(neighbours.nearest(), 0U);
  const auto correct = table.right();
  const auto lean = [&](const std::vector<double>& estimates) {
    double sum = 0, right = 0;
    for (std::size_t i = 0; i < 500; ++i) right += correct[i];
    for (std::size_t i = 0; i < 500; ++i) {
      sum += estimates[i] * (correct[i] != 0 ? 1 / right : -1 / (500 - right));
    }
    return sum;
  };
  EXPECT_GT(lean(*neighbours.estimates(table)), 1.05 * lean(neighbours.left_out()));
}

TEST(Neighbours, come_back_from_json_and_are_checked) {
  const Neighbours one{two_regions(1, "held_out")};
  auto json = one.to_json();
  const Neighbours again{json};
  Values a{}, b{};
  one.estimate(std::vector<float>{0.1F, 0}, a);
  again.estimate(std::vector<float>{0.1F, 0}, b);
  EXPECT_EQ(a, b);
  json["rows"].erase(0);
  expect_text(error_of([&] { Neighbours broken{json}; }), {"neighbours", "rows of features"});
}

TEST(Knn, calls_who_is_right_where_the_input_lies_and_pays_for_the_search) {
  const auto policy = make_policy("knn");
  policy->fit(two_regions(1, "held_out"));
  const auto test = two_regions(2, "test");
  policy->choose_for_budget(5000);
  const auto found = evaluate(*policy, test);
  EXPECT_GT(found.accuracy.value, 0.97);
  const auto& mean = found.costs.at("macs").mean.value;
  EXPECT_NEAR(mean, 600 + 1000 * found.called_shares[0] + 4000 * found.called_shares[1], 1e-6);
}

TEST(Knn, wants_features) {
  const auto policy = make_policy("knn");
  EXPECT_TRUE(policy->needs().features);
  expect_text(error_of([&] { policy->fit(random_table(1, {.with_router = false})); }),
              {"knn", "a table with features"});
}

/// Scores of 0.9 and 0.88, then of 0.9 and 0.2, as logits.
OutcomeTable close_and_clear() {
  auto fields = two_class_fields({{0.9F, 0.8F}, {0.9F, 0.8F}}, {1, 1}, {10, 1});
  const auto logit = [](double p) { return static_cast<float>(std::log(p / (1 - p))); };
  fields.scores = Tensor::from<float>({logit(0.9), logit(0.88), logit(0.2), logit(0.9)}, {2, 2});
  fields.multiplexer_costs["macs"] = 0;
  return OutcomeTable(std::move(fields));
}

TEST(Gate, unsure_of_the_best_calls_the_dearest_or_the_cheapest) {
  const OutcomeTable table = close_and_clear();
  const auto called = [&](double gate, Unsure unsure) {
    const auto policy = make_policy("hybrid_single", {.gate = gate, .unsure = unsure});
    policy->fit(table);
    return policy->decide(table, {{{"lambda", 0.0}}, 0, 0}).called;
  };
  EXPECT_EQ(called(0, Unsure::cheapest), (Masks{1, 2}));
  EXPECT_EQ(called(0.05, Unsure::cheapest), (Masks{2, 2}));
  EXPECT_EQ(called(0.05, Unsure::dearest), (Masks{1, 2}));
  EXPECT_EQ(called(0.8, Unsure::dearest), (Masks{1, 1}));
  expect_text(error_of([] { make_policy("hybrid_single", {.gate = -1}); }),
              {"gate of at least 0", "-1"});
}

TEST(Gate, holds_for_neighbours_too_and_comes_back_from_a_file) {
  const auto policy = make_policy("knn", {.gate = 2, .unsure = Unsure::cheapest});
  policy->fit(two_regions(1, "held_out"));
  const auto path = std::filesystem::temp_directory_path() / "muxnet-gate.json";
  policy->save(path);
  const auto again = load_policy(path);
  std::filesystem::remove(path);
  const auto test = two_regions(2, "test", 50);
  EXPECT_EQ(again->decide(test).called, Masks(50, 1));
}

}  // namespace
}  // namespace muxnet
