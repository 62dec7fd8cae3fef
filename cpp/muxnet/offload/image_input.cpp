#include "muxnet/offload/image_input.hpp"

#include <algorithm>

#include "muxnet/core/error.hpp"
#include "muxnet/data/image_encode.hpp"

namespace muxnet {

InferInput make_input(const EndpointOptions& options, const Endpoint& endpoint, const Tensor& image,
                      const Tensor& prepared) {
  InferInput input;
  input.model = options.model;
  input.version = options.version;
  input.input = endpoint.input.name;
  input.output = endpoint.output;
  input.datatype = endpoint.input.datatype;
  if (options.payload != "raw") {
    input.bytes = encode_image(image, options.payload, options.jpeg_quality);
    input.shape.assign(std::max<std::size_t>(endpoint.input.shape.size(), 1), 1);
    return input;
  }
  const bool pixels = input.datatype == "UINT8";
  require(!pixels || image.dtype() == DType::u8, "offload client", "u8 pixels for an input UINT8",
          name_of(image.dtype()));
  put(pixels ? image : prepared, endpoint, input);
  return input;
}

}  // namespace muxnet
