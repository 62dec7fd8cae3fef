// A multiplexer that looks at what the cheapest model gives: that runs once, and first.
#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "muxnet/policies/registry.hpp"
#include "muxnet/routing/drift.hpp"
#include "muxnet/runtime/collect.hpp"
#include "muxnet/service/service.hpp"
#include "support/errors.hpp"
#include "support/pool.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;
using testing::random_images;

constexpr std::int64_t pixels = testing::side * testing::side;

Tensor embedding_of(const Tensor& images) {
  return images.clone().reshaped({images.dim(0), pixels});
}

/// A network whose embedding is its image; counts the images that it has run on.
class Embedding final : public Classifier {
 public:
  Embedding(std::unique_ptr<Classifier> inner, std::atomic<std::int64_t>& images)
      : inner_(std::move(inner)), images_(images) {}
  Tensor answer(const Tensor& images) override { return inner_->answer(images); }
  EmbeddedAnswers answer_embedded(const Tensor& images) override {
    images_ += images.dim(0);
    return {inner_->answer(images), embedding_of(images)};
  }

 private:
  std::unique_ptr<Classifier> inner_;
  std::atomic<std::int64_t>& images_;
};

Multiplexer looking_at(const std::string& model) {
  const MultiplexerOptions options{.body = MultiplexerBody::perceptron,
                                   .channels = pixels,
                                   .height = 1,
                                   .width = 1,
                                   .models = 3,
                                   .meta_dim = 4};
  Multiplexer result;
  result.model = std::make_shared<Model>("multiplexer", build_multiplexer(options), 7);
  result.costs = testing::tiny_costs(3);
  result.kind = "embedding";
  result.encoder = Encoder{model, "pixels"};
  return result;
}

class EmbeddingInService : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    served_[0].open = [this, open = served_[0].open] {
      return std::make_unique<Embedding>(open(), images_run_);
    };
    policy_ = make_policy(GetParam());
    policy_->fit(table(11, 200, "held_out"));
  }

  OutcomeTable table(std::uint64_t seed, std::int64_t n, const std::string& split) const {
    CollectOptions options;
    options.labels = testing::random_labels(n, seed + 1);
    options.split = split;
    const Tensor images = random_images(n, seed);
    const OutcomeTable blind = collect_outcomes(ModelPool(served_), images, {}, options);
    const MultiplexerInput input(multiplexer_, {1, pixels});
    const auto view = run_multiplexer(multiplexer_, Predictor(*multiplexer_.model),
                                      input.all(embedding_of(images)));
    return with_view(blind, view, {{"macs", cost_of(multiplexer_)}}, "small");
  }

  Deployment deployed(const OutcomeTable& test) const {
    Deployment result{served_, multiplexer_, {policy_->rule()}, 0, policy_->rule(), 2};
    const auto& fields = test.fields();
    result.recorders = {
        std::make_shared<Recorder>(*policy_, CallCosts{fields.costs, fields.multiplexer_costs})};
    result.monitor =
        std::make_shared<DriftMonitor>(monitored_values(*policy_, test), policy_->version());
    return result;
  }

  ServiceRequest request(std::int64_t from, std::int64_t to) const {
    ServiceRequest result;
    result.images = {images_.rows(from, to)};
    result.first_input = from;
    return result;
  }

  std::atomic<std::int64_t> images_run_{0};
  std::vector<HostedModel> served_ = testing::tiny_models();
  Multiplexer multiplexer_ = looking_at("small");
  std::unique_ptr<Policy> policy_;
  const Tensor images_ = random_images(60, 21);
};

TEST_P(EmbeddingInService, DecidesAndPaysAsInReplay) {
  const OutcomeTable test = table(21, 60, "test");
  const Decisions replayed = policy_->decide(test);
  const auto costs = replayed.costs(test, "macs");
  Service service(deployed(test), {.workers = 2, .max_batch = 16});
  images_run_ = 0;
  std::vector<std::future<ServiceAnswer>> answers;
  for (std::int64_t row = 0; row < 60; row += 5) {
    answers.push_back(
        std::async(std::launch::async, [&, row] { return service.infer(request(row, row + 5)); }));
  }
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const ServiceAnswer answer = answers[i].get();
    ASSERT_EQ(answer.status, ServiceStatus::ok) << answer.message;
    const auto again = replay_records(*policy_, answer.records);
    for (std::size_t row = 0; row < 5; ++row) {
      EXPECT_EQ(answer.called[row], replayed.called[5 * i + row]);
      EXPECT_EQ(answer.shadow[row], replayed.called[5 * i + row]);
      EXPECT_EQ(answer.answers[row], replayed.answers[5 * i + row]);
      EXPECT_EQ(answer.costs[row], costs[5 * i + row]);
      EXPECT_TRUE(again[row].same) << answer.records[row];
    }
  }
  EXPECT_EQ(images_run_, 60);
  EXPECT_EQ(service.statistics().drift->observed, 60);
}

TEST_P(EmbeddingInService, AnswersWithoutItWhereTheModelMayNotBeCalled) {
  const OutcomeTable test = table(21, 60, "test");
  Service service(deployed(test), {});
  ServiceRequest one = request(0, 60);
  one.decide_only = true;
  for (const std::uint64_t wanted : service.infer(one).wanted) EXPECT_EQ(wanted, model_bit(0));
  one = request(0, 60);
  one.model = 2;
  for (const std::uint64_t called : service.infer(one).called) EXPECT_EQ(called, model_bit(2));
  one = request(0, 60);
  one.model = 0;  // which nobody's multiplexer asks about
  EXPECT_EQ(service.infer(one).costs, std::vector<double>(60, 48.0));
  one = request(0, 60);
  one.max_cost = cost_of(multiplexer_) + 48;
  const ServiceAnswer cheap = service.infer(one);
  ASSERT_EQ(cheap.status, ServiceStatus::ok) << cheap.message;
  EXPECT_EQ(cheap.called, std::vector<std::uint64_t>(60, model_bit(0)));
  for (const auto& again : replay_records(*policy_, cheap.records)) EXPECT_TRUE(again.same);
}

INSTANTIATE_TEST_SUITE_P(Scored, EmbeddingInService,
                         ::testing::Values("hybrid_single", "hybrid_ensemble", "staged_cascade"));

TEST(EmbeddingInDeployment, IsOfAModelThatGivesOne) {
  const auto policy = make_policy("learned_cascade");
  const Deployment blind{
      testing::tiny_models(), looking_at("other"), {std::make_shared<FixedRule>(1)}, 0, nullptr, 0};
  const auto refusal = [](const Deployment& deployment) {
    return error_of<std::invalid_argument>([&] { Service(deployment, ServiceOptions{}); });
  };
  EXPECT_TRUE(contains(refusal(blind), "the model that it looks at, 'other'"));
  Deployment mute = blind;
  mute.multiplexer = looking_at("small");
  EXPECT_TRUE(contains(refusal(mute), "one that gives no embedding"));
}

}  // namespace
}  // namespace muxnet
