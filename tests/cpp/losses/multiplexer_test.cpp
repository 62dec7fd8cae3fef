#include "muxnet/losses/multiplexer.hpp"

#include "losses/support.hpp"

namespace muxnet {
namespace {

using namespace losses_test;

const std::vector<double> costs = {2, 4};
const WeightOptions paper{Formulation::paper, 0};

TEST(MultiplexerWeights, PaperDividesByTheCost) {
  // Costs relative to the smallest: 1 and 2.
  const Tensor scores = f64({std::log(3.0), 0, 0, 2 * std::log(4.0)}, {2, 2});
  expect_close(multiplexer_weights(scores, costs, paper), {0.75, 0.25, 0.2, 0.8});
}

TEST(MultiplexerWeights, BoundedSubtractsTheCost) {
  // lambda c / max c is log 3 / 2 and log 3.
  const double lambda = std::log(3.0);
  const Tensor scores = f64({0, 0, 0, lambda / 2}, {2, 2});
  const double root = std::sqrt(3.0);
  expect_close(multiplexer_weights(scores, costs, {Formulation::bounded, lambda}),
               {root / (root + 1), 1 / (root + 1), 0.5, 0.5});
}

TEST(MultiplexerWeights, FormulationsAgreeForEqualCosts) {
  const Tensor scores = f64({1, -2, 0.5, 3, 1, 0}, {2, 3});
  const std::vector<double> equal = {7, 7, 7};
  const Tensor bounded = multiplexer_weights(scores, equal, {Formulation::bounded, 5});
  const auto values = bounded.span<double>();
  expect_close(multiplexer_weights(scores, equal, paper), {values.begin(), values.end()});
}

TEST(MultiplexerWeights, CostOnlyEverFavoursTheCheaperModelInBounded) {
  // With equal negative scores the paper's division prefers the dear model: the known trouble.
  const Tensor scores = f64({-3, -3}, {1, 2});
  const Tensor printed = multiplexer_weights(scores, costs, paper);
  const Tensor bounded = multiplexer_weights(scores, costs, {Formulation::bounded, 1});
  EXPECT_LT(printed.data<double>()[0], printed.data<double>()[1]);
  EXPECT_GT(bounded.data<double>()[0], bounded.data<double>()[1]);
}

TEST(MultiplexerWeights, DoNotDependOnTheUnitOfCost) {
  const Tensor scores = f64({0.5, -1}, {1, 2});
  const std::vector<double> scaled = {2e9, 4e9};
  for (const WeightOptions options : {paper, WeightOptions{Formulation::bounded, 2}}) {
    const Tensor in_macs = multiplexer_weights(scores, scaled, options);
    const auto values = in_macs.span<double>();
    expect_close(multiplexer_weights(scores, costs, options), {values.begin(), values.end()});
  }
}

TEST(MultiplexerWeights, RefusesWhatDoesNotFit) {
  const Tensor scores = f64({1, 2}, {1, 2});
  const std::vector<double> three = {1, 2, 3}, zero = {1, 0}, negative = {-1, 1};
  expect_error([&] { multiplexer_weights(scores, three); },
               "[multiplexer_weights] expected 2 costs, received 3");
  expect_error([&] { multiplexer_weights(scores, zero); },
               "[multiplexer_weights] expected positive finite costs, received 0");
  expect_error([&] { multiplexer_weights(scores, negative); },
               "[multiplexer_weights] expected positive finite costs, received -1");
  expect_error(
      [&] {
        multiplexer_weights(scores, costs, {Formulation::bounded, -1});
      },
      "[multiplexer_weights] expected lambda_cost of at least 0, received -1");
  expect_error([&] { multiplexer_weights(Tensor({2}), costs); },
               "[multiplexer_weights] expected scores of shape (at least 1, at least 1), "
               "received (2)");
}

// One input, two models, two classes: model 0 gives the label 0.8, model 1 gives it 0.2.
const Tensor answers = f64({0.8, 0.2, 0.2, 0.8}, {1, 2, 2});

TEST(MultiplexerEnsemble, IsAsComputedByHand) {
  // Weights 0.75, 0.25: the answer is 0.65; diff_i = w_i (1 - f_i / 0.65).
  const auto loss = multiplexer_ensemble(f64({std::log(3.0), 0}, {1, 2}), answers, labels({0}),
                                         costs, {Formulation::bounded, 0});
  expect_close(loss.value, -std::log(0.65));
  expect_close(loss.weights, {0.75, 0.25});
  expect_close(loss.diff_scores, {0.75 * (1 - 0.8 / 0.65), 0.25 * (1 - 0.2 / 0.65)});
}

TEST(MultiplexerEnsemble, PaperScalesTheGradientByCost) {
  const auto loss =
      multiplexer_ensemble(f64({std::log(3.0), 0}, {1, 2}), answers, labels({0}), costs, paper);
  expect_close(loss.diff_scores, {0.75 * (1 - 0.8 / 0.65), 0.5 * 0.25 * (1 - 0.2 / 0.65)});
}

TEST(MultiplexerEnsemble, StaysFiniteWhereAllModelsAreSurelyWrong) {
  const Tensor wrong = f64({0, 1, 0, 1}, {1, 2, 2});
  const auto loss = multiplexer_ensemble(f64({1, 2}, {1, 2}), wrong, labels({0}), costs);
  expect_close(loss.value, -std::log(1e-12));
  expect_close(loss.diff_scores, {0, 0});
}

TEST(MultiplexerEnsemble, IsZeroWhereAllModelsAreSurelyRight) {
  const Tensor sure = f64({1, 0, 1, 0}, {1, 2, 2});
  const auto loss = multiplexer_ensemble(f64({1, 2}, {1, 2}), sure, labels({0}), costs);
  EXPECT_NEAR(loss.value, 0, 1e-15);
  expect_close(loss.diff_scores, {0, 0});
}

TEST(MultiplexerEnsemble, StaysFiniteForHugeScores) {
  const auto loss = multiplexer_ensemble(f64({1e300, -1e300}, {1, 2}), answers, labels({1}), costs);
  expect_close(loss.value, -std::log(0.2));
  expect_finite(loss.diff_scores);
}

TEST(MultiplexerEnsemble, RefusesWhatDoesNotFit) {
  const Tensor scores = f64({1, 2}, {1, 2});
  expect_error(
      [&] {
        multiplexer_ensemble(scores, Tensor({1, 3, 2}), labels({0}), costs);
      },
      "[multiplexer_ensemble] expected model_probabilities of shape (1, 2, at least 1), "
      "received (1, 3, 2)");
  expect_error(
      [&] {
        multiplexer_ensemble(scores, Tensor({1, 2, 2}), labels({0}), costs);
      },
      "[multiplexer_ensemble] expected model_probabilities of f64, received f32");
  expect_error([&] { multiplexer_ensemble(scores, answers, labels({2}), costs); },
               "[multiplexer_ensemble] expected labels in [0, 2), received label 2 at index 0");
}

TEST(MultiplexerCorrectness, IsAsComputedByHand) {
  // Sigmoids 0.75 (right) and 0.5 (wrong).
  const auto loss = multiplexer_correctness(f64({std::log(3.0), 0}, {1, 2}), right({1, 0}, {1, 2}));
  expect_close(loss.value, (-std::log(0.75) - std::log(0.5)) / 2);
  expect_close(loss.weights, {0.75, 0.5});
  expect_close(loss.diff_scores, {-0.125, 0.25});
}

TEST(MultiplexerCorrectness, StaysFiniteForHugeScores) {
  const auto loss =
      multiplexer_correctness(f64({1e300, -1e300, -800, 800}, {4, 1}), right({1, 0, 1, 1}, {4, 1}));
  expect_close(loss.value, 200);
  expect_close(loss.diff_scores, {0, 0, -0.25, 0});
  expect_close(loss.weights, {1, 0, 0, 1});
}

TEST(MultiplexerCorrectness, TakesProbabilitiesAndLeavesTheUnknownOut) {
  const auto loss =
      multiplexer_correctness(f64({std::log(3.0), 0}, {1, 2}), f64({0.5, -1}, {1, 2}));
  expect_close(loss.value, -(std::log(0.75) + std::log(0.25)) / 2 / 2);
  expect_close(loss.weights, {0.75, 0.5});
  expect_close(loss.diff_scores, {0.125, 0});
}

TEST(MultiplexerCorrectness, RefusesWhatDoesNotFit) {
  const Tensor scores = f64({1, 2}, {1, 2});
  expect_error(
      [&] {
        multiplexer_correctness(scores, Tensor({2, 1}, DType::u8));
      },
      "[multiplexer_correctness] expected correct of shape (1, 2), received (2, 1)");
  expect_error(
      [&] {
        multiplexer_correctness(scores, Tensor({1, 2}, DType::i32));
      },
      "[multiplexer_correctness] expected correct of f64, received i32");
  expect_error(
      [&] {
        multiplexer_correctness(scores, f64({0, 1.5}, {1, 2}));
      },
      "[multiplexer_correctness] expected probabilities of at most 1, received 1.5");
}

}  // namespace
}  // namespace muxnet
