#pragma once

#include <cstdint>
#include <span>

#include "muxnet/networks/model.hpp"
#include "muxnet/training/frozen_outputs.hpp"

namespace muxnet {

/// sigmoid(shift + slope * score).
struct PlattScaling {
  double shift = 0;
  double slope = 1;
};

/// The calibration most likely to give `right` (0 or 1) for `scores`, with Platt's smoothed targets
/// (one right and one wrong input more). The slope is 0, the shift the log-odds of being right,
/// where scores say nothing or the opposite. Source: Platt, Probabilistic outputs for support
/// vector machines, 1999.
PlattScaling fit_platt_scaling(std::span<const float> scores, std::span<const std::uint8_t> right);

/// Makes sigmoid of each of a multiplexer's scores the probability that the model is right: fits a
/// calibration to each on variant 0 of `outputs`, inputs that it has not learnt from, and folds it
/// into the last layer, "v". A multiplexer learns from few inputs and grows too sure of what it
/// sees in them; deciding by differences of such scores is deciding by noise.
void scale_own_scores(Model& multiplexer, const FrozenOutputs& outputs);

/// Makes sigmoid of each of a multiplexer's scores the probability that the model is right, by
/// scores f32 (n, N) that others like it gave to inputs that they have not learnt from, and whether
/// each model is right on those, u8 (n, N). Returns what these scores have become. Throws
/// std::invalid_argument where they do not fit.
Tensor scale_scores(Model& multiplexer, const Tensor& scores, const Tensor& correct);

}  // namespace muxnet
