#include "muxnet/data/image_statistics.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "muxnet/core/error.hpp"
#include "muxnet/data/dataset.hpp"
#include "muxnet/data/tasks.hpp"

namespace muxnet {
namespace {

constexpr int bins = 32;
constexpr double steep = 0.1;  // a gradient, of grey values of 0 to 1, that is called an edge

/// The grey values of one image, and how far its channels are apart.
struct Grey {
  int height = 0;
  int width = 0;
  std::vector<double> values;
  double saturation = 0;

  double at(int y, int x) const {
    return values[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                  static_cast<std::size_t>(x)];
  }
  double count() const { return static_cast<double>(values.size()); }
};

template <class Pixel>
Grey grey_of(const Tensor& images, std::int64_t row) {
  const std::int64_t channels = images.dim(1), plane = images.dim(2) * images.dim(3);
  const double unit = std::is_same_v<Pixel, std::uint8_t> ? 1.0 / 255 : 1.0;
  const Pixel* src = images.data<Pixel>() + row * channels * plane;
  Grey result{static_cast<int>(images.dim(2)), static_cast<int>(images.dim(3)), {}, 0};
  result.values.resize(static_cast<std::size_t>(plane));
  for (std::int64_t i = 0; i < plane; ++i) {
    double sum = 0, low = src[i], high = src[i];
    for (std::int64_t c = 0; c < channels; ++c) {
      const double value = src[c * plane + i];
      sum += value;
      low = std::min(low, value);
      high = std::max(high, value);
    }
    result.values[static_cast<std::size_t>(i)] = unit * sum / static_cast<double>(channels);
    result.saturation += unit * (high - low);
  }
  result.saturation /= result.count();
  return result;
}

struct Moments {
  double mean = 0, deviation = 0, skewness = 0;
};

Moments moments_of(const Grey& grey) {
  Moments found;
  for (const double value : grey.values) found.mean += value;
  found.mean /= grey.count();
  double squares = 0, cubes = 0;
  for (const double value : grey.values) {
    const double off = value - found.mean;
    squares += off * off;
    cubes += off * off * off;
  }
  found.deviation = std::sqrt(squares / grey.count());
  if (found.deviation > 1e-6) found.skewness = cubes / grey.count() / std::pow(found.deviation, 3);
  return found;
}

/// In bits, of the grey values in so many bins.
double entropy_of(const Grey& grey) {
  std::array<double, bins> counts{};
  for (const double value : grey.values) {
    const double place = std::clamp(value * bins, 0.0, bins - 1.0);
    counts[static_cast<std::size_t>(place)] += 1;
  }
  double bits = 0;
  for (const double count : counts) {
    if (count > 0) bits -= count / grey.count() * std::log2(count / grey.count());
  }
  return bits;
}

double percentile(std::vector<double> values, double share) {
  const auto place = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + place, values.end());
  return values[static_cast<std::size_t>(place)];
}

struct Edges {
  double length = 0, share = 0, sharpness = 0;
};

/// From differences of neighbours; the border's pixel stands for what lies beyond it.
Edges edges_of(const Grey& grey) {
  Edges found;
  double sum = 0, squares = 0;
  for (int y = 0; y < grey.height; ++y) {
    const int up = std::max(0, y - 1), down = std::min(grey.height - 1, y + 1);
    for (int x = 0; x < grey.width; ++x) {
      const int left = std::max(0, x - 1), right = std::min(grey.width - 1, x + 1);
      const double length =
          0.5 * std::hypot(grey.at(y, right) - grey.at(y, left), grey.at(down, x) - grey.at(up, x));
      found.length += length;
      found.share += length > steep ? 1 : 0;
      const double laplacian = grey.at(up, x) + grey.at(down, x) + grey.at(y, left) +
                               grey.at(y, right) - 4 * grey.at(y, x);
      sum += laplacian;
      squares += laplacian * laplacian;
    }
  }
  found.length /= grey.count();
  found.share /= grey.count();
  const double mean = sum / grey.count();
  found.sharpness = std::sqrt(std::max(0.0, squares / grey.count() - mean * mean));
  return found;
}

/// Mean of the central quarter less the mean of the rest; 0 where either is empty.
double centre_of(const Grey& grey) {
  double inside = 0, outside = 0, inner = 0;
  for (int y = 0; y < grey.height; ++y) {
    for (int x = 0; x < grey.width; ++x) {
      const bool central = 4 * y >= grey.height && 4 * y < 3 * grey.height && 4 * x >= grey.width &&
                           4 * x < 3 * grey.width;
      (central ? inside : outside) += grey.at(y, x);
      inner += central ? 1 : 0;
    }
  }
  const double outer = grey.count() - inner;
  return inner > 0 && outer > 0 ? inside / inner - outside / outer : 0;
}

double asymmetry_of(const Grey& grey) {
  double sum = 0;
  for (int y = 0; y < grey.height; ++y) {
    for (int x = 0; x < grey.width; ++x) {
      sum += std::abs(grey.at(y, x) - grey.at(y, grey.width - 1 - x));
    }
  }
  return sum / grey.count();
}

void describe(const Grey& grey, float* dst) {
  const Moments moments = moments_of(grey);
  const Edges edges = edges_of(grey);
  const std::array<double, 12> all = {moments.mean,
                                      moments.deviation,
                                      moments.skewness,
                                      percentile(grey.values, 0.1),
                                      percentile(grey.values, 0.9),
                                      entropy_of(grey),
                                      edges.length,
                                      edges.share,
                                      edges.sharpness,
                                      centre_of(grey),
                                      asymmetry_of(grey),
                                      grey.saturation};
  for (const double value : all) *dst++ = static_cast<float>(value);
}

}  // namespace

const std::vector<std::string>& image_statistic_names() {
  static const std::vector<std::string> names = {
      "brightness", "contrast",   "skewness",  "dark",   "bright",    "entropy",
      "gradient",   "edge_share", "sharpness", "centre", "asymmetry", "saturation"};
  return names;
}

Tensor image_statistics(const Tensor& images) {
  const bool bytes = images.dtype() == DType::u8;
  require(images.shape().size() == 4 && !images.empty() && (bytes || images.dtype() == DType::f32),
          "image_statistics", "u8 or f32 images (n, c, h, w)",
          text(name_of(images.dtype()), ' ', to_string(images.shape())));
  require(bytes || all_finite(images.span<float>()), "image_statistics", "finite pixels",
          "NaN or infinity");
  const auto width = static_cast<std::int64_t>(image_statistic_names().size());
  Tensor result({images.dim(0), width});
  parallel_for(static_cast<std::size_t>(images.dim(0)), [&](std::size_t place) {
    const auto row = static_cast<std::int64_t>(place);
    const Grey grey = bytes ? grey_of<std::uint8_t>(images, row) : grey_of<float>(images, row);
    describe(grey, result.data<float>() + row * width);
  });
  return result;
}

}  // namespace muxnet
