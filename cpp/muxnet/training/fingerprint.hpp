#pragma once

#include <span>

#include "muxnet/core/fingerprint.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/data/dataset.hpp"
#include "muxnet/data/transform.hpp"
#include "muxnet/networks/model.hpp"
#include "muxnet/training/loop.hpp"

namespace muxnet::fingerprint {

// JSON of all that decides what a training computes; only for sources of this layer.

nlohmann::json of(const FitOptions& options);
nlohmann::json of(const Augmentation& augmentation);
nlohmann::json of(const Normalization& normalization);
nlohmann::json of(const Dataset& dataset);
/// Name, sizes and wiring, not weights.
nlohmann::json of(const Model& model);
nlohmann::json of(std::span<Model* const> models);

}  // namespace muxnet::fingerprint
