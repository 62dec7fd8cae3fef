#pragma once

#include <memory>
#include <vector>

#include "muxnet/losses/multiplexer.hpp"
#include "muxnet/networks/model.hpp"
#include "muxnet/networks/predictor.hpp"

namespace muxnet {

/// A trained multiplexer and how its scores become weights (Eq. 5 and 6).
struct Multiplexer {
  std::shared_ptr<Model> model;                  ///< the network
  Objective objective = Objective::correctness;  ///< what it was trained for
  WeightOptions weights;                         ///< how scores become weights
};

/// What is known of n inputs before a model runs, most of it by the multiplexer; tensors that do
/// not apply are empty.
struct MultiplexerView {
  Tensor weights;        ///< f32 (n, N)
  Tensor scores;         ///< f32 (n, N), logits of "model i is right"; correctness objective only
  Tensor offload_score;  ///< f32 (n), mobile/cloud multiplexer only
  Tensor features;       ///< f32 (n, F), the caller's
};

/// Runs a multiplexer over normalised images f32 (n, c, h, w); `costs` are the N models'.
/// Throws BusyError while another thread trains it.
MultiplexerView run_multiplexer(const Multiplexer& multiplexer, const Predictor& predictor,
                                const Tensor& images, const std::vector<double>& costs);

}  // namespace muxnet
