#include "muxnet/protocol/endpoint.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

bool fits(const TensorSpec& input, const Shape& image) {
  return input.shape.size() == image.size() &&
         std::equal(image.begin(), image.end(), input.shape.begin(),
                    [](auto wanted, auto extent) { return extent == -1 || extent == wanted; });
}

Shape last_of(const Shape& image) {
  return image.size() == 4 ? Shape{image[0], image[2], image[3], image[1]} : image;
}

bool takes_pixels(const TensorSpec& input, const Shape& image) {
  if (input.datatype != "FP32" && input.datatype != "UINT8") return false;
  return fits(input, image) || fits(input, last_of(image));
}

template <class Pixel>
void move_channels(const Tensor& images, Tensor& moved) {
  const std::int64_t channels = images.dim(1), plane = images.dim(2) * images.dim(3);
  const Pixel* src = images.data<Pixel>();
  Pixel* dst = moved.data<Pixel>();
  for (std::int64_t n = 0; n < images.dim(0); ++n) {
    for (std::int64_t at = 0; at < plane; ++at) {
      for (std::int64_t c = 0; c < channels; ++c) *dst++ = src[c * plane + at];
    }
    src += channels * plane;
  }
}

/// The input to send to and as what, as the options want it; none: none fits.
std::optional<Endpoint> input_of(const EndpointOptions& options,
                                 const std::vector<TensorSpec>& inputs, const Shape& image) {
  std::optional<TensorSpec> pixels, files;
  for (const auto& input : inputs) {
    if (!options.input.empty() && input.name != options.input) continue;
    if (!files && input.datatype == "BYTES") files = input;
    if (!pixels && takes_pixels(input, image)) pixels = input;
  }
  const bool either = options.payload.empty();
  if (pixels && (either || options.payload == raw_payload)) {
    return Endpoint{*pixels, "", !fits(*pixels, image), raw_payload};
  }
  if (options.payload == raw_payload) return {};
  // An input is listed under one datatype; files are tried where pixels are taken.
  if (!files && pixels) files = TensorSpec{pixels->name, "BYTES", {-1}};
  if (!files) return {};
  return Endpoint{*files, "", false, either ? lossless_payload : options.payload};
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

/// With its escapes (RFC 3986) read.
std::string unescaped(std::string_view written) {
  std::string result;
  for (std::size_t i = 0; i < written.size(); ++i) {
    unsigned value = 0;
    const bool escape = written[i] == '%' && i + 2 < written.size();
    const char* begin = written.data() + i + 1;
    if (escape && std::from_chars(begin, begin + 2, value, 16).ptr == begin + 2) {
      result += static_cast<char>(value);
      i += 2;
    } else {
      result += written[i];
    }
  }
  return result;
}

}  // namespace

EndpointPlace parse_endpoint(const std::string& url) {
  constexpr std::string_view models = "/v2/models/", versions = "versions/";
  const bool rest = url.starts_with("http://") || url.starts_with("https://");
  const bool rpc = url.starts_with("grpc://") || url.starts_with("grpcs://");
  const std::string expected =
      "http(s)://HOST:PORT/v2/models/MODEL or grpc(s)://HOST:PORT/MODEL, /versions/VERSION after "
      "it";
  const auto host = url.find("://") + 3;
  const auto place = rest ? url.find(models, host) : url.find('/', host);
  require((rest || rpc) && place != std::string::npos && place > host, "endpoint", expected, url);
  std::string_view path = url;
  path.remove_prefix(place + (rest ? models.size() : 1));
  while (path.ends_with('/')) path.remove_suffix(1);
  const auto slash = path.find('/');
  std::string_view version = slash == std::string_view::npos ? "" : path.substr(slash + 1);
  const bool said = version.starts_with(versions);
  if (said) version.remove_prefix(versions.size());
  const bool fits = version.find('/') == std::string_view::npos && (version.empty() || said || rpc);
  require(!path.empty() && slash != 0 && fits, "endpoint", expected, url);
  return {url.substr(0, place), unescaped(path.substr(0, slash)), unescaped(version)};
}

Checked<Endpoint> settle(const EndpointOptions& options, const ModelMetadata& metadata,
                         const Shape& image_shape) {
  const std::string where = "server, model " + options.model;
  auto found = input_of(options, metadata.inputs, image_shape);
  if (!found) {
    const std::string name = options.input.empty() ? "" : options.input + ", ";
    const std::string wanted = options.payload == raw_payload ? "" : "BYTES, ";
    return {
        {},
        error_text(where, text("an input ", name, wanted, "FP32 or UINT8 ", to_string(image_shape)),
                   listed(metadata.inputs))};
  }
  found->output = output_of(options, metadata.outputs);
  if (!found->output.empty()) return {std::move(found), ""};
  const std::string wanted = options.output.empty() ? "of FP32" : options.output;
  return {{}, error_text(where, "an output " + wanted, listed(metadata.outputs))};
}

Tensor with_channels_last(const Tensor& images) {
  Tensor moved(last_of(images.shape()), images.dtype());
  images.dtype() == DType::u8 ? move_channels<std::uint8_t>(images, moved)
                              : move_channels<float>(images, moved);
  return moved;
}

}  // namespace muxnet
