#include "muxnet/training/checkpoint.hpp"

#include <cmath>

#include "muxnet/core/error.hpp"
#include "muxnet/core/fingerprint.hpp"
#include "muxnet/core/json.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/core/safetensors.hpp"

namespace muxnet {

using Json = nlohmann::json;

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RunningMean, sum, weight)

namespace {

template <class Value>
Json json_of(const Value& value) {
  return value;
}
template <class Value>
Json json_of(const std::optional<Value>& value) {
  return value ? Json(*value) : Json();
}

template <class Value>
void read(const Json& json, Value& value) {
  json.get_to(value);
}
template <class Value>
void read(const Json& json, std::optional<Value>& value) {
  if (!json.is_null()) value = json.get<Value>();
}

}  // namespace

template <class Each, class Maybe>
void to_json(Json& json, const MetricsOf<Each, Maybe>& metrics) {
  each_metric([&](const char* name, const char*, auto get) { json[name] = json_of(get(metrics)); });
}

template <class Each, class Maybe>
void from_json(const Json& json, MetricsOf<Each, Maybe>& metrics) {
  each_metric([&](const char* name, const char*, auto get) { read(json.at(name), get(metrics)); });
}

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(EpochRecord, epoch, step, learning_rate, metrics,
                                   held_out_accuracies, seconds)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TrainingState, epoch, batch, step, seconds, metrics, trends,
                                   history)

namespace {

constexpr const char* format_name = "muxnet-checkpoint-2";

void require_finite(const std::string& name, const Tensor& tensor) {
  if (tensor.dtype() != DType::f32) return;
  for (const float value : tensor.span<float>()) {
    if (std::isfinite(value)) continue;
    throw TrainingError(
        error_text("checkpoint", "finite weights and optimizer state", text(value, " in ", name)));
  }
}

}  // namespace

void save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  for (const auto& [name, tensor] : checkpoint.tensors) require_finite(name, tensor);
  SafeTensors content;
  content.tensors = checkpoint.tensors;
  content.metadata = {{"format", format_name},
                      {"fingerprint", checkpoint.fingerprint},
                      {"state", Json(checkpoint.state).dump()}};
  save_safetensors(path, content);
}

Checkpoint load_checkpoint(const std::filesystem::path& path) {
  SafeTensors content = load_safetensors(path);
  const auto format = content.metadata.find("format");
  if (format == content.metadata.end() || format->second != format_name) {
    throw FileError(error_text(
        path.string(), text("a training checkpoint, format ", format_name),
        format == content.metadata.end() ? "a safetensors file without format" : format->second));
  }
  try {
    Checkpoint result;
    result.fingerprint = content.metadata.at("fingerprint");
    result.state = parse_json(content.metadata.at("state")).get<TrainingState>();
    result.tensors = std::move(content.tensors);
    return result;
  } catch (const std::exception& error) {  // of the JSON, or of the map
    throw FileError(error_text(path.string(), "readable checkpoint metadata", error.what()));
  }
}

void require_same_fingerprint(const std::string& checkpoint, const std::string& training,
                              const std::filesystem::path& path) {
  fingerprint::require_same(checkpoint, training, text("resume from ", path.string()),
                            "a checkpoint of the same training", "in the checkpoint");
}

}  // namespace muxnet
