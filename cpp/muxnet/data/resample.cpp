#include "muxnet/data/resample.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

/// u8 as Pillow does it.
struct Fixed {
  using Weight = std::int32_t;
  using Between = std::uint8_t;
  static constexpr int precision_bits = 22;  // 8 bits of pixel, 2 of headroom, in a 32-bit sum
  static constexpr std::int32_t start = 1 << (precision_bits - 1);

  static Weight weight(double exact) {
    return static_cast<Weight>(std::lround(exact * (1 << precision_bits)));
  }
  static std::uint8_t between(std::int32_t sum) {
    return static_cast<std::uint8_t>(std::clamp(sum >> precision_bits, 0, 255));
  }
  static std::uint8_t result(std::int32_t sum) { return between(sum); }
};

/// As PyTorch does it.
template <class Value>
struct Floating {
  using Weight = float;
  using Between = float;
  static constexpr float start = 0;

  static Weight weight(double exact) { return static_cast<float>(exact); }
  static float between(float sum) { return sum; }
  static Value result(float sum) {
    if constexpr (std::is_same_v<Value, float>) return sum;
    return static_cast<Value>(std::clamp(std::nearbyint(sum), 0.0F, 255.0F));
  }
};

/// What each output position reads: weights of consecutive input positions, summing up to one.
template <class Weight>
struct Taps {
  std::vector<int> first;
  std::vector<int> count;
  std::size_t reach = 0;
  std::vector<Weight> weights;  // `reach` of each

  int begin() const { return *std::min_element(first.begin(), first.end()); }
  int end() const {
    int last = 0;
    for (std::size_t i = 0; i < first.size(); ++i) last = std::max(last, first[i] + count[i]);
    return last;
  }
};

/// One side: `size` positions to `new_size`, of which `wanted` from `begin` on.
struct Side {
  int size = 0;
  std::int64_t new_size = 0;
  std::int64_t begin = 0;
  int wanted = 0;
};

/// The exact weights of one output position around `center`, and their first input position.
int soften(const Side& side, const Interpolation& how, double center, double scale,
           std::vector<double>& exact) {
  const double widened = std::max(scale, 1.0), radius = how.radius * widened;
  const double narrowed = 1.0 / widened;
  const int first = std::max(0, static_cast<int>(std::lround(center - radius)));
  const int last = std::min(side.size, static_cast<int>(std::lround(center + radius)));
  double sum = 0;
  for (int at = first; at < last; ++at) {
    exact.push_back(how.kernel((at + 0.5 - center) * narrowed));
    sum += exact.back();
  }
  for (double& weight : exact) weight /= sum;
  return first;
}

/// The same without antialiasing: what lies outside the picture is its edge.
int sharpen(const Side& side, const Interpolation& how, double center, std::vector<double>& exact) {
  const auto radius = static_cast<int>(how.radius);
  const int nearest = static_cast<int>(std::floor(center - 0.5));
  const auto within = [&](int at) { return std::clamp(at, 0, side.size - 1); };
  const int first = within(nearest - radius + 1);
  const int count = within(nearest + radius) - first + 1;
  exact.assign(static_cast<std::size_t>(count), 0.0);
  for (int at = nearest - radius + 1; at <= nearest + radius; ++at) {
    exact[static_cast<std::size_t>(within(at) - first)] += how.sharp(at + 0.5 - center);
  }
  return first;
}

template <class Arithmetic>
Taps<typename Arithmetic::Weight> make_taps(const Side& side, const Interpolation& how,
                                            bool antialias) {
  const double scale = static_cast<double>(side.size) / static_cast<double>(side.new_size);
  Taps<typename Arithmetic::Weight> taps;
  const double radius = how.radius * (antialias ? std::max(scale, 1.0) : 1.0);
  taps.reach = static_cast<std::size_t>(2 * std::ceil(radius) + 1);
  taps.weights.resize(taps.reach * static_cast<std::size_t>(side.wanted));
  std::vector<double> exact;
  for (int i = 0; i < side.wanted; ++i) {
    const double center = (static_cast<double>(side.begin + i) + 0.5) * scale;
    exact.clear();
    taps.first.push_back(antialias ? soften(side, how, center, scale, exact)
                                   : sharpen(side, how, center, exact));
    taps.count.push_back(static_cast<int>(exact.size()));
    std::transform(exact.begin(), exact.end(),
                   taps.weights.begin() + static_cast<std::ptrdiff_t>(taps.reach) * i,
                   &Arithmetic::weight);
  }
  return taps;
}

/// One row of interleaved channels to one of the positions of taps.
template <class Arithmetic, int channels, class Value>
void resample_row(const Value* line, const Taps<typename Arithmetic::Weight>& taps,
                  typename Arithmetic::Between* dst) {
  using Sum = typename Arithmetic::Weight;
  const Sum* weights = taps.weights.data();
  for (std::size_t i = 0; i < taps.first.size(); ++i, weights += taps.reach) {
    const Value* at = line + static_cast<std::ptrdiff_t>(taps.first[i]) * channels;
    Sum sums[channels];
    std::fill_n(sums, channels, Sum{Arithmetic::start});
    for (int tap = 0; tap < taps.count[i]; ++tap, at += channels) {
      for (int channel = 0; channel < channels; ++channel) {
        sums[channel] += weights[tap] * static_cast<Sum>(at[channel]);
      }
    }
    for (const Sum sum : sums) *dst++ = Arithmetic::between(sum);
  }
}

/// Rows of `length` values, the first of them row `begin` of the picture, to those of taps.
template <class Arithmetic, class Value>
void resample_columns(const typename Arithmetic::Between* src, int begin, std::size_t length,
                      const Taps<typename Arithmetic::Weight>& taps, Value* dst) {
  using Sum = typename Arithmetic::Weight;
  std::vector<Sum> sums(length);
  const Sum* weights = taps.weights.data();
  for (std::size_t row = 0; row < taps.first.size(); ++row, weights += taps.reach) {
    std::fill(sums.begin(), sums.end(), Sum{Arithmetic::start});
    const auto* line = src + static_cast<std::size_t>(taps.first[row] - begin) * length;
    for (int tap = 0; tap < taps.count[row]; ++tap, line += length) {
      const Sum weight = weights[tap];
      for (std::size_t i = 0; i < length; ++i) sums[i] += weight * static_cast<Sum>(line[i]);
    }
    dst = std::transform(sums.begin(), sums.end(), dst, &Arithmetic::result);
  }
}

template <class Arithmetic, class Value>
std::vector<Value> resample_by(std::string_view name, const Picture<Value>& picture,
                               const Window& window, const Interpolation& how, bool antialias,
                               std::int64_t max_pixels) {
  const Side across{picture.width, window.width, window.left, window.columns};
  const Side down{picture.height, window.height, window.top, window.rows};
  const auto columns = make_taps<Arithmetic>(across, how, antialias);
  const auto rows = make_taps<Arithmetic>(down, how, antialias);
  const int begin = rows.begin(), held = rows.end() - begin;
  const std::int64_t shown = std::int64_t{window.rows} * window.columns;
  require(std::int64_t{held} * window.columns <= max_pixels + shown, name,
          text("at most ", max_pixels, " pixels when resized"), text(window.columns, " x ", held));
  const auto line =
      static_cast<std::size_t>(window.columns) * static_cast<std::size_t>(picture.channels);
  std::vector<typename Arithmetic::Between> between(static_cast<std::size_t>(held) * line);
  for (int row = 0; row < held; ++row) {
    const Value* src = picture.values + (begin + row) * picture.row;
    auto* dst = between.data() + static_cast<std::size_t>(row) * line;
    if (picture.channels == 1) {
      resample_row<Arithmetic, 1>(src, columns, dst);
    } else {
      resample_row<Arithmetic, 3>(src, columns, dst);
    }
  }
  std::vector<Value> result(static_cast<std::size_t>(window.rows) * line);
  resample_columns<Arithmetic>(between.data(), begin, line, rows, result.data());
  return result;
}

}  // namespace

template <class Value>
std::vector<Value> resample(std::string_view name, const Picture<Value>& picture,
                            const Window& window, const Interpolation& interpolation,
                            bool antialias, std::int64_t max_pixels) {
  require(std::min({picture.height, picture.width, window.rows, window.columns}) >= 1 &&
              (picture.channels == 1 || picture.channels == 3) && interpolation.radius > 0,
          name, "sizes of at least 1, 1 or 3 channels and a kernel",
          text(picture.height, " x ", picture.width, " x ", picture.channels, " to ", window.rows,
               " x ", window.columns, ", ", interpolation.name));
  if constexpr (std::is_same_v<Value, std::uint8_t>) {
    if (antialias)
      return resample_by<Fixed>(name, picture, window, interpolation, true, max_pixels);
  }
  return resample_by<Floating<Value>>(name, picture, window, interpolation, antialias, max_pixels);
}

template std::vector<std::uint8_t> resample(std::string_view, const Picture<std::uint8_t>&,
                                            const Window&, const Interpolation&, bool,
                                            std::int64_t);
template std::vector<float> resample(std::string_view, const Picture<float>&, const Window&,
                                     const Interpolation&, bool, std::int64_t);

}  // namespace muxnet
