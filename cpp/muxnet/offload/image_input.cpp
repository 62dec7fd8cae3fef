#include "muxnet/offload/image_input.hpp"

#include <algorithm>

#include "muxnet/core/error.hpp"
#include "muxnet/data/image_encode.hpp"

namespace muxnet {
namespace {

std::string raw_bytes(const Tensor& tensor) {
  return {static_cast<const char*>(tensor.raw()), tensor.bytes()};
}

}  // namespace

InferInput make_input(const EndpointOptions& options, const Endpoint& endpoint, const Tensor& image,
                      const Tensor& prepared) {
  InferInput input;
  input.model = options.model;
  input.version = options.version;
  input.input = endpoint.input.name;
  input.output = endpoint.output;
  input.datatype = endpoint.input.datatype;
  input.shape = image.shape();
  const auto place = [&](const Tensor& pixels) {
    const Tensor sent = endpoint.channels_last ? with_channels_last(pixels) : pixels;
    input.shape = sent.shape();
    input.bytes = raw_bytes(sent);
  };
  if (options.payload != "raw") {
    input.bytes = encode_image(image, options.payload, options.jpeg_quality);
    input.shape.assign(std::max<std::size_t>(endpoint.input.shape.size(), 1), 1);
  } else if (input.datatype == "FP32") {
    place(prepared);
  } else {
    require(image.dtype() == DType::u8, "offload client", "u8 pixels for an input UINT8",
            name_of(image.dtype()));
    place(image);
  }
  return input;
}

}  // namespace muxnet
