#include "muxnet/runtime/model_pool.hpp"

#include <set>

#include "muxnet/core/error.hpp"

namespace muxnet {

ModelPool::ModelPool(std::vector<HostedModel> models) : models_(std::move(models)) {
  require(!models_.empty(), "model pool", "at least one model", "none");
  const HostedModel& first = models_.front();
  std::set<std::string> names;
  for (const HostedModel& model : models_) {
    require(names.insert(model.name).second, "model pool", "names used once", model.name);
    require(model.classes == first.classes, text("model pool: ", model.name),
            text(first.classes, " classes as ", first.name), text(model.classes));
    classifiers_.push_back(model.open());
  }
}

std::vector<std::string> ModelPool::names() const {
  std::vector<std::string> result;
  for (const HostedModel& model : models_) result.push_back(model.name);
  return result;
}

std::vector<double> ModelPool::costs() const {
  std::vector<double> result;
  for (const HostedModel& model : models_) result.push_back(model.cost);
  return result;
}

Tensor ModelPool::probabilities(std::size_t index, const Tensor& images) const {
  return classifiers_.at(index)->answer(images);
}

EmbeddedAnswers ModelPool::answer_embedded(std::size_t index, const Tensor& images) const {
  return classifiers_.at(index)->answer_embedded(images);
}

void ModelPool::begin(std::size_t index, const Tensor& images, double within_ms,
                      const Classifier::Done& done) const {
  classifiers_.at(index)->begin(images, within_ms, done);
}

}  // namespace muxnet
