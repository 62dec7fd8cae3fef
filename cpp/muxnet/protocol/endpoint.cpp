#include "muxnet/protocol/endpoint.hpp"

#include <algorithm>
#include <charconv>
#include <span>
#include <string_view>

#include "muxnet/core/error.hpp"
#include "muxnet/protocol/datatypes.hpp"

namespace muxnet {
namespace {

/// How an input takes what it is sent.
struct Layout {
  bool channels_last = false;
  bool single = false;
};

Shape last_of(const Shape& image) {
  return image.size() == 4 ? Shape{image[0], image[2], image[3], image[1]} : image;
}

/// Whether all axes but the first of `sent` are as wanted, -1 being any extent.
bool fits(std::span<const std::int64_t> wanted, const Shape& sent) {
  return std::equal(wanted.begin(), wanted.end(), sent.begin() + 1, sent.end(),
                    [](auto extent, auto own) { return extent == -1 || extent == own; });
}

std::optional<Layout> layout_of(const TensorSpec& input, const Shape& sent) {
  if (input.shape.empty()) return Layout{};  // it says nothing of it
  const bool single = input.shape.size() + 1 == sent.size();
  const auto wanted = std::span(input.shape).subspan(single ? 0 : 1);
  if (fits(wanted, sent)) return Layout{false, single};
  if (fits(wanted, last_of(sent))) return Layout{true, single};
  return std::nullopt;
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

Endpoint for_numbers(const TensorSpec& input, const Shape& sent) {
  const Layout layout = *layout_of(input, sent);
  Endpoint endpoint{.input = input, .channels_last = layout.channels_last, .single = layout.single};
  if (!input.shape.empty()) endpoint.batch = std::max<std::int64_t>(input.shape.front(), 0);
  if (layout.single) endpoint.batch = 1;
  return endpoint;
}

/// The input to send to and as what, as the options want it; none: none fits.
std::optional<Endpoint> input_of(const EndpointOptions& options,
                                 const std::vector<TensorSpec>& inputs, const Shape& sent) {
  const bool either = options.payload.empty(), raw = either || options.payload == raw_payload;
  std::optional<TensorSpec> numbers, files;
  for (const auto& input : inputs) {
    if (!options.input.empty() && input.name != options.input) continue;
    if (!files && input.datatype == "BYTES") files = input;
    if (!numbers && is_sent(input.datatype) && layout_of(input, sent)) numbers = input;
  }
  if (inputs.empty()) {  // named as the KServe SDK's own client does
    const std::string name = options.input.empty() ? "input-0" : options.input;
    numbers = TensorSpec{name, "FP32", {}};
  }
  if (numbers && raw) return for_numbers(*numbers, sent);
  if (options.payload == raw_payload) return {};
  // An input is listed under one datatype; files are tried where pixels are taken.
  if (!files && numbers) files = TensorSpec{numbers->name, "BYTES", {-1}};
  if (!files) return {};
  return Endpoint{.input = *files, .payload = either ? lossless_payload : options.payload};
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
                         const Shape& input_shape, std::int64_t classes) {
  const std::string where = "server, model " + options.model;
  auto found = input_of(options, metadata.inputs, input_shape);
  if (!found) {
    const std::string name = options.input.empty() ? "" : options.input + ", ";
    const std::string wanted = options.payload == raw_payload ? "" : "BYTES, ";
    return {
        {},
        error_text(where, text("an input ", name, wanted, "FP32 or UINT8 ", to_string(input_shape)),
                   to_string(metadata.inputs))};
  }
  found->output = options.output;
  if (metadata.outputs.empty()) return {std::move(found), ""};
  const auto output = chosen_output(where, options.output, metadata.outputs, classes);
  if (!output.value) return {{}, output.error};
  found->output = metadata.outputs[*output.value].name;
  return {std::move(found), ""};
}

InferInput request_for(const EndpointOptions& options, const Endpoint& endpoint) {
  InferInput request;
  request.model = options.model;
  request.version = options.version;
  request.input = endpoint.input.name;
  request.output = endpoint.output;
  return request;
}

void put(const Tensor& inputs, const Endpoint& endpoint, InferInput& request) {
  const Tensor moved = endpoint.channels_last ? with_channels_last(inputs) : inputs;
  request.datatype = endpoint.input.datatype;
  request.shape = moved.shape();
  request.bytes = bytes_of(moved, request.datatype);
  const std::int64_t rows = inputs.dim(0);
  request.rows = std::max(rows, endpoint.batch);
  if (endpoint.single) request.shape.erase(request.shape.begin());
  if (request.rows == rows) return;
  const std::size_t row_bytes = request.bytes.size() / static_cast<std::size_t>(rows);
  const std::string last = request.bytes.substr(request.bytes.size() - row_bytes);
  for (std::int64_t row = rows; row < request.rows; ++row) request.bytes += last;
  request.shape.front() = request.rows;
}

Tensor with_channels_last(const Tensor& images) {
  Tensor moved(last_of(images.shape()), images.dtype());
  images.dtype() == DType::u8 ? move_channels<std::uint8_t>(images, moved)
                              : move_channels<float>(images, moved);
  return moved;
}

}  // namespace muxnet
