#include "muxnet/runtime/model_pool.hpp"

#include <set>

#include "muxnet/core/error.hpp"

namespace muxnet {

ModelPool::ModelPool(std::vector<std::shared_ptr<Model>> models) : models_(std::move(models)) {
  require(!models_.empty(), "model pool", "at least one model", "none");
  std::set<std::string> names;
  for (const auto& model : models_) {
    require(names.insert(model->name).second, "model pool", "names used once", model->name);
    const Graph& graph = model->graph;
    require(graph.shape(graph.input()) == input_shape(), text("model pool: ", model->name),
            text("input ", to_string(input_shape()), " as ", models_.front()->name),
            to_string(graph.shape(graph.input())));
    const std::int64_t count = graph.shape(graph.output("logits"))[1];
    require(count == classes(), text("model pool: ", model->name),
            text(classes(), " classes as ", models_.front()->name), text(count));
    predictors_.emplace_back(*model);
  }
}

std::int64_t ModelPool::classes() const {
  const Graph& graph = models_.front()->graph;
  return graph.shape(graph.output("logits"))[1];
}

const Shape& ModelPool::input_shape() const {
  const Graph& graph = models_.front()->graph;
  return graph.shape(graph.input());
}

std::vector<std::string> ModelPool::names() const {
  std::vector<std::string> result;
  for (const auto& model : models_) result.push_back(model->name);
  return result;
}

std::vector<double> ModelPool::macs() const {
  std::vector<double> result;
  for (const auto& model : models_) result.push_back(static_cast<double>(model->graph.macs()));
  return result;
}

Tensor ModelPool::probabilities(std::size_t index, const Tensor& images) {
  return predictors_.at(index).probabilities(images);
}

}  // namespace muxnet
