#pragma once

#include <cstdint>
#include <string>

#include "muxnet/core/tensor.hpp"
#include "muxnet/onnx/session.hpp"

namespace muxnet {

/// Writes rows f32 or u8 (m, ...) as `batch` rows of another type, the last one repeated;
/// `channels_last`: from (m, c, h, w) to (m, h, w, c). u8 gets 0 .. 255 for 0 .. 1.
/// Throws std::invalid_argument for numbers that are none of the type.
void write_rows(const Tensor& rows, std::int64_t batch, const std::string& dtype,
                bool channels_last, void* values);

/// The first `count` rows of an output of `batch` rows as f32 (count, K): (n, K, 1, 1) and (n, 1,
/// K) without the axes of 1, labels as one-hot rows of `classes`. Throws std::invalid_argument for
/// another shape or type.
Tensor read_rows(const OnnxArray& output, std::int64_t batch, std::int64_t count,
                 const std::vector<std::int64_t>& labels);

/// The first `count` rows of an output of `batch` rows (n, ...) as f32 (count, d), the numbers of
/// each one after the other. Throws std::invalid_argument for another shape or type, and for
/// numbers that are not finite.
Tensor read_numbers(const OnnxArray& output, std::int64_t batch, std::int64_t count);

/// Whether a type has labels rather than scores.
bool is_label_type(const std::string& dtype);

/// Whether a type has scores.
bool is_score_type(const std::string& dtype);

}  // namespace muxnet
