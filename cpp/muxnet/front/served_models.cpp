#include "muxnet/front/served_models.hpp"

#include <algorithm>

#include "muxnet/core/error.hpp"

namespace muxnet {

std::optional<ServedName> ServedModels::find(std::string_view name) const {
  if (name == router) return ServedName{};
  const auto found = std::find(models.begin(), models.end(), name);
  if (found == models.end()) return std::nullopt;
  return ServedName{static_cast<std::size_t>(found - models.begin())};
}

WantedInputs ServedModels::wanted_by(ServedName name) const {
  WantedInputs wanted;
  wanted.made.resize(formats.size());
  std::vector<bool> by_models(formats.size());
  for (std::size_t stage = 0; stage < shown.size(); ++stage) {
    const bool asked = name ? stage == *name + 1 : true;
    if (!asked) continue;
    wanted.made[shown[stage]] = true;
    if (stage > 0) by_models[shown[stage]] = true;
  }
  bool images = false, vectors = false;
  for (std::size_t i = 0; i < formats.size(); ++i) {
    if (!wanted.made[i]) continue;
    (formats[i].images ? images : vectors) = true;
    if (!by_models[i] || !formats[i].images) continue;
    const Shape shape = formats[i].images->shape();
    const auto& known = wanted.pixels;
    if (std::find(known.begin(), known.end(), shape) == known.end()) wanted.pixels.push_back(shape);
  }
  if (images) wanted.tensors.push_back(images_name);
  if (vectors) wanted.tensors.push_back(vectors_name);
  return wanted;
}

std::vector<TensorSpec> ServedModels::inputs_of(ServedName name) const {
  const WantedInputs wanted = wanted_by(name);
  std::vector<TensorSpec> found;
  for (const std::string_view tensor : wanted.tensors) {
    if (tensor == vectors_name) continue;
    const bool any_size = wanted.pixels.size() != 1;
    Shape shape{-1};
    if (!any_size) shape.insert(shape.end(), wanted.pixels[0].begin(), wanted.pixels[0].end());
    found.push_back({std::string(tensor), any_size ? "BYTES" : "UINT8", shape});
  }
  for (std::size_t i = 0; i < formats.size(); ++i) {
    if (!wanted.made[i] || formats[i].images) continue;
    found.push_back({std::string(vectors_name), "FP32", {-1, formats[i].vector_length}});
  }
  return found;
}

std::vector<TensorSpec> ServedModels::outputs_of(ServedName name) const {
  std::vector<TensorSpec> found;
  for (const AnswerOutput& output : answer_outputs) {
    if (output.extent == 'N' && (name || !policy->uses_multiplexer())) continue;
    Shape shape{-1};
    if (output.extent == 'K') shape.push_back(classes);
    if (output.extent == 'N') shape.push_back(static_cast<std::int64_t>(models.size()));
    found.push_back({std::string(output.name), std::string(output.datatype), shape});
  }
  return found;
}

std::size_t ServedModels::point_for(double accuracy) const {
  const auto found = policy->cheapest_as_good(accuracy);
  if (found) return *found;
  double best = 0;
  for (const OperatingPoint& point : policy->operating_points()) {
    best = std::max(best, point.accuracy);
  }
  std::ostringstream most;
  most.precision(4);
  most << "at most " << std::fixed << best;
  throw std::invalid_argument(error_text("accuracy", most.str(), text(accuracy)));
}

}  // namespace muxnet
