#include "muxnet/networks/weights.hpp"

#include <sstream>

#include "muxnet/core/error.hpp"
#include "muxnet/core/safetensors.hpp"

namespace muxnet {
namespace {

std::string join(const std::vector<float>& values) {
  std::ostringstream out;
  out.precision(9);  // enough to give the same float back
  for (std::size_t i = 0; i < values.size(); ++i) out << (i > 0 ? " " : "") << values[i];
  return std::move(out).str();
}

std::vector<float> split(const std::string& text) {
  std::istringstream in(text);
  std::vector<float> result;
  for (float value = 0; in >> value;) result.push_back(value);
  return result;
}

}  // namespace

void save_weights(const Model& model, const std::filesystem::path& path) {
  const auto reading = model.access.read(text(model.name, ", save"));
  save_safetensors(path, {model.parameters.state(),
                          {{"name", model.name},
                           {"mean", join(model.normalization.mean)},
                           {"deviation", join(model.normalization.deviation)}}});
}

void load_weights(Model& model, const std::filesystem::path& path) {
  const SafeTensors content = load_safetensors(path);
  const auto writing = model.access.write(text(model.name, ", load"));
  try {
    model.parameters.load_state(content.tensors);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(text('[', path.string(), "] ", error.what()));
  }
  const auto mean = content.metadata.find("mean");
  const auto deviation = content.metadata.find("deviation");
  if (mean == content.metadata.end() || deviation == content.metadata.end()) return;
  model.normalization = {split(mean->second), split(deviation->second)};
}

}  // namespace muxnet
