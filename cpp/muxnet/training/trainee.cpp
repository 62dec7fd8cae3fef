#include "muxnet/training/trainee.hpp"

#include <cmath>

#include "muxnet/optim/clip.hpp"

namespace muxnet {
namespace {

/// Runs of trainable parameters that weight decay treats alike.
std::vector<Segment> segments_of(const Parameters& parameters) {
  std::vector<Segment> result;
  for (const auto& entry : parameters.entries()) {
    if (!entry.spec.trainable) continue;
    const std::int64_t end = entry.offset + volume(entry.spec.shape);
    if (!result.empty() && result.back().decay == entry.spec.decay) {
      result.back().end = end;
    } else {
      result.push_back({entry.offset, end, entry.spec.decay});
    }
  }
  return result;
}

std::map<std::string, Tensor> below(const std::map<std::string, Tensor>& tensors,
                                    const std::string& prefix) {
  std::map<std::string, Tensor> result;
  for (const auto& [name, tensor] : tensors) {
    if (name.starts_with(prefix)) result.emplace(name.substr(prefix.size()), tensor);
  }
  return result;
}

}  // namespace

Trainee::Trainee(Model& model, const OptimizerOptions& options, double factor)
    : model_(&model),
      factor_(factor),
      optimizer_(make_optimizer(options)),
      segments_(segments_of(model.parameters)) {
  optimizer_->init(model.parameters.trainable_size());
}

double Trainee::update(double learning_rate, double clip_norm) {
  Parameters& parameters = model_->parameters;
  const auto gradients = parameters.gradients().span<float>();
  const double norm = clip_norm > 0 ? clip_by_global_norm(gradients, clip_norm) : 0;
  if (!std::isfinite(norm)) return norm;
  const auto values = parameters.values().span<float>().first(gradients.size());
  optimizer_->apply(values, gradients, segments_, factor_ * learning_rate);
  parameters.changed();
  return norm;
}

void Trainee::collect(std::map<std::string, Tensor>& tensors) const {
  for (auto& [key, tensor] : model_->parameters.state()) {
    tensors.emplace(name() + "/weights/" + key, tensor);
  }
  for (auto& [key, tensor] : optimizer_->state()) {
    tensors.emplace(name() + "/optimizer/" + key, tensor);
  }
}

void Trainee::restore(const std::map<std::string, Tensor>& tensors) {
  model_->parameters.load_state(below(tensors, name() + "/weights/"));
  optimizer_->load_state(below(tensors, name() + "/optimizer/"));
}

}  // namespace muxnet
