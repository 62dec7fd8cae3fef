#include "bindings.hpp"
#include "muxnet/losses/contrastive.hpp"
#include "muxnet/losses/cross_entropy.hpp"
#include "muxnet/losses/distillation.hpp"
#include "muxnet/losses/multiplexer.hpp"
#include "muxnet/losses/online_distillation.hpp"

namespace muxnet::python {
namespace {

using Tensors = std::vector<Tensor>;
using Costs = std::vector<double>;

/// Losses as (value, gradient).
void bind_model_losses(Module& module) {
  bind_options(module, "ContrastiveOptions", Field("formulation", &ContrastiveOptions::formulation),
               Field("eps", &ContrastiveOptions::eps));
  module.def(
      "contrastive",
      [](const Tensors& embeddings, const Tensor& correct, const ContrastiveOptions& options) {
        auto loss = contrastive(embeddings, correct, options);
        return std::pair(loss.value, std::move(loss.diff_embeddings));
      },
      py::arg("embeddings"), py::arg("correct"), argument("options", ContrastiveOptions{}),
      Unlocked());
  module.def(
      "cross_entropy",
      [](const Tensor& logits, const Tensor& labels, double label_smoothing) {
        const auto loss = cross_entropy(logits, labels, label_smoothing);
        return std::pair(loss.value, loss.diff);
      },
      py::arg("logits"), py::arg("labels"), py::arg("label_smoothing") = 0.0, Unlocked());
  module.def(
      "online_targets",
      [](const Tensors& logits, const std::vector<double>& weights, double temperature) {
        return online_targets(logits, weights, temperature);
      },
      py::arg("logits"), py::arg("weights"), py::arg("temperature"), Unlocked());
  module.def(
      "distil_to",
      [](const Tensors& logits, const Tensor& targets, double temperature) {
        auto loss = distil_to(logits, targets, temperature);
        return std::pair(loss.value, std::move(loss.diff_logits));
      },
      py::arg("logits"), py::arg("targets"), py::arg("temperature"), Unlocked());
}

void bind_multiplexer_losses(Module& module) {
  bind_options(module, "WeightOptions", Field("formulation", &WeightOptions::formulation),
               Field("lambda_cost", &WeightOptions::lambda_cost));
  module.def(
      "multiplexer_weights",
      [](const Tensor& scores, const Costs& costs, const WeightOptions& options) {
        return multiplexer_weights(scores, costs, options);
      },
      py::arg("scores"), py::arg("costs"), argument("options", WeightOptions{}), Unlocked());
  module.def(
      "multiplexer_ensemble",
      [](const Tensor& scores, const Tensor& model_probabilities, const Tensor& labels,
         const Costs& costs, const WeightOptions& options) {
        const auto loss = multiplexer_ensemble(scores, model_probabilities, labels, costs, options);
        return std::pair(loss.value, loss.diff_scores);
      },
      py::arg("scores"), py::arg("model_probabilities"), py::arg("labels"), py::arg("costs"),
      argument("options", WeightOptions{}), Unlocked());
  module.def(
      "multiplexer_correctness",
      [](const Tensor& scores, const Tensor& correct) {
        const auto loss = multiplexer_correctness(scores, correct);
        return std::pair(loss.value, loss.diff_scores);
      },
      py::arg("scores"), py::arg("correct"), Unlocked());
  module.def(
      "distillation",
      [](const Tensor& meta, const Tensors& embeddings) {
        const auto loss = distillation(meta, embeddings);
        return std::pair(loss.value, loss.diff);
      },
      py::arg("meta"), py::arg("embeddings"), Unlocked());
}

}  // namespace

void bind_losses(Module& module) {
  Enumeration<Formulation>(module, "Formulation")
      .value("paper", Formulation::paper)
      .value("bounded", Formulation::bounded);
  Enumeration<Objective>(module, "Objective")
      .value("ensemble", Objective::ensemble)
      .value("correctness", Objective::correctness);
  bind_model_losses(module);
  bind_multiplexer_losses(module);
}

}  // namespace muxnet::python
