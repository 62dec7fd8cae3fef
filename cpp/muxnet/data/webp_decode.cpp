#include <webp/decode.h>

#include <new>

#include "muxnet/core/error.hpp"
#include "muxnet/data/exif.hpp"
#include "muxnet/data/image_bytes.hpp"
#include "muxnet/data/image_formats.hpp"

namespace muxnet {
namespace {

constexpr std::size_t first_chunk = 12;

/// The content of the first chunk of this name; empty where there is none.
std::string_view webp_chunk(const EncodedImage& image, std::string_view name) {
  ImageBytes in(image, "WebP");
  in.seek(first_chunk);
  while (in.rest().size() >= 8) {
    const bool found = in.rest().starts_with(name);
    in.skip(4);
    const std::size_t size = in.u32();
    if (found) return in.rest().substr(0, size);
    if (size + size % 2 > in.rest().size()) break;
    in.skip(size + size % 2);
  }
  return {};
}

const std::uint8_t* begin_of(std::string_view bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

void check(const EncodedImage& image, VP8StatusCode status) {
  if (status == VP8_STATUS_OK) return;
  if (status == VP8_STATUS_OUT_OF_MEMORY) throw std::bad_alloc();
  if (status == VP8_STATUS_NOT_ENOUGH_DATA) refuse_image(image, "a truncated WebP");
  refuse_image(image, "a damaged WebP");
}

/// What a file or a frame of one says of itself before its pixels.
WebPBitstreamFeatures features_of(const EncodedImage& image, std::string_view bytes) {
  WebPBitstreamFeatures features;
  check(image, WebPGetFeatures(begin_of(bytes), bytes.size(), &features));
  check_pixels(image, features.width, features.height);
  check_packed(image, features.width, features.height);
  return features;
}

/// Decodes a file or a frame into pixels BGR of its size.
void decode_into(const EncodedImage& image, std::string_view bytes, cv::Mat pixels) {
  WebPDecoderConfig config;
  if (WebPInitDecoderConfig(&config) == 0) refuse_image(image, "a WebP of another libwebp");
  config.output.colorspace = MODE_BGR;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = pixels.ptr();
  config.output.u.RGBA.stride = static_cast<int>(pixels.step[0]);
  config.output.u.RGBA.size = static_cast<std::size_t>(pixels.dataend - pixels.data);
  check(image, WebPDecode(begin_of(bytes), bytes.size(), &config));
}

/// The first frame of an animation, in its place on black. Source: WebP container specification.
void decode_first_frame(const EncodedImage& image, cv::Mat& canvas) {
  const EncodedImage frame{webp_chunk(image, "ANMF"), image.name, image.channels, image.max_pixels};
  ImageBytes in(frame, "WebP");
  const int left = static_cast<int>(2 * in.u24()), top = static_cast<int>(2 * in.u24());
  in.skip(10);  // size, duration and flags
  const WebPBitstreamFeatures size = features_of(image, in.rest());
  const cv::Rect place(left, top, size.width, size.height);
  if ((place & cv::Rect({}, canvas.size())) != place) {
    refuse_image(image, "a damaged WebP: a frame beyond its edges");
  }
  canvas.setTo(cv::Scalar::all(0));
  decode_into(image, in.rest(), canvas(place));
}

}  // namespace

DecodedImage decode_webp(const EncodedImage& image) {
  ImageBytes in(image, "WebP");
  in.seek(4);
  const std::uint32_t rest = in.u32();
  if (rest + std::uint64_t{8} > image.bytes.size()) refuse_image(image, "a truncated WebP");
  const WebPBitstreamFeatures features = features_of(image, image.bytes);
  cv::Mat pixels(features.height, features.width, CV_8UC3);
  if (features.has_animation != 0) {
    decode_first_frame(image, pixels);
  } else {
    decode_into(image, image.bytes, pixels);
  }
  const int orientation = exif_orientation(webp_chunk(image, "EXIF"));
  return {as_channels(pixels, image.channels), orientation};
}

}  // namespace muxnet
