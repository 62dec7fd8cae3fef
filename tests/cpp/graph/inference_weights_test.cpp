#include "muxnet/graph/inference_weights.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "graph/graphs.hpp"
#include "muxnet/graph/plan.hpp"
#include "support/errors.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;
using testing::fill_normal;
using testing::Int;
using testing::residual_graph;

Tensor images_of(Int batch) {
  Tensor images({batch, 3, 8, 8});
  fill_normal<float>(images, 1);
  return images;
}

std::vector<float> logits(Plan& plan) {
  plan.forward(images_of(plan.batch()));
  const Tensor output = plan.output("logits");
  const auto values = output.span<float>();
  return {values.begin(), values.end()};
}

struct Network {
  Graph graph = residual_graph();
  Parameters parameters{graph, DType::f32, 3};
  std::shared_ptr<InferenceWeights> weights = std::make_shared<InferenceWeights>(graph, parameters);

  void add_to_bias(float value) {
    Tensor bias = parameters.value("fc.bias");
    for (float& one : bias.span<float>()) one += value;
    parameters.changed();
  }
};

TEST(InferenceWeights, PlansThatShareThemAnswerAsOthersDo) {
  Network network;
  for (const Int batch : {1, 2, 8}) {
    Plan shared(network.weights, {.batch = batch});
    Plan alone(network.graph, network.parameters, {.batch = batch});
    EXPECT_EQ(logits(shared), logits(alone)) << "batch " << batch;
    network.add_to_bias(1);
    EXPECT_EQ(logits(shared), logits(alone)) << "batch " << batch << ", other weights";
  }
}

TEST(InferenceWeights, StayForWhoComputesWithThemWhenTheyChange) {
  Network network;
  const auto before = network.weights->current();
  const float bias = before->values.value("fc.bias").data<float>()[0];
  EXPECT_EQ(network.weights->current(), before);
  network.add_to_bias(1);
  const auto after = network.weights->current();
  EXPECT_NE(after, before);
  EXPECT_EQ(before->values.value("fc.bias").data<float>()[0], bias);
  EXPECT_EQ(after->values.value("fc.bias").data<float>()[0], bias + 1);
}

TEST(InferenceWeights, ServeSeveralThreads) {
  Network network;
  Plan alone(network.graph, network.parameters, {.batch = 4});
  const auto wanted = logits(alone);
  std::vector<std::vector<float>> answers(4);
  std::vector<std::thread> threads;
  for (auto& answer : answers) {
    threads.emplace_back([&] {
      Plan plan(network.weights, {.batch = 4});
      answer = logits(plan);
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& answer : answers) EXPECT_EQ(answer, wanted);
}

TEST(InferenceWeights, AreNotForTraining) {
  const Network network;
  EXPECT_TRUE(contains(
      error_of<std::invalid_argument>([&] { Plan(network.weights, {.mode = Mode::train}); }),
      "expected mode infer"));
}

TEST(WeightForms, AreMadeOncePerWeightsAndForm) {
  WeightForms forms;
  const float first = 0, second = 0;
  int made = 0;
  const auto blocks = [&](const float* weights, int wanted) {
    return forms.find<int>(
        weights, [&](int form) { return form == wanted; },
        [&] {
          ++made;
          return std::make_shared<int>(wanted);
        });
  };
  const auto one = blocks(&first, 8);
  EXPECT_EQ(blocks(&first, 8), one);
  EXPECT_NE(blocks(&first, 16), one);
  EXPECT_NE(blocks(&second, 8), one);
  EXPECT_EQ(made, 3);
  const auto other = forms.find<double>(
      &first, [](double) { return true; }, [] { return std::make_shared<double>(8); });
  EXPECT_EQ(*other, 8);
}

}  // namespace
}  // namespace muxnet
