#pragma once

#include <optional>
#include <span>
#include <string>

#include "muxnet/core/tensor.hpp"

namespace muxnet {

// Probabilities as others give them: in float16 or int8, or written with two decimals. What such
// rounding does to them is taken, and clipped; what is more is refused.

/// A number in [0, 1], but for rounding by 0.01 at most.
bool nearly_in_unit(float value);

/// What is wrong with a row of probabilities, in the words of an error.
struct ProbabilityFault {
  std::string expected, received;
};

/// The first that is more than rounding: a value, or the sum once they are clipped, which two
/// decimals take half a per cent for each class from 1 (0.01 to 0.05 are allowed). A row of the
/// likeliest classes, not of `all`, may sum to less.
std::optional<ProbabilityFault> fault_of(std::span<const float> row, bool all = true);

/// Clips them to [0, 1]; memory that others may see stays as it is.
void clip_probabilities(Tensor& values);

/// Whether tensors of this shape, extents below 1 free, can be scores (n, K) with further axes of
/// one element, K of `classes` where that is not 0; (K) is of one input.
bool can_be_scores(const Shape& shape, std::int64_t classes);

/// Whether they can be one number an input, (n) or (n, 1), which speaks for the second of two.
bool can_be_single(const Shape& shape, std::int64_t classes);

/// A number with all digits that tell it from its neighbours, as from a limit.
std::string exact(float value);

}  // namespace muxnet
