#include "muxnet/data/read_images.hpp"

#include <algorithm>
#include <functional>

#include "muxnet/core/error.hpp"
#include "muxnet/data/image_decode.hpp"
#include "muxnet/data/image_place.hpp"
#include "muxnet/data/tasks.hpp"

namespace muxnet {
namespace {

using Decode = std::function<DecodedImage(std::size_t i, int channels)>;

/// One image as every format wants it.
void place_all(std::size_t i, const Decode& decode, std::span<const ImageFormat> formats,
               const std::string& name, const ImageLimits& limits, std::vector<Tensor>& images) {
  if (formats.empty()) decode(i, 3);
  for (const int channels : {1, 3}) {
    DecodedImage decoded;
    for (std::size_t f = 0; f < formats.size(); ++f) {
      const ImageFormat& format = formats[f];
      if (format.channels != channels) continue;
      if (decoded.pixels.empty()) decoded = decode(i, channels);
      const cv::Mat pixels = format.upright ? turned(decoded) : decoded.pixels;
      const std::int64_t bytes = volume(format.shape());
      auto* planes = images[f].data<std::uint8_t>() + static_cast<std::int64_t>(i) * bytes;
      place_image(pixels, format, name, limits.max_pixels, planes);
    }
  }
}

/// All of them in parallel. Errors are kept by image, so that the one reported does not depend on
/// which thread was first.
template <class Name>
ReadImages read_each(std::size_t count, const Decode& decode, const Name& name,
                     std::span<const ImageFormat> formats, const ImageLimits& limits) {
  ReadImages result;
  for (const ImageFormat& format : formats) {
    format.validate();
    Shape shape = format.shape();
    shape.insert(shape.begin(), static_cast<std::int64_t>(count));
    result.images.emplace_back(std::move(shape), DType::u8);
  }
  result.errors.assign(count, "");
  const auto failed = [&](std::size_t i, const std::exception& error) {
    result.errors[i] = error.what();
    for (Tensor& images : result.images) {
      const std::int64_t bytes = std::ssize(images.span<std::uint8_t>()) / images.dim(0);
      std::fill_n(images.data<std::uint8_t>() + static_cast<std::int64_t>(i) * bytes, bytes, 0);
    }
  };
  parallel_for(count, [&](std::size_t i) {
    try {
      place_all(i, decode, formats, name(i), limits, result.images);
    } catch (const FileError& error) {
      failed(i, error);
    } catch (const std::invalid_argument& error) {
      failed(i, error);
    }
  });
  return result;
}

/// RGB planes to one, as Pillow's convert("L") does.
template <class Value>
void make_grey(const Value* rgb, std::int64_t size, Value* grey) {
  constexpr int red = 19595, green = 38470, blue = 7471, half = 1 << 15;  // 0.299, 0.587, 0.114
  for (std::int64_t i = 0; i < size; ++i) {
    const auto sum = rgb[i] * red + rgb[size + i] * green + rgb[2 * size + i] * blue;
    if constexpr (std::is_same_v<Value, float>) {
      grey[i] = sum / (1 << 16);
    } else {
      grey[i] = static_cast<Value>((sum + half) >> 16);
    }
  }
}

/// Images of other channels, each (c, h, w), as the format's.
template <class Value>
Tensor with_channels(const Tensor& images, int channels) {
  const Shape& shape = images.shape();
  const std::int64_t plane = shape[2] * shape[3];
  Tensor result({shape[0], channels, shape[2], shape[3]}, images.dtype());
  parallel_for(static_cast<std::size_t>(shape[0]), [&](std::size_t i) {
    const auto row = static_cast<std::int64_t>(i);
    const Value* from = images.data<Value>() + row * shape[1] * plane;
    Value* to = result.data<Value>() + row * channels * plane;
    if (channels == 1) {
      make_grey(from, plane, to);
    } else {
      for (int channel = 0; channel < channels; ++channel) {
        std::copy_n(from, plane, to + channel * plane);
      }
    }
  });
  return result;
}

template <class Value>
Tensor format_typed(const Tensor& images, const ImageFormat& format, const ImageLimits& limits) {
  const Shape& shape = images.shape();
  if (shape[1] != format.channels) {
    return format_typed<Value>(with_channels<Value>(images, format.channels), format, limits);
  }
  if (shape[2] == format.height && shape[3] == format.width) return images;
  Tensor result({shape[0], format.channels, format.height, format.width}, images.dtype());
  const std::int64_t from = shape[2] * shape[3];
  const std::int64_t to = std::int64_t{format.height} * format.width;
  const auto planes = static_cast<std::size_t>(shape[0] * shape[1]);
  const int type = images.dtype() == DType::u8 ? CV_8UC1 : CV_32FC1;
  parallel_for(planes, [&](std::size_t i) {
    const auto plane = static_cast<std::int64_t>(i);
    const cv::Mat image(static_cast<int>(shape[2]), static_cast<int>(shape[3]), type,
                        const_cast<Value*>(images.data<Value>() + plane * from));
    place_image(image, format, text("image ", plane / shape[1]), limits.max_pixels,
                result.data<Value>() + plane * to);
  });
  return result;
}

}  // namespace

ReadImages read_images(std::span<const std::filesystem::path> files,
                       std::span<const ImageFormat> formats, const ImageLimits& limits) {
  const auto decode = [&](std::size_t i, int channels) {
    return decode_image(files[i], channels, limits.max_pixels);
  };
  const auto name = [&](std::size_t i) { return files[i].string(); };
  return read_each(files.size(), decode, name, formats, limits);
}

ReadImages decode_images(std::span<const std::string> contents,
                         std::span<const ImageFormat> formats, const ImageLimits& limits) {
  const auto name = [](std::size_t i) { return text("image ", i); };
  const auto decode = [&](std::size_t i, int channels) {
    return decode_image(contents[i], name(i), channels, limits.max_pixels);
  };
  return read_each(contents.size(), decode, name, formats, limits);
}

ReadImages read_stored_images(std::span<const std::filesystem::path> files,
                              const ImageLimits& limits) {
  ReadImages result;
  result.images.resize(files.size());
  result.errors.assign(files.size(), "");
  parallel_for(files.size(), [&](std::size_t i) {
    try {
      const cv::Mat pixels = turned(decode_image(files[i], 3, limits.max_pixels));
      const ImageFormat all{.height = pixels.rows, .width = pixels.cols, .fit = "stretch"};
      result.images[i] = Tensor(all.shape(), DType::u8);
      place_image(pixels, all, files[i].string(), limits.max_pixels,
                  result.images[i].data<std::uint8_t>());
    } catch (const FileError& error) {
      result.errors[i] = error.what();
    }
  });
  return result;
}

Tensor format_images(const Tensor& images, const ImageFormat& format, const ImageLimits& limits) {
  constexpr auto where = "format_images";
  format.validate();
  const Shape& shape = images.shape();
  const bool fits = shape.size() == 4 && volume(shape) > 0 &&
                    (images.dtype() == DType::u8 || images.dtype() == DType::f32);
  require(fits, where, "images u8 or f32 (n, c, h, w)",
          text(name_of(images.dtype()), " ", to_string(shape)));
  const std::int64_t channels = shape[1];
  require(channels == format.channels || channels == 1 || (channels == 3 && format.channels == 1),
          where, text("images of ", format.channels, " channels"), text(channels));
  require(shape[2] <= limits.max_pixels / shape[3], where,
          text("at most ", limits.max_pixels, " pixels"), text(shape[3], " x ", shape[2]));
  return images.dtype() == DType::u8 ? format_typed<std::uint8_t>(images, format, limits)
                                     : format_typed<float>(images, format, limits);
}

void refuse_unreadable(const std::vector<std::string>& errors) {
  constexpr std::ptrdiff_t most = 100;
  std::string named;
  std::ptrdiff_t count = 0;
  for (const std::string& error : errors) {
    if (!error.empty() && ++count <= most) named += "\n" + error;
  }
  if (count == 0) return;
  if (count > most) named += text("\nand ", count - most, " more");
  const char* of = count == 1 ? " image cannot" : " images cannot";
  throw FileError(text(count, of, " be read (--skip-unreadable goes on without):", named));
}

}  // namespace muxnet
