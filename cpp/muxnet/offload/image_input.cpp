#include "muxnet/offload/image_input.hpp"

#include <algorithm>

#include "muxnet/core/error.hpp"
#include "muxnet/data/image_encode.hpp"
#include "muxnet/data/transform.hpp"

namespace muxnet {
namespace {

Tensor pixels_of(const Endpoint& endpoint, const HostedModel& cloud, const Tensor& image) {
  Tensor pixels = sized_for(cloud, image);
  if (endpoint.input.datatype != "UINT8") {
    pixels = normalize(pixels, cloud.normalization);
  } else {
    require(pixels.dtype() == DType::u8, "offload client", "u8 pixels for an input UINT8",
            name_of(pixels.dtype()));
  }
  return cloud.reversed ? with_reversed_channels(pixels) : pixels;
}

}  // namespace

InferInput make_input(const EndpointOptions& options, const Endpoint& endpoint,
                      const HostedModel& cloud, const Tensor& image) {
  InferInput input = request_for(options, endpoint);
  input.datatype = endpoint.input.datatype;
  if (endpoint.payload != raw_payload) {
    input.bytes = encode_image(image, endpoint.payload, options.jpeg_quality);
    input.shape.assign(std::max<std::size_t>(endpoint.input.shape.size(), 1), 1);
    return input;
  }
  put(pixels_of(endpoint, cloud, image), endpoint, input);
  return input;
}

}  // namespace muxnet
