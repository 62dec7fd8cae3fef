#include "muxnet/training/predict.hpp"

#include <algorithm>
#include <cstring>

#include "muxnet/core/error.hpp"
#include "muxnet/losses/softmax.hpp"

namespace muxnet {
namespace {

Shape batch_shape(const Model& model, std::int64_t rows) {
  Shape shape = model.graph.shape(model.graph.input());
  shape.front() = rows;
  return shape;
}

}  // namespace

Predictor::Predictor(Model& model, std::int64_t batch)
    : model_(model),
      plan_(model.graph, model.parameters, {.batch = batch, .mode = Mode::infer}),
      padded_(batch_shape(model, batch), model.parameters.dtype()) {}

std::map<std::string, Tensor> Predictor::outputs(const Tensor& images,
                                                 const std::vector<std::string>& names) {
  const std::int64_t n = images.shape().empty() ? 0 : images.dim(0);
  require(n > 0 && images.shape() == batch_shape(model_, n) && images.dtype() == padded_.dtype(),
          text("predict ", model_.name),
          text(name_of(padded_.dtype()), " images of shape ", to_string(batch_shape(model_, 1)),
               " times any n above 0"),
          text(name_of(images.dtype()), " ", to_string(images.shape())));
  std::map<std::string, Tensor> results;
  for (const auto& name : names) {
    Shape shape = model_.graph.shape(model_.graph.output(name));
    shape.front() = n;
    results.emplace(name, Tensor(std::move(shape), padded_.dtype()));
  }
  const std::int64_t batch = plan_.batch();
  for (std::int64_t begin = 0; begin < n; begin += batch) {
    const std::int64_t rows = std::min(batch, n - begin);
    const Tensor part = images.rows(begin, begin + rows);
    if (rows < batch) std::memcpy(padded_.raw(), part.raw(), part.bytes());
    plan_.forward(rows < batch ? padded_ : part);
    for (auto& [name, result] : results) {
      Tensor target = result.rows(begin, begin + rows);
      std::memcpy(target.raw(), plan_.output(name).raw(), target.bytes());
    }
  }
  return results;
}

Tensor Predictor::probabilities(const Tensor& images) {
  return softmax(outputs(images, {"logits"}).at("logits"));
}

}  // namespace muxnet
