#include "muxnet/onnx/values.hpp"

#include <algorithm>
#include <cmath>

#include "muxnet/core/bfloat16.hpp"
#include "muxnet/core/error.hpp"
#include "muxnet/core/half.hpp"

namespace muxnet {
namespace {

float as_is(float value) { return value; }

std::uint8_t to_byte(float value) {
  constexpr float slack = 1e-3F;  // of a scale that is not exactly 255
  require(value >= -slack && value <= 1 + slack, "u8 input", "numbers 0 .. 1 for 0 .. 255",
          text(value));
  return static_cast<std::uint8_t>(std::lround(255 * std::clamp(value, 0.0F, 1.0F)));
}

std::uint8_t same_byte(std::uint8_t value) { return value; }
double to_double(float value) { return static_cast<double>(value); }

/// dst of `batch` rows, each element turned into another type.
template <class Src, class Dst>
void write(const Tensor& rows, std::int64_t batch, bool channels_last, Dst (*turned)(Src),
           Dst* dst) {
  const std::int64_t count = rows.dim(0), size = rows.size() / count;
  const std::int64_t channels = channels_last ? rows.dim(1) : 1, pixels = size / channels;
  for (std::int64_t row = 0; row < batch; ++row, dst += size) {
    const Src* src = rows.data<Src>() + std::min(row, count - 1) * size;
    for (std::int64_t channel = 0; channel < channels; ++channel) {
      for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
        dst[pixel * channels + channel] = turned(*src++);
      }
    }
  }
}

template <class Element, class Turn>
void copy(const OnnxArray& output, Tensor& result, const Turn& turn) {
  const auto* values = static_cast<const Element*>(output.values);
  float* dst = result.data<float>();
  for (std::int64_t i = 0; i < result.size(); ++i) dst[i] = turn(values[i]);
}

template <class Element>
Tensor one_hot(const OnnxArray& output, std::int64_t count,
               const std::vector<std::int64_t>& labels) {
  Tensor result({count, std::ssize(labels)});
  for (std::int64_t row = 0; row < count; ++row) {
    const auto label = static_cast<std::int64_t>(static_cast<const Element*>(output.values)[row]);
    const auto place = std::find(labels.begin(), labels.end(), label);
    require(place != labels.end(), "label", text("one of ", labels.size(), " classes"),
            text(label));
    result.data<float>()[row * std::ssize(labels) + (place - labels.begin())] = 1;
  }
  return result;
}

/// K of (n, K), where at most one further axis is longer than 1; 1 of (n).
std::int64_t width_of(const OnnxArray& output, std::int64_t batch) {
  const Shape& shape = output.shape;
  const bool rows = !shape.empty() && shape.front() == batch;
  // A file for one input may answer (K).
  const bool alone = shape.size() == 1 && batch == 1;
  std::int64_t width = alone ? shape.front() : 1;
  int long_axes = 0;
  for (std::size_t axis = 1; axis < shape.size(); ++axis) {
    long_axes += shape[axis] != 1 ? 1 : 0;
    width *= shape[axis];
  }
  require((alone || rows) && long_axes <= 1 && width > 0, "output", text("scores (", batch, ", K)"),
          text(output.dtype, ' ', to_string(shape)));
  return width;
}

/// The first numbers of an output of scores, as many as `result` has.
void copy_scores(const OnnxArray& output, Tensor& result) {
  const std::string_view dtype = output.dtype;
  if (dtype == "f32") copy<float>(output, result, as_is);
  if (dtype == "f16") copy<std::uint16_t>(output, result, from_half);
  if (dtype == "f64") {
    copy<double>(output, result, [](double value) { return static_cast<float>(value); });
  }
  if (dtype == "bf16") {
    copy<bfloat16>(output, result, [](bfloat16 value) { return static_cast<float>(value); });
  }
}

}  // namespace

void write_rows(const Tensor& rows, std::int64_t batch, const std::string& dtype,
                bool channels_last, void* values) {
  if (rows.dtype() == DType::u8) {
    require(dtype == "u8", "input", text(dtype, " numbers"), "u8");
    return write(rows, batch, channels_last, same_byte, static_cast<std::uint8_t*>(values));
  }
  if (dtype == "f32") return write(rows, batch, channels_last, as_is, static_cast<float*>(values));
  if (dtype == "f16") {
    return write(rows, batch, channels_last, to_half, static_cast<std::uint16_t*>(values));
  }
  if (dtype == "f64") {
    return write(rows, batch, channels_last, to_double, static_cast<double*>(values));
  }
  require(dtype == "u8", "input", "f32, f16, f64 or u8", dtype);
  write(rows, batch, channels_last, to_byte, static_cast<std::uint8_t*>(values));
}

bool is_label_type(const std::string& dtype) { return dtype == "i64" || dtype == "i32"; }

bool is_score_type(const std::string& dtype) {
  return dtype == "f32" || dtype == "f16" || dtype == "f64" || dtype == "bf16";
}

Tensor read_rows(const OnnxArray& output, std::int64_t batch, std::int64_t count,
                 const std::vector<std::int64_t>& labels) {
  const std::string dtype(output.dtype);
  if (is_label_type(dtype)) {
    require(volume(output.shape) == batch && output.shape.size() <= 2, "output",
            text("labels (", batch, ")"), text(dtype, ' ', to_string(output.shape)));
    return dtype == "i64" ? one_hot<std::int64_t>(output, count, labels)
                          : one_hot<std::int32_t>(output, count, labels);
  }
  require(is_score_type(dtype), "output", "f32, f16, f64 or labels", dtype);
  Tensor result({count, width_of(output, batch)});
  copy_scores(output, result);
  return result;
}

Tensor read_numbers(const OnnxArray& output, std::int64_t batch, std::int64_t count) {
  const Shape& shape = output.shape;
  // A file for one input may give (d).
  const bool alone = shape.size() == 1 && batch == 1;
  const std::int64_t size = volume(shape);
  require(is_score_type(std::string(output.dtype)) && size > 0 &&
              (alone || (shape.size() > 1 && shape.front() == batch)),
          "embedding", text("numbers (", batch, ", ...)"),
          text(output.dtype, ' ', to_string(shape)));
  Tensor result({count, size / batch});
  copy_scores(output, result);
  const auto numbers = result.span<float>();
  require(std::all_of(numbers.begin(), numbers.end(), [](float x) { return std::isfinite(x); }),
          "embedding", "finite numbers", "NaN or infinity");
  return result;
}

}  // namespace muxnet
