#pragma once

#include <optional>
#include <string>

#include "muxnet/routing/outcome_table.hpp"
#include "muxnet/runtime/router.hpp"

namespace muxnet {

/// What collect_outcomes records beside the answers.
struct CollectOptions {
  Tensor labels;                                     ///< i32 (n), may be empty
  Tensor features;                                   ///< f32 (n, F), may be empty
  std::map<std::string, std::vector<double>> costs;  ///< beside "macs", which is counted
  std::map<std::string, double> multiplexer_costs;   ///< beside "macs"
  std::string split;                                 ///< which part of the data the images are
  std::string source;                                ///< where the images are from
  std::vector<std::int64_t> indices;                 ///< (n), places in the source
};

/// Runs every model of the pool, and the multiplexer where given, over normalised images f32
/// (n, c, h, w): all that policies need to be fitted, compared and replayed without a network.
OutcomeTable collect_outcomes(const ModelPool& pool, const Tensor& images,
                              const std::optional<Multiplexer>& multiplexer,
                              const CollectOptions& options);

/// A table's answers with what a multiplexer says of the same inputs. `multiplexer_costs`: of one
/// pass, by kind; the models' costs of other kinds are left out; `encoder`: the model that it looks
/// at, where there is one. Throws std::invalid_argument where they do not fit.
OutcomeTable with_view(const OutcomeTable& table, const MultiplexerView& view,
                       const std::map<std::string, double>& multiplexer_costs,
                       const std::string& encoder = {});

}  // namespace muxnet
