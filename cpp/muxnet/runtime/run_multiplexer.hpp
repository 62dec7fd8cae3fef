#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "muxnet/data/image_format.hpp"
#include "muxnet/losses/multiplexer.hpp"
#include "muxnet/networks/model.hpp"
#include "muxnet/networks/predictor.hpp"

namespace muxnet {

/// A model of the pool that a multiplexer looks at an output of.
struct Encoder {
  std::string model;   ///< its name
  std::string output;  ///< of its file, by name
};

/// A trained multiplexer and how its scores become weights (Eq. 5 and 6).
struct Multiplexer {
  std::shared_ptr<Model> model;                  ///< the network
  Objective objective = Objective::correctness;  ///< what it was trained for
  WeightOptions weights{};                       ///< how scores become weights
  std::vector<double>
      costs{};  ///< (N), of the models: what weights trade; none for one that offloads
  std::string kind = "image";  ///< what it is shown: of multiplexer_kinds()
  /// What raw images become before it is shown them, or what is told of them; none: as they are.
  std::optional<ImageFormat> images{};
  std::optional<double> price{};     ///< of one pass, in the unit of `costs`; none: its MACs
  std::optional<Encoder> encoder{};  ///< the model that it looks at, and which output; none: inputs
};

/// Whether its network has the single output "offload": 0 = device, 1 = cloud.
bool offloads(const Multiplexer& multiplexer);

/// Of one pass, in the unit of the models' costs.
double cost_of(const Multiplexer& multiplexer);

/// What is known of n inputs before a model runs, most of it by the multiplexer; tensors that do
/// not apply are empty.
struct MultiplexerView {
  Tensor weights;        ///< f32 (n, N)
  Tensor scores;         ///< f32 (n, N), logits of "model i is right"; correctness objective only
  Tensor offload_score;  ///< f32 (n), mobile/cloud multiplexer only
  Tensor features;       ///< f32 (n, F), the caller's
};

/// What the output of its network says: scores f32 (n, N), f32 (n, 1) of one that offloads.
MultiplexerView view_of_scores(const Multiplexer& multiplexer, const Tensor& scores);

/// Runs a multiplexer over what MultiplexerInput made of inputs: f32 (n, c, h, w), normalised.
/// Throws BusyError while another thread trains it.
MultiplexerView run_multiplexer(const Multiplexer& multiplexer, const Predictor& predictor,
                                const Tensor& inputs);

}  // namespace muxnet
