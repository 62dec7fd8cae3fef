#include "losses/problems.hpp"

#include "muxnet/losses/contrastive.hpp"
#include "muxnet/losses/cross_entropy.hpp"
#include "muxnet/losses/distillation.hpp"
#include "muxnet/losses/multiplexer.hpp"
#include "muxnet/losses/online_distillation.hpp"
#include "muxnet/losses/softmax.hpp"

namespace muxnet {
namespace {

constexpr std::int64_t batch = 5, models = 4, classes = 3, width = 6;
const std::vector<double> costs = {1, 2.5, 10, 40};

Tensor to_dtype(const std::vector<double>& values, Shape shape, DType dtype) {
  if (dtype == DType::f64) return Tensor::from(values, std::move(shape));
  return Tensor::from(std::vector<float>(values.begin(), values.end()), std::move(shape));
}

Tensor normal(Random& random, Shape shape, DType dtype) {
  std::vector<double> values(static_cast<std::size_t>(volume(shape)));
  for (double& value : values) value = random.normal();
  return to_dtype(values, std::move(shape), dtype);
}

std::vector<Tensor> normals(Random& random, std::int64_t count, const Shape& shape, DType dtype) {
  std::vector<Tensor> result;
  for (std::int64_t i = 0; i < count; ++i) result.push_back(normal(random, shape, dtype));
  return result;
}

/// 0 .. bound-1 for labels (i32) and, with a bound of 2, for which models are right (u8).
template <class T>
Tensor integers(Random& random, Shape shape, std::uint64_t bound) {
  std::vector<T> values(static_cast<std::size_t>(volume(shape)));
  for (T& value : values) value = static_cast<T>(random.below(bound));
  return Tensor::from(values, std::move(shape));
}

/// From a function of the inputs that returns the loss, and one that takes the gradients out of it.
template <class Loss, class Gradients>
LossProblem make_problem(std::vector<Tensor> inputs, Loss loss, Gradients gradients) {
  return {inputs, [=] { return loss(inputs).value; }, [=] { return gradients(loss(inputs)); }};
}

LossEntry cross_entropy_entry(std::string name, double smoothing) {
  return {std::move(name), "L_ce of Algorithm 1", [=](Random& random, DType dtype) {
            const Tensor logits = normal(random, {batch, classes}, dtype);
            const Tensor labels = integers<std::int32_t>(random, {batch}, classes);
            return make_problem(
                {logits}, [=](const auto& in) { return cross_entropy(in[0], labels, smoothing); },
                [](const LossValue& loss) { return std::vector{loss.diff}; });
          }};
}

LossEntry contrastive_entry(std::string name, Formulation formulation) {
  return {std::move(name), "Eq. 2 and 3", [=](Random& random, DType dtype) {
            const auto embeddings = normals(random, models, {batch, width}, dtype);
            const Tensor correct = integers<std::uint8_t>(random, {batch, models}, 2);
            return make_problem(
                embeddings,
                [=](const auto& in) {
                  return contrastive(in, correct, {formulation, 0.05});
                },
                [](const ContrastiveValue& loss) { return loss.diff_embeddings; });
          }};
}

LossEntry ensemble_entry(std::string name, WeightOptions options) {
  return {std::move(name), "Eq. 4 to 7", [=](Random& random, DType dtype) {
            const Tensor scores = normal(random, {batch, models}, dtype);
            const Tensor answers = softmax(normal(random, {batch, models, classes}, dtype));
            const Tensor labels = integers<std::int32_t>(random, {batch}, classes);
            return make_problem(
                {scores},
                [=](const auto& in) {
                  return multiplexer_ensemble(in[0], answers, labels, costs, options);
                },
                [](const MultiplexerValue& loss) { return std::vector{loss.diff_scores}; });
          }};
}

LossEntry correctness_entry(std::string name, std::int64_t outputs) {
  return {std::move(name), "binary cross-entropy in place of Eq. 7",
          [=](Random& random, DType dtype) {
            const Tensor scores = normal(random, {batch, outputs}, dtype);
            const Tensor correct = integers<std::uint8_t>(random, {batch, outputs}, 2);
            return make_problem(
                {scores}, [=](const auto& in) { return multiplexer_correctness(in[0], correct); },
                [](const MultiplexerValue& loss) { return std::vector{loss.diff_scores}; });
          }};
}

LossEntry distillation_entry(std::string name, Shape meta_shape) {
  return {std::move(name), "Eq. 8", [=](Random& random, DType dtype) {
            const Tensor meta = normal(random, meta_shape, dtype);
            const auto embeddings = normals(random, models, {batch, width}, dtype);
            return make_problem(
                {meta}, [=](const auto& in) { return distillation(in[0], embeddings); },
                [](const LossValue& loss) { return std::vector{loss.diff}; });
          }};
}

LossEntry online_entry(std::string name, double temperature) {
  return {std::move(name), "arXiv 1706.00384", [=](Random& random, DType dtype) {
            const auto logits = normals(random, models, {batch, classes}, dtype);
            // Kept apart from the inputs: the loss takes its targets as constants.
            const Tensor targets = online_targets(logits, costs, temperature);
            return make_problem(
                logits, [=](const auto& in) { return distil_to(in, targets, temperature); },
                [](const OnlineDistillationValue& loss) { return loss.diff_logits; });
          }};
}

void add_all(Register<LossEntry>& losses) {
  losses.add(cross_entropy_entry("cross_entropy", 0));
  losses.add(cross_entropy_entry("cross_entropy_smoothed", 0.1));
  losses.add(contrastive_entry("contrastive_paper", Formulation::paper));
  losses.add(contrastive_entry("contrastive_bounded", Formulation::bounded));
  losses.add(ensemble_entry("multiplexer_ensemble_paper", {Formulation::paper, 0}));
  losses.add(ensemble_entry("multiplexer_ensemble_bounded", {Formulation::bounded, 0.7}));
  losses.add(correctness_entry("multiplexer_correctness", models));
  losses.add(correctness_entry("multiplexer_mobile_cloud", 1));
  losses.add(distillation_entry("distillation_per_model", {batch, models, width}));
  losses.add(distillation_entry("distillation_shared", {batch, width}));
  losses.add(online_entry("online_distillation", 2));
}

}  // namespace

const Register<LossEntry>& loss_problems() {
  static const Register<LossEntry> losses("losses", {add_all});
  return losses;
}

}  // namespace muxnet
