#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "muxnet/routing/outcome_table.hpp"
#include "muxnet/routing/rule.hpp"

namespace muxnet {

/// Below, a probability has no logarithm.
inline constexpr float smallest_probability = 1e-6F;

/// What several models say of the classes that any of them lists, and their product.
struct Experts {
  std::vector<std::vector<float>> logarithms;  ///< of each model, of each listed class
  std::vector<float> other;                    ///< of each model, of a class that is not listed
  Mixture joint;
};

/// The product of experts p ~ prod_m p_m^w_m of the models called, w the exponents.
void multiply(const Evidence& evidence, std::span<const std::size_t> models,
              std::span<const double> exponents, Experts& experts);

/// The exponents w_m in [0, 4] of the greatest likelihood of a table's labels.
std::vector<double> fit_exponents(const OutcomeTable& table, std::span<const std::size_t> models);

}  // namespace muxnet
