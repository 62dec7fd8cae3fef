#include "muxnet/protocol/grpc_protocol.hpp"

#include "muxnet/core/error.hpp"
#include "muxnet/protocol/checks.hpp"
#include "muxnet/protocol/datatypes.hpp"

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

/// Elements stand in the field of their datatype, and in no other.
std::vector<double> typed_values(const inference::InferTensorContents& contents) {
  std::vector<double> values;
  const auto take = [&](const auto& field) {
    for (const auto value : field) values.push_back(static_cast<double>(value));
  };
  take(contents.fp32_contents());
  take(contents.fp64_contents());
  take(contents.int_contents());
  take(contents.int64_contents());
  take(contents.uint_contents());
  take(contents.uint64_contents());
  return values;
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
  return typed_values(output.contents());
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
  if (!input.output.empty()) message.add_outputs()->set_name(input.output);
  message.add_raw_input_contents()->append(input.length_prefix()).append(input.bytes);
  return message;
}

ModelMetadata read_metadata(const inference::ModelMetadataResponse& message) {
  return {message.name(), specs_in(message.inputs()), specs_in(message.outputs()),
          message.platform()};
}

InferResponse read_answer(const inference::ModelInferResponse& message, const std::string& output,
                          std::int64_t classes) {
  std::vector<TensorSpec> specs;
  for (const Output& listed : message.outputs()) {
    specs.push_back({listed.name(), listed.datatype(), shape_in(listed.shape(), 0)});
  }
  const auto chosen = chosen_output("answer", output, specs, classes);
  if (!chosen.value) throw Refused(chosen.error);
  const int place = static_cast<int>(*chosen.value);
  const Output& found = message.outputs(place);
  return {message.id(), shape_in(found.shape(), 0), values_of(message, place), server_time(message),
          is_whole(found.datatype())};
}

}  // namespace muxnet
