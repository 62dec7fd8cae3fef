#include "muxnet/data/resample.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

constexpr int precision_bits = 22;  // 8 bits of pixel, 2 of headroom, in a 32-bit sum

/// What one output position reads: weights of consecutive input positions, summing up to one.
struct Taps {
  int first = 0;
  std::vector<std::int32_t> weights;
};

std::vector<Taps> triangle_taps(int size, int new_size) {
  const double scale = static_cast<double>(size) / new_size;
  const double radius = std::max(scale, 1.0);
  std::vector<Taps> all(static_cast<std::size_t>(new_size));
  std::vector<double> exact;
  for (int i = 0; i < new_size; ++i) {
    const double center = (i + 0.5) * scale;
    const int first = std::max(0, static_cast<int>(std::lround(center - radius)));
    const int last = std::min(size, static_cast<int>(std::lround(center + radius)));
    exact.clear();
    double sum = 0;
    for (int at = first; at < last; ++at) {
      exact.push_back(std::max(0.0, 1.0 - std::abs((at + 0.5 - center) / radius)));
      sum += exact.back();
    }
    Taps& taps = all[static_cast<std::size_t>(i)];
    taps.first = first;
    for (const double weight : exact) {
      taps.weights.push_back(
          static_cast<std::int32_t>(std::lround(weight / sum * (1 << precision_bits))));
    }
  }
  return all;
}

std::uint8_t rounded(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> precision_bits, 0, 255));
}

constexpr std::int32_t half = 1 << (precision_bits - 1);

/// Each row (width, channels) to (taps.size(), channels).
void resample_rows(const std::uint8_t* src, int rows, int width, int channels,
                   const std::vector<Taps>& taps, std::uint8_t* dst) {
  for (int row = 0; row < rows; ++row) {
    const std::uint8_t* line = src + static_cast<std::ptrdiff_t>(row) * width * channels;
    for (const Taps& tap : taps) {
      for (int channel = 0; channel < channels; ++channel) {
        const std::uint8_t* at = line + static_cast<std::ptrdiff_t>(tap.first) * channels + channel;
        std::int32_t sum = half;
        for (const std::int32_t weight : tap.weights) {
          sum += weight * *at;
          at += channels;
        }
        *dst++ = rounded(sum);
      }
    }
  }
}

/// Rows of `length` numbers to taps.size() such rows.
void resample_columns(const std::uint8_t* src, std::size_t length, const std::vector<Taps>& taps,
                      std::uint8_t* dst) {
  std::vector<std::int32_t> sums(length);
  for (const Taps& tap : taps) {
    std::fill(sums.begin(), sums.end(), half);
    const std::uint8_t* line = src + static_cast<std::size_t>(tap.first) * length;
    for (const std::int32_t weight : tap.weights) {
      for (std::size_t i = 0; i < length; ++i) sums[i] += weight * line[i];
      line += length;
    }
    dst = std::transform(sums.begin(), sums.end(), dst, rounded);
  }
}

}  // namespace

Pixels resample(const std::uint8_t* src, int height, int width, int channels, int new_height,
                int new_width) {
  require(std::min({height, width, channels, new_height, new_width}) >= 1, "resample",
          "sizes of at least 1",
          text(height, " x ", width, " x ", channels, " to ", new_height, " x ", new_width));
  const auto line = static_cast<std::size_t>(new_width) * static_cast<std::size_t>(channels);
  std::vector<std::uint8_t> narrow(static_cast<std::size_t>(height) * line);
  resample_rows(src, height, width, channels, triangle_taps(width, new_width), narrow.data());
  Pixels result{new_height, new_width, channels, {}};
  result.values.resize(static_cast<std::size_t>(new_height) * line);
  resample_columns(narrow.data(), line, triangle_taps(height, new_height), result.values.data());
  return result;
}

}  // namespace muxnet
