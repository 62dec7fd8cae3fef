#include "muxnet/protocol/grpc_protocol.hpp"

#include "muxnet/core/error.hpp"
#include "muxnet/protocol/checks.hpp"

namespace muxnet {
namespace {

using Output = inference::ModelInferResponse::InferOutputTensor;

template <class Extents>
Shape shape_in(const Extents& extents, std::int64_t least) {
  expect_axes(static_cast<std::size_t>(extents.size()));
  Shape shape;
  for (const std::int64_t extent : extents) shape.push_back(checked_extent(extent, least));
  return shape;
}

template <class Tensors>
std::vector<TensorSpec> specs_in(const Tensors& tensors) {
  std::vector<TensorSpec> specs;
  for (const auto& tensor : tensors) {
    specs.push_back({tensor.name(), tensor.datatype(), shape_in(tensor.shape(), -1)});
  }
  return specs;
}

std::vector<double> values_of(const inference::ModelInferResponse& message, int index) {
  const Output& output = message.outputs(index);
  expect_numbers(output.datatype());
  const auto& raw = message.raw_output_contents();
  if (!raw.empty()) {
    expect(raw.size() == message.outputs_size(), "answer, raw contents",
           text(message.outputs_size(), " as outputs"), text(raw.size()));
    return numbers_in(raw[index], output.datatype());
  }
  const auto& single = output.contents().fp32_contents();
  const auto& twofold = output.contents().fp64_contents();
  if (output.datatype() == "FP32") return {single.begin(), single.end()};
  return {twofold.begin(), twofold.end()};
}

std::optional<double> server_time(const inference::ModelInferResponse& message) {
  for (const auto& entry : message.parameters()) {
    if (entry.key() != "server_ms") continue;
    const inference::InferParameter& said = entry.value();
    switch (said.parameter_choice_case()) {
      case inference::InferParameter::kDoubleParam:
        return sensible_time(said.double_param());
      case inference::InferParameter::kInt64Param:
        return sensible_time(static_cast<double>(said.int64_param()));
      default:  // parameters have no fractions in all versions of the protocol
        return sensible_time(number_written(said.string_param()));
    }
  }
  return std::nullopt;
}

}  // namespace

inference::ModelMetadataRequest metadata_message(const std::string& model,
                                                 const std::string& version) {
  inference::ModelMetadataRequest message;
  message.set_name(model);
  message.set_version(version);
  return message;
}

inference::ModelInferRequest infer_message(const InferInput& input) {
  inference::ModelInferRequest message;
  message.set_id(input.id);
  message.set_model_name(input.model);
  message.set_model_version(input.version);
  auto* sent = message.add_inputs();
  sent->set_name(input.input);
  sent->set_datatype(input.datatype);
  sent->mutable_shape()->Assign(input.shape.begin(), input.shape.end());
  message.add_outputs()->set_name(input.output);
  message.add_raw_input_contents()->append(input.length_prefix()).append(input.bytes);
  return message;
}

ModelMetadata read_metadata(const inference::ModelMetadataResponse& message) {
  return {message.name(), specs_in(message.inputs()), specs_in(message.outputs())};
}

InferResponse read_answer(const inference::ModelInferResponse& message, const std::string& output) {
  for (int i = 0; i < message.outputs_size(); ++i) {
    if (message.outputs(i).name() != output) continue;
    return {message.id(), shape_in(message.outputs(i).shape(), 0), values_of(message, i),
            server_time(message)};
  }
  throw Refused(error_text("answer", "an output " + output, "none"));
}

}  // namespace muxnet
