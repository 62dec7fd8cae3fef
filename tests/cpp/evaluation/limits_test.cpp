#include "muxnet/evaluation/limits.hpp"

#include "muxnet/evaluation/evaluate.hpp"
#include "muxnet/policies/registry.hpp"
#include "support/tables.hpp"

namespace muxnet {
namespace {

using Statistic = Limit::Statistic;
using testing::error_of;
using testing::expect_text;
using testing::random_table;

class Limits : public ::testing::Test {
 protected:
  Limits() : calibration_(random_table(12, {.split = "calibration"})) {
    policy_ = make_policy("cascade");
    policy_->fit(random_table(11));
  }

  Evaluation at(const OperatingPoint& point) {
    policy_->choose(point);
    return evaluate(*policy_, calibration_, {.bootstrap = {.resamples = 2}});
  }

  /// The best that is to be found, by looking at all.
  double best_accuracy(const std::function<bool(const Evaluation&)>& keeps) {
    double best = 0;
    for (const auto& point : policy_->operating_points()) {
      const Evaluation found = at(point);
      if (keeps(found)) best = std::max(best, found.accuracy.value);
    }
    return best;
  }

  OutcomeTable calibration_;
  std::unique_ptr<Policy> policy_;
};

TEST_F(Limits, KeepTheMeanOfAnyKindOfCost) {
  const std::vector<Limit> limits{{Statistic::mean_cost, "latency_ms", 2.5}};
  const auto point = choose_within(*policy_, calibration_, limits);
  const Evaluation found = at(point);
  EXPECT_LE(found.costs.at("latency_ms").mean.value, 2.5);
  EXPECT_EQ(point.accuracy, found.accuracy.value);
  EXPECT_EQ(point.cost, found.costs.at("macs").mean.value);
  EXPECT_EQ(point.accuracy, best_accuracy([](const Evaluation& e) {
              return e.costs.at("latency_ms").mean.value <= 2.5;
            }));
}

TEST_F(Limits, KeepTheTail) {
  const std::vector<Limit> limits{{Statistic::p99_cost, "macs", 20}};
  const auto point = choose_within(*policy_, calibration_, limits);
  EXPECT_LE(at(point).costs.at("macs").p99, 20);
  const auto keeps = [](const Evaluation& e) { return e.costs.at("macs").p99 <= 20; };
  EXPECT_EQ(point.accuracy, best_accuracy(keeps));
  EXPECT_LT(point.accuracy, best_accuracy([](const Evaluation&) { return true; }));
}

TEST_F(Limits, KeepAShareOfCallsBesideABudget) {
  const std::vector<Limit> limits{{Statistic::call_share, "model3", 0.25},
                                  {Statistic::mean_cost, "macs", 24}};
  const Evaluation found = at(choose_within(*policy_, calibration_, limits));
  EXPECT_LE(found.called_shares[3], 0.25);
  EXPECT_LE(found.costs.at("macs").mean.value, 24);
  EXPECT_GT(found.called_shares[3], 0);
}

TEST_F(Limits, SayWhatNoPointKeeps) {
  const auto message = [&](const std::vector<Limit>& limits) {
    return error_of([&] { choose_within(*policy_, calibration_, limits); });
  };
  expect_text(message({{Statistic::mean_cost, "macs", 0.5}}), {"mean macs of at least 1", "0.5"});
  expect_text(message({{Statistic::p99_cost, "latency_ms", 0.5}}),
              {"p99 of latency_ms of at least 1"});
  expect_text(message({{Statistic::call_share, "nobody", 0.5}}),
              {"a model of the policy", "nobody"});
  expect_text(message({{Statistic::mean_cost, "money", 1}}), {"money"});
  // The cheapest alone costs 1, and nothing without it costs less than 4.
  expect_text(message({{Statistic::mean_cost, "macs", 3}, {Statistic::call_share, "model0", 0}}),
              {"keeps together"});
  expect_text(error_of([&] { choose_within(*policy_, random_table(11), {}); }), {"shares"});
}

}  // namespace
}  // namespace muxnet
