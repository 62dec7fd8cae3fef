#include "muxnet/data/image_place.hpp"

#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "muxnet/core/error.hpp"
#include "muxnet/data/resample.hpp"

namespace muxnet {
namespace {

/// Where a resized picture lies in the image.
struct Shown {
  int top = 0, left = 0;
  Window window;
};

Shown shown(const Framing& place, const ImageFormat& format) {
  const auto side = [](std::int64_t begin, std::int64_t size, int most) {
    return static_cast<int>(std::min<std::int64_t>(most - std::max<std::int64_t>(0, -begin),
                                                   size - std::max<std::int64_t>(0, begin)));
  };
  Shown result;
  result.top = static_cast<int>(std::max<std::int64_t>(0, -place.top));
  result.left = static_cast<int>(std::max<std::int64_t>(0, -place.left));
  result.window = {place.height,
                   place.width,
                   std::max<std::int64_t>(0, place.top),
                   std::max<std::int64_t>(0, place.left),
                   side(place.top, place.height, format.height),
                   side(place.left, place.width, format.width)};
  return result;
}

/// Interleaved values (rows, columns, channels), row by row, into the image's planes, BGR to RGB.
template <class Value>
void copy_planes(const Value* values, std::ptrdiff_t row, int channels, const Shown& shown,
                 const ImageFormat& format, Value* planes) {
  const std::ptrdiff_t plane = std::ptrdiff_t{format.height} * format.width;
  for (int channel = 0; channel < channels; ++channel) {
    for (int y = 0; y < shown.window.rows; ++y) {
      const Value* src = values + y * row + channels - 1 - channel;
      Value* dst =
          planes + channel * plane + std::ptrdiff_t{shown.top + y} * format.width + shown.left;
      for (int x = 0; x < shown.window.columns; ++x, src += channels) *dst++ = *src;
    }
  }
}

/// The positions of `size` under the centres of `count` of `new_size` from `begin` on; by adding
/// up, as Pillow does it, as long as that takes no time.
std::vector<int> under(int size, std::int64_t new_size, std::int64_t begin, int count) {
  constexpr std::int64_t most_sums = 1 << 20;
  const double scale = static_cast<double>(size) / static_cast<double>(new_size);
  double at = scale / 2;
  if (begin < most_sums) {
    for (std::int64_t i = 0; i < begin; ++i) at += scale;
  } else {
    at += static_cast<double>(begin) * scale;
  }
  std::vector<int> positions;
  for (int i = 0; i < count; ++i, at += scale) {
    positions.push_back(std::min(static_cast<int>(at), size - 1));
  }
  return positions;
}

template <class Value>
std::vector<Value> nearest(const Picture<Value>& picture, const Window& window) {
  std::vector<Value> result;
  const auto columns = under(picture.width, window.width, window.left, window.columns);
  for (const int row : under(picture.height, window.height, window.top, window.rows)) {
    const Value* line = picture.values + row * picture.row;
    for (const int column : columns) {
      const Value* at = line + std::ptrdiff_t{column} * picture.channels;
      result.insert(result.end(), at, at + picture.channels);
    }
  }
  return result;
}

/// By OpenCV, which resizes all of it.
cv::Mat areas(const cv::Mat& picture, const Window& window, std::string_view name,
              std::int64_t max_pixels) {
  const std::int64_t most = max_pixels + std::int64_t{window.rows} * window.columns;
  require(window.height <= most / window.width, name,
          text("at most ", max_pixels, " pixels when resized"),
          text(window.width, " x ", window.height));
  const bool shrinks = picture.rows > window.height && picture.cols > window.width;
  cv::Mat small;
  cv::resize(picture, small, {static_cast<int>(window.width), static_cast<int>(window.height)}, 0,
             0, shrinks ? cv::INTER_AREA : cv::INTER_LINEAR);
  return small(cv::Rect(static_cast<int>(window.left), static_cast<int>(window.top), window.columns,
                        window.rows));
}

template <class Value>
std::ptrdiff_t row_of(const cv::Mat& picture) {
  return static_cast<std::ptrdiff_t>(picture.step[0] / sizeof(Value));
}

}  // namespace

template <class Value>
void place_image(const cv::Mat& picture, const ImageFormat& format, std::string_view name,
                 std::int64_t max_pixels, Value* planes) {
  const Framing place = image_fits().find(format.fit).place(format, picture.rows, picture.cols);
  const Interpolation& how = interpolations().find(format.interpolation);
  const cv::Mat from =
      picture(cv::Rect(place.from_left, place.from_top, place.from_width, place.from_height));
  const Shown part = shown(place, format);
  const Window& window = part.window;
  const int channels = picture.channels();
  if (window.rows < format.height || window.columns < format.width) {
    const double scale = picture.depth() == CV_8U ? 1 : 255;
    std::fill_n(planes, channels * std::ptrdiff_t{format.height} * format.width,
                static_cast<Value>(format.padding / scale));
  }
  const Picture<Value> source{from.ptr<Value>(), from.rows, from.cols, channels,
                              row_of<Value>(from)};
  const std::ptrdiff_t row = std::ptrdiff_t{window.columns} * channels;
  const auto copy = [&](const Value* values, std::ptrdiff_t step) {
    copy_planes(values, step, channels, part, format, planes);
  };
  if (from.rows == window.height && from.cols == window.width) {
    copy(source.values + window.top * source.row + window.left * channels, source.row);
  } else if (how.radius > 0) {
    copy(resample(name, source, window, how, format.antialias, max_pixels).data(), row);
  } else if (how.name == "nearest") {
    copy(nearest(source, window).data(), row);
  } else {
    const cv::Mat small = areas(from, window, name, max_pixels);
    copy(small.ptr<Value>(), row_of<Value>(small));
  }
}

template void place_image(const cv::Mat&, const ImageFormat&, std::string_view, std::int64_t,
                          std::uint8_t*);
template void place_image(const cv::Mat&, const ImageFormat&, std::string_view, std::int64_t,
                          float*);

}  // namespace muxnet
