#include "muxnet/offload/endpoint.hpp"

#include <algorithm>

#include "muxnet/core/error.hpp"
#include "muxnet/data/image_encode.hpp"

namespace muxnet {
namespace {

bool takes_pixels(const TensorSpec& input, const Shape& image) {
  if (input.datatype != "FP32" && input.datatype != "UINT8") return false;
  return input.shape.size() == image.size() &&
         std::equal(image.begin(), image.end(), input.shape.begin(),
                    [](auto wanted, auto extent) { return extent == -1 || extent == wanted; });
}

/// The input to send to, as the payload needs it; none: none fits.
std::optional<TensorSpec> input_of(const EndpointOptions& options,
                                   const std::vector<TensorSpec>& inputs, const Shape& image) {
  std::optional<TensorSpec> pixels;
  for (const auto& input : inputs) {
    if (!options.input.empty() && input.name != options.input) continue;
    if (options.payload != "raw" && input.datatype == "BYTES") return input;
    if (!pixels && takes_pixels(input, image)) pixels = input;
  }
  // An input is listed under one datatype; files are tried where pixels are taken.
  if (pixels && options.payload != "raw") return TensorSpec{pixels->name, "BYTES", {-1}};
  return pixels;
}

std::string listed(const std::vector<TensorSpec>& specs) {
  std::string result;
  for (const auto& spec : specs) {
    if (!result.empty()) result += ", ";
    result += text(spec.name, ' ', spec.datatype, ' ', to_string(spec.shape));
  }
  return result.empty() ? "none" : result;
}

std::string output_of(const EndpointOptions& options, const std::vector<TensorSpec>& outputs) {
  std::string first;
  for (const auto& spec : outputs) {
    const bool named =
        options.output.empty() ? spec.name == "probabilities" : spec.name == options.output;
    if (named) return spec.name;
    if (first.empty() && (spec.datatype == "FP32" || spec.datatype == "FP64")) first = spec.name;
  }
  return options.output.empty() ? first : "";
}

std::string raw_bytes(const Tensor& tensor) {
  return {static_cast<const char*>(tensor.raw()), tensor.bytes()};
}

}  // namespace

Checked<Endpoint> settle(const EndpointOptions& options, const ModelMetadata& metadata,
                         const Shape& image_shape) {
  const std::string where = "server, model " + options.model;
  const auto input = input_of(options, metadata.inputs, image_shape);
  if (!input) {
    const std::string name = options.input.empty() ? "" : options.input + ", ";
    const std::string wanted = options.payload == "raw" ? "" : "BYTES, ";
    return {
        {},
        error_text(where, text("an input ", name, wanted, "FP32 or UINT8 ", to_string(image_shape)),
                   listed(metadata.inputs))};
  }
  const std::string output = output_of(options, metadata.outputs);
  if (!output.empty()) return {Endpoint{*input, output}, ""};
  const std::string wanted = options.output.empty() ? "of FP32" : options.output;
  return {{}, error_text(where, "an output " + wanted, listed(metadata.outputs))};
}

InferInput make_input(const EndpointOptions& options, const Endpoint& endpoint, const Tensor& image,
                      const Tensor& prepared) {
  InferInput input;
  input.model = options.model;
  input.version = options.version;
  input.input = endpoint.input.name;
  input.output = endpoint.output;
  input.datatype = endpoint.input.datatype;
  input.shape = image.shape();
  if (options.payload != "raw") {
    input.bytes = encode_image(image, options.payload, options.jpeg_quality);
    input.shape.assign(std::max<std::size_t>(endpoint.input.shape.size(), 1), 1);
  } else if (input.datatype == "FP32") {
    input.bytes = raw_bytes(prepared);
  } else {
    require(image.dtype() == DType::u8, "offload client", "u8 pixels for an input UINT8",
            name_of(image.dtype()));
    input.bytes = raw_bytes(image);
  }
  return input;
}

}  // namespace muxnet
