#include <gtest/gtest.h>

#include <algorithm>
#include <future>

#include "muxnet/policies/registry.hpp"
#include "muxnet/routing/drift.hpp"
#include "muxnet/routing/policy.hpp"
#include "muxnet/routing/record.hpp"
#include "muxnet/runtime/collect.hpp"
#include "muxnet/service/service.hpp"
#include "support/pool.hpp"

namespace muxnet {
namespace {

using testing::random_images;

ServiceRequest request(const Tensor& images, std::int64_t first = 0) {
  ServiceRequest result;
  result.images = {images};
  result.first_input = first;
  return result;
}

/// A policy, fitted on what three models (for `offload` two) say of random images.
class EveryPolicyInService : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "oracle") GTEST_SKIP() << "the oracle reads labels: replay only";
    policy_ = make_policy(GetParam());
    if (policy_->needs().features) GTEST_SKIP() << "requests carry no features";
    const bool offload = GetParam() == "offload";
    if (offload) served_.erase(served_.begin() + 1);
    multiplexer_ = testing::tiny_multiplexer(static_cast<std::int64_t>(served_.size()), offload);
    policy_->fit(table(11, 200, "held_out"));
    test_ = std::make_unique<OutcomeTable>(table(21, 60, "test"));
  }

  OutcomeTable table(std::uint64_t seed, std::int64_t n, const std::string& split) const {
    CollectOptions options;
    options.labels = testing::random_labels(n, seed + 1);
    options.split = split;
    ModelPool pool(served_);
    return collect_outcomes(pool, random_images(n, seed), multiplexer_, options);
  }

  /// Records its decisions, and watches for drift from the table tested on.
  Deployment deployed() const {
    Deployment result{served_,           policy_->uses_multiplexer() ? multiplexer_ : Multiplexer{},
                      {policy_->rule()}, 0,
                      nullptr,           policy_->best_single()};
    const auto& fields = test_->fields();
    result.recorders = {
        std::make_shared<Recorder>(*policy_, CallCosts{fields.costs, fields.multiplexer_costs})};
    result.monitor =
        std::make_shared<DriftMonitor>(monitored_values(*policy_, *test_), policy_->version());
    return result;
  }

  std::vector<HostedModel> served_ = testing::tiny_models();
  Multiplexer multiplexer_;
  std::unique_ptr<Policy> policy_;
  std::unique_ptr<OutcomeTable> test_;
  const Tensor images_ = random_images(60, 21);
};

/// What replay promises, the service keeps, whatever batches the requests end up in.
TEST_P(EveryPolicyInService, DecidesAsInReplay) {
  const Decisions replayed = policy_->decide(*test_);
  const auto costs = replayed.costs(*test_, "macs");
  Service service(deployed(), {.workers = 2, .max_batch = 16});
  std::vector<std::future<ServiceAnswer>> answers;
  for (std::int64_t row = 0; row < 60; row += 5) {
    answers.push_back(std::async(std::launch::async, [&, row] {
      return service.infer(request(images_.rows(row, row + 5), row));
    }));
  }
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const ServiceAnswer answer = answers[i].get();
    ASSERT_EQ(answer.status, ServiceStatus::ok) << answer.message;
    const auto again = replay_records(*policy_, answer.records);
    ASSERT_EQ(again.size(), 5u);
    for (std::size_t row = 0; row < 5; ++row) {
      EXPECT_EQ(answer.called[row], replayed.called[5 * i + row]);
      EXPECT_EQ(answer.wanted[row], replayed.called[5 * i + row]);
      EXPECT_EQ(answer.answers[row], replayed.answers[5 * i + row]);
      EXPECT_EQ(answer.costs[row], costs[5 * i + row]);
      EXPECT_TRUE(again[row].same) << answer.records[row];
    }
  }
  const auto drift = service.statistics().drift;
  ASSERT_TRUE(drift);
  EXPECT_EQ(drift->observed, 60);
  EXPECT_FALSE(drift->alarm);
}

TEST_P(EveryPolicyInService, AbstainsAsInReplay) {
  const auto confidences = answer_confidences(*policy_->rule(), *test_);
  auto sorted = confidences;
  std::nth_element(sorted.begin(), sorted.begin() + 30, sorted.end());
  // Between two of them: a batch's size may change the last bit.
  const double threshold =
      (*std::max_element(sorted.begin(), sorted.begin() + 30) + sorted[30]) / 2;
  policy_->abstain({.threshold = threshold});
  Service service(deployed(), {});
  const ServiceAnswer answer = service.infer(request(images_));
  ASSERT_EQ(answer.abstained.size(), 60U);
  for (std::size_t row = 0; row < 60; ++row) {
    EXPECT_NEAR(answer.confidences[row], confidences[row], 1e-6);
    EXPECT_EQ(answer.abstained[row] != 0, confidences[row] < threshold) << row;
    const auto said = answer.abstained[row] != 0 ? R"("abstained":true)" : R"("abstained":false)";
    EXPECT_NE(answer.records[row].find(said), std::string::npos) << answer.records[row];
  }
  for (const auto& again : replay_records(*policy_, answer.records)) EXPECT_TRUE(again.same);
  ServiceRequest one = request(images_);
  one.model = 0;
  EXPECT_TRUE(service.infer(one).abstained.empty());
}

TEST_P(EveryPolicyInService, RecordsWhatItDidWhereItCouldNotFollow) {
  Service service(deployed(), {});
  ServiceRequest limited = request(images_);
  ModelPool pool(served_);
  const double own = policy_->uses_multiplexer() ? 48.0 : 0.0;
  limited.max_cost = own + pool.costs()[0];  // the smallest model and no other
  const ServiceAnswer answer = service.infer(limited);
  ASSERT_EQ(answer.status, ServiceStatus::ok) << answer.message;
  const auto again = replay_records(*policy_, answer.records);
  std::int64_t followed = 0;
  for (std::size_t row = 0; row < 60; ++row) {
    EXPECT_EQ(answer.called[row], model_bit(0));
    EXPECT_TRUE(again[row].same) << answer.records[row];
    EXPECT_EQ(again[row].answer, answer.answers[row]);
    EXPECT_EQ(again[row].called, std::vector<std::string>{"small"});
    const bool departed = answer.departures[row] == Departure::cost;
    EXPECT_EQ(answer.records[row].find(R"("departure":{"reason":"cost")") != std::string::npos,
              departed);
    if (!departed) ++followed;
  }
  EXPECT_EQ(service.statistics().drift->observed, followed);
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryPolicyInService, ::testing::ValuesIn(policies().names()));

}  // namespace
}  // namespace muxnet
