#include <filesystem>

#include "muxnet/policies/registry.hpp"
#include "muxnet/routing/policy.hpp"
#include "support/tables.hpp"

namespace muxnet {
namespace {

using testing::random_table;

std::unique_ptr<Policy> fitted(const OutcomeTable& table) {
  auto policy = make_policy("cascade");
  policy->fit(table);
  return policy;
}

double price_of_the_best_single(const OutcomeTable& table) {
  return table.costs("macs")[best_single_model(table, "macs")];
}

const OperatingPoint& most_accurate_within(const Policy& policy, double cost) {
  const OperatingPoint* best = nullptr;
  for (const auto& point : policy.operating_points()) {
    if (point.cost <= cost) best = &point;  // accuracy rises with cost
  }
  return *best;
}

/// Mean of what the inputs lose by `point` instead of `best`, in standard errors of that mean.
double loss_in_standard_errors(const Policy& policy, const OutcomeTable& table,
                               const OperatingPoint& point, const OperatingPoint& best) {
  const auto a = policy.decide(table, best).quality(table);
  const auto b = policy.decide(table, point).quality(table);
  const auto n = static_cast<double>(a.size());
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += a[i] - b[i];
    squares += (a[i] - b[i]) * (a[i] - b[i]);
  }
  return sum / std::sqrt(squares - sum * sum / n);
}

TEST(DefaultPoint, is_the_cheapest_that_noise_does_not_tell_from_the_best_affordable) {
  const OutcomeTable table = random_table(2, {.inputs = 2000});
  const auto policy = fitted(table);
  const auto& best = most_accurate_within(*policy, price_of_the_best_single(table));
  EXPECT_LT(policy->point().cost, best.cost);
  EXPECT_LE(loss_in_standard_errors(*policy, table, policy->point(), best), 1);
  for (const auto& point : policy->operating_points()) {
    if (point.cost >= policy->point().cost) break;
    EXPECT_GT(loss_in_standard_errors(*policy, table, point, best), 1) << point.cost;
  }
}

/// Each input of the table ten times, in a group of its own or by itself.
OutcomeTable repeated(const OutcomeTable& table, bool in_groups) {
  constexpr std::int64_t times = 10;
  std::vector<std::int64_t> rows;
  for (std::int64_t i = 0; i < table.size() * times; ++i) rows.push_back(i / times);
  OutcomeFields fields = table.subset(rows).fields();
  if (in_groups) fields.groups = Tensor::from(rows, {table.size() * times});
  return OutcomeTable(std::move(fields));
}

TEST(DefaultPoint, counts_a_group_as_one_input) {
  const OutcomeTable table = random_table(2, {.inputs = 2000});
  const double cost = fitted(table)->point().cost;
  EXPECT_DOUBLE_EQ(fitted(repeated(table, true))->point().cost, cost);
  EXPECT_GT(fitted(repeated(table, false))->point().cost, cost);  // there noise is less
}

TEST(DefaultPoint, is_the_same_at_the_same_prices) {
  const OutcomeTable table = random_table(2, {.inputs = 2000});
  const auto policy = fitted(table);
  const auto path = std::filesystem::path(::testing::TempDir()) / "default_point.json";
  policy->save(path);
  const auto read = load_policy(path);
  for (Policy* each : {policy.get(), read.get()}) {
    const double cost = each->point().cost;
    each->choose(each->operating_points().front());
    each->reprice(each->prices());
    EXPECT_EQ(each->point().cost, cost);
  }
}

}  // namespace
}  // namespace muxnet
