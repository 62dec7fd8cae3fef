#include "muxnet/training/fingerprint.hpp"

#include "muxnet/core/error.hpp"

namespace muxnet::fingerprint {
namespace {

std::string attribute_text(const Attribute& attribute) {
  return std::visit([](const auto& value) { return nlohmann::json(value).dump(); }, attribute);
}

nlohmann::json of(const OptimizerOptions& options) {
  return {{"name", options.name},
          {"weight_decay", options.weight_decay},
          {"momentum", options.momentum},
          {"nesterov", options.nesterov},
          {"beta1", options.beta1},
          {"beta2", options.beta2},
          {"eps", options.eps}};
}

nlohmann::json of(const ScheduleOptions& options) {
  return {{"name", options.name},
          {"learning_rate", options.learning_rate},
          {"warmup", options.warmup},
          {"initial_ratio", options.initial_ratio},
          {"final_ratio", options.final_ratio},
          {"anneal", options.anneal},
          {"milestones", options.milestones},
          {"decay", options.decay}};
}

}  // namespace

nlohmann::json of(const FitOptions& options) {
  return {{"epochs", options.epochs},
          {"batch_size", options.batch_size},
          {"optimizer", of(options.optimizer)},
          {"schedule", of(options.schedule)},
          {"clip_norm", options.clip_norm},
          {"seed", options.seed},
          {"precision", name_of(options.precision)}};
}

nlohmann::json of(const Augmentation& augmentation) {
  return {{"resize", augmentation.resize},
          {"crop_padding", augmentation.crop_padding},
          {"horizontal_flip", augmentation.horizontal_flip},
          {"erase_size", augmentation.erase_size}};
}

nlohmann::json of(const Normalization& normalization) {
  return {{"mean", normalization.mean}, {"deviation", normalization.deviation}};
}

nlohmann::json of(const Dataset& dataset) {
  return {{"name", dataset.name},
          {"images", dataset.size()},
          {"classes", dataset.classes()},
          {"digest", digest(dataset.images) + digest(dataset.labels)}};
}

nlohmann::json of(const Model& model) {
  std::string wiring;
  for (const auto& node : model.graph.nodes()) {
    wiring += text(node.op, ' ', node.name, ' ', to_string(model.graph.shape(node.dst)));
    for (const auto src : node.src) wiring += text(' ', src);
    for (const auto& [name, value] : node.attributes.values()) {
      wiring += text(' ', name, '=', attribute_text(value));
    }
  }
  return {{"name", model.name},
          {"parameters", model.graph.parameter_count()},
          {"macs", model.graph.macs()},
          {"graph", hexadecimal(of_bytes(wiring.data(), wiring.size()))}};
}

nlohmann::json of(std::span<Model* const> models) {
  auto result = nlohmann::json::array();
  for (const Model* model : models) result.push_back(of(*model));
  return result;
}

}  // namespace muxnet::fingerprint
