#include "muxnet/networks/predictor.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

Shape batch_shape(const Model& model, std::int64_t rows) {
  Shape shape = model.graph.shape(model.graph.input());
  shape.front() = rows;
  return shape;
}

Graph with_probabilities(Graph graph) {
  const auto logits = graph.outputs().find("logits");
  if (logits == graph.outputs().end() || graph.outputs().count("probabilities") > 0) return graph;
  graph.set_output("probabilities", graph.add("softmax", "probabilities", {logits->second}));
  return graph;
}

}  // namespace

Predictor::Predictor(Model& model, std::int64_t max_batch, std::optional<Precision> precision)
    : model_(&model),
      graph_(with_probabilities(model.graph)),
      max_batch_(max_batch),
      options_{.precision = precision.value_or(precision_of(model)), .ranges = model.ranges},
      weights_(std::make_shared<InferenceWeights>(graph_, model.parameters)) {
  require(max_batch > 0, text("predict ", model.name), "a batch of at least 1", text(max_batch));
}

Predictor::Predictor(const Predictor& other)
    : model_(other.model_),
      graph_(other.graph_),
      max_batch_(other.max_batch_),
      options_(other.options_),
      weights_(other.weights_) {}

std::shared_ptr<Predictor::Compiled> Predictor::compiled(std::int64_t rows) const {
  const auto power = static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(rows)));
  const std::int64_t batch = std::min(power, max_batch_);
  const auto plans = [&] {
    const std::lock_guard lock(plans_->mutex);
    return plans_->by_batch[batch];
  }();
  return plans.borrow([&] {
    PlanOptions options = options_;
    options.batch = batch;
    return std::make_unique<Compiled>(Compiled{
        Plan(weights_, options), Tensor(batch_shape(*model_, batch), model_->parameters.dtype())});
  });
}

void Predictor::check(const Tensor& images) const {
  const std::int64_t n = images.shape().empty() ? 0 : images.dim(0);
  const DType dtype = model_->parameters.dtype();
  if (n > 0 && images.shape() == batch_shape(*model_, n) && images.dtype() == dtype) return;
  refuse(text("predict ", model_->name),
         text(name_of(dtype), " images of shape (n, ...) with n above 0 and one image ",
              to_string(batch_shape(*model_, 1))),
         text(name_of(images.dtype()), " ", to_string(images.shape())));
}

std::map<std::string, Tensor> Predictor::outputs(const Tensor& images,
                                                 const std::vector<std::string>& names) const {
  check(images);
  const std::int64_t n = images.dim(0);
  std::map<std::string, Tensor> results;
  for (const auto& name : names) {
    Shape shape = graph_.shape(graph_.output(name));
    shape.front() = n;
    results.emplace(name, Tensor(std::move(shape), images.dtype()));
  }
  for (std::int64_t begin = 0; begin < n;) {
    const auto run = compiled(n - begin);
    const std::int64_t rows = std::min(run->plan.batch(), n - begin);
    const Tensor part = images.rows(begin, begin + rows);
    const bool whole = rows == run->plan.batch();
    if (!whole) std::memcpy(run->padded.raw(), part.raw(), part.bytes());
    run->plan.forward(whole ? part : run->padded);
    for (auto& [name, result] : results) {
      Tensor target = result.rows(begin, begin + rows);
      std::memcpy(target.raw(), run->plan.output(name).raw(), target.bytes());
    }
    begin += rows;
  }
  return results;
}

Tensor Predictor::output(const Tensor& images, const std::string& name) const {
  return outputs(images, {name}).at(name);
}

Tensor Predictor::probabilities(const Tensor& images) const {
  return output(images, "probabilities");
}

}  // namespace muxnet
