#include "muxnet/losses/contrastive.hpp"

#include "losses/support.hpp"
#include "muxnet/core/random.hpp"
#include "support/gradient_check.hpp"

namespace muxnet {
namespace {

using namespace losses_test;

constexpr double eps = 0.05;
const ContrastiveOptions paper{Formulation::paper, eps}, bounded{Formulation::bounded, eps};

// Two inputs, three models, unit vectors in the plane: d is 0.5 at a right angle, 1 between
// opposites, 0.2 where the cosine is 0.6. Input 0: all right. Input 1: only model 0.
const std::vector<Tensor> embeddings = {f64({1, 0, 1, 0}, {2, 2}), f64({0, 1, 0.6, 0.8}, {2, 2}),
                                        f64({-1, 0, 0, -1}, {2, 2})};
const Tensor correct = right({1, 1, 1, 1, 0, 0}, {2, 3});

TEST(Contrastive, PaperIsAsComputedByHand) {
  // Ordered pairs, so each counts twice: log 0.5 + log 1 + log 0.5 - log 0.2 - log 0.5.
  const auto loss = contrastive(embeddings, correct, paper);
  expect_close(loss.value, 2 / 2.0 * (std::log(0.5) - std::log(0.2)));
}

TEST(Contrastive, BoundedIsAsComputedByHand) {
  const auto loss = contrastive(embeddings, correct, bounded);
  const double both = (2 * std::log(0.55) + std::log(1.05)) / 3;
  const double one = (std::log(0.25) + std::log(0.55)) / 2;
  expect_close(loss.value, both - one);
}

TEST(Contrastive, ReportsDistancesOfBothKinds) {
  for (const auto& options : {paper, bounded}) {
    const auto loss = contrastive(embeddings, correct, options);
    EXPECT_EQ(loss.distances.both_right_distance->weight, 3);
    EXPECT_EQ(loss.distances.one_right_distance->weight, 2);
    expect_close(loss.distances.both_right_distance->value, 2 / 3.0);
    expect_close(loss.distances.one_right_distance->value, 0.35);
  }
}

TEST(Contrastive, GradientIsAsComputedByHand) {
  // One right pair at a right angle: L = -log(eps + d), dL/dd = -1/0.55, dd/de_0 = -e_1 / 2.
  const std::vector<Tensor> pair = {f64({1, 0}, {1, 2}), f64({0, 1}, {1, 2})};
  const auto loss = contrastive(pair, right({1, 0}, {1, 2}), bounded);
  expect_close(loss.diff_embeddings[0], {0, 0.5 / 0.55});
  expect_close(loss.diff_embeddings[1], {0.5 / 0.55, 0});
}

/// Unit rows, so that the quotient of Eq. 3 is the cosine.
std::vector<Tensor> random_unit(std::int64_t models, std::int64_t batch, std::int64_t width) {
  Random random(5);
  std::vector<Tensor> result;
  for (std::int64_t i = 0; i < models; ++i) {
    Tensor tensor({batch, width}, DType::f64);
    for (std::int64_t b = 0; b < batch; ++b) {
      double* row = tensor.data<double>() + b * width;
      double square = 0;
      for (std::int64_t k = 0; k < width; ++k) {
        row[k] = random.normal();
        square += row[k] * row[k];
      }
      for (std::int64_t k = 0; k < width; ++k) row[k] /= std::sqrt(square);
    }
    result.push_back(tensor);
  }
  return result;
}

TEST(Contrastive, FormulationsAgreeOnUnitVectorsWithoutEps) {
  // One both-right and one one-right pair in one sample each: both means are sums, and the paper's
  // ordered sum over two samples halved is the same.
  const auto unit = random_unit(2, 2, 4);
  const Tensor one_each = right({1, 1, 1, 0}, {2, 2});
  const auto a = contrastive(unit, one_each, {Formulation::paper, 1e-14});
  const auto b = contrastive(unit, one_each, {Formulation::bounded, 1e-14});
  EXPECT_NEAR(a.value, b.value, 1e-11);
  EXPECT_NEAR(a.distances.both_right_distance->value, b.distances.both_right_distance->value,
              1e-14);
  EXPECT_NEAR(a.distances.one_right_distance->value, b.distances.one_right_distance->value, 1e-14);
}

TEST(Contrastive, FormulationsDifferOffTheSphere) {
  const std::vector<Tensor> twice = {f64({2, 0}, {1, 2}), f64({2, 0}, {1, 2})};
  const Tensor all = right({1, 1}, {1, 2});
  expect_close(contrastive(twice, all, bounded).distances.both_right_distance->value, 0);
  expect_close(contrastive(twice, all, paper).distances.both_right_distance->value,
               (1 - 4 / 16.0) / 2);
}

TEST(Contrastive, IsNothingWhereAllAreWrong) {
  for (const auto& options : {paper, bounded}) {
    const auto loss = contrastive(embeddings, Tensor({2, 3}, DType::u8), options);
    EXPECT_EQ(loss.value, 0);
    EXPECT_EQ(
        loss.distances.both_right_distance->weight + loss.distances.one_right_distance->weight, 0);
    EXPECT_EQ(loss.distances.both_right_distance->value, 0);
    EXPECT_EQ(loss.distances.one_right_distance->value, 0);
    for (const auto& diff : loss.diff_embeddings) expect_close(diff, {0, 0, 0, 0});
  }
}

TEST(Contrastive, HasNoOneRightPairsWhereAllAreRight) {
  const auto loss = contrastive(embeddings, right({1, 1, 1, 1, 1, 1}, {2, 3}), bounded);
  EXPECT_EQ(loss.distances.both_right_distance->weight, 6);
  EXPECT_EQ(loss.distances.one_right_distance->weight, 0);
  EXPECT_EQ(loss.distances.one_right_distance->value, 0);
  EXPECT_TRUE(std::isfinite(loss.value));
}

TEST(Contrastive, StaysFiniteAtDistanceZero) {
  // log 0 is what the paper's formula says here; both clamp it at eps.
  const std::vector<Tensor> same = {f64({0.6, 0.8}, {1, 2}), f64({0.6, 0.8}, {1, 2})};
  for (const auto& options : {paper, bounded}) {
    const auto drawn = contrastive(same, right({1, 1}, {1, 2}), options);
    const double factor = options.formulation == Formulation::paper ? 2 : 1;
    expect_close(drawn.value, factor * std::log(eps));
    const auto pushed = contrastive(same, right({0, 1}, {1, 2}), options);
    expect_close(pushed.value, -factor * std::log(eps));
    for (const auto& diff : pushed.diff_embeddings) expect_close(diff, {0, 0});
  }
}

TEST(Contrastive, CollapseIsNotTheOptimumOfBounded) {
  // Mostly both-right pairs, as in training. One constant vector for everything is the paper's
  // optimum; pushing the one wrong model away must be better for ours.
  const std::vector<Tensor> constant = {f64({1, 0, 1, 0}, {2, 2}), f64({1, 0, 1, 0}, {2, 2}),
                                        f64({1, 0, 1, 0}, {2, 2})};
  const std::vector<Tensor> apart = {f64({1, 0, 1, 0}, {2, 2}), f64({1, 0, 1, 0}, {2, 2}),
                                     f64({1, 0, -1, 0}, {2, 2})};
  const Tensor mostly_right = right({1, 1, 1, 1, 1, 0}, {2, 3});
  expect_close(contrastive(constant, mostly_right, bounded).value, 0);
  expect_close(contrastive(apart, mostly_right, bounded).value, std::log(0.05 / 1.05));
}

TEST(Contrastive, IsBoundedBelow) {
  // The least possible: both-right at 0, one-right at 1.
  const auto unit = random_unit(6, 20, 8);
  Random random(3);
  Tensor mixed({20, 6}, DType::u8);
  for (auto& r : mixed.span<std::uint8_t>()) r = static_cast<std::uint8_t>(random.below(2));
  const auto loss = contrastive(unit, mixed, bounded);
  EXPECT_GE(loss.value, std::log(0.05 / 1.05));
  EXPECT_LE(loss.value, std::log(1.05 / 0.05));
}

TEST(Contrastive, TreatsZeroRowsAsOrthogonal) {
  const std::vector<Tensor> zero = {f64({0, 0}, {1, 2}), f64({1, 0}, {1, 2})};
  for (const auto& options : {paper, bounded}) {
    const auto loss = contrastive(zero, right({1, 1}, {1, 2}), options);
    expect_close(loss.distances.both_right_distance->value, 0.5);
    for (const auto& diff : loss.diff_embeddings) expect_close(diff, {0, 0});
  }
}

TEST(Contrastive, GradientIsRightWhereThePaperClamps) {
  // Two pairs below eps, one above: clamped ones must add nothing.
  std::vector<Tensor> near = {f64({1, 0.1, 0.2}, {1, 3}), f64({1, 0.15, 0.2}, {1, 3}),
                              f64({-1, 1, 0.3}, {1, 3})};
  const Tensor all = right({1, 1, 0}, {1, 3});
  const auto loss = contrastive(near, all, {Formulation::paper, 0.2});
  const auto value = [&] { return contrastive(near, all, {Formulation::paper, 0.2}).value; };
  for (std::size_t i = 0; i < near.size(); ++i) {
    EXPECT_TRUE(testing::gradients_match(value, near[i].span<double>(),
                                         loss.diff_embeddings[i].span<double>()));
  }
}

TEST(Contrastive, RefusesWhatDoesNotFit) {
  expect_error([] { contrastive({}, correct); },
               "[contrastive] expected at least one tensor of embeddings, received none");
  expect_error(
      [] {
        contrastive(embeddings, Tensor({2, 2}, DType::u8));
      },
      "[contrastive] expected correct of shape (2, 3), received (2, 2)");
  expect_error(
      [] {
        contrastive(embeddings, Tensor({2, 3}, DType::f32));
      },
      "[contrastive] expected correct of u8, received f32");
  expect_error(
      [] {
        contrastive(embeddings, correct, {Formulation::paper, 0});
      },
      "[contrastive] expected eps in (0, 1), received 0");
}

}  // namespace
}  // namespace muxnet
