#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "muxnet/data/dataset.hpp"

namespace muxnet {

/// `train` teaches the models, `held_out` the router (inputs that no model has seen), `test`
/// nobody.
struct Splits {
  Dataset train;     ///< for the models
  Dataset held_out;  ///< empty when held_out_fraction is 0
  Dataset test;      ///< for nobody until the end
};

/// How data is divided.
struct SplitOptions {
  double held_out_fraction = 0.2;  ///< of what is not test; 0: no held-out part
  double test_fraction = 0.2;      ///< of all; only where the data has no test set of its own
  std::uint64_t seed = 0;          ///< of the division
};

/// One ascending list of rows for each of `fractions` (which add up to 1). Every class is divided
/// by the fractions up to one row, its rounding carried on to the next class so that whole parts
/// come out right too; a part of a fraction above 0 gets at least one row of every class.
/// Deterministic in (labels, fractions, seed). Throws std::invalid_argument: fractions, a negative
/// label, a class with fewer rows than parts.
std::vector<std::vector<std::int64_t>> split_stratified(std::span<const std::int32_t> labels,
                                                        std::span<const double> fractions,
                                                        std::uint64_t seed);

/// The data's own parts where it has them, else test_fraction and held_out_fraction of it; without
/// a test part of its own all of the training part is divided. Throws std::invalid_argument:
/// classes or image shapes of train and test differ, a class has too few images.
Splits make_splits(const DatasetParts& data, const SplitOptions& options = {});
Splits make_splits(const Dataset& data, const SplitOptions& options = {});

}  // namespace muxnet
