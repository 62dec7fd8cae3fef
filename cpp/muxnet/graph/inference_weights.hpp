#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "muxnet/graph/graph.hpp"
#include "muxnet/graph/parameters.hpp"
#include "muxnet/ops/weight_forms.hpp"

namespace muxnet {

/// The weights of a network as inference plans compute with them, batch norm folded into
/// convolutions. Plans for other batches and threads share them. Safe for several threads.
class InferenceWeights {
 public:
  struct Folded {
    Parameters values;  ///< of graph()
    std::uint64_t version;
    WeightForms forms{};

    Folded(Parameters of_graph, std::uint64_t of_version)
        : values(std::move(of_graph)), version(of_version) {}
  };

  /// Keeps a reference to `parameters`, those of `graph`.
  InferenceWeights(const Graph& graph, const Parameters& parameters);

  /// The network that plans run: nodes are fused.
  const Graph& graph() const { return fused_; }
  DType dtype() const { return source_.dtype(); }
  /// Which current() would give.
  std::uint64_t version() const { return source_.version(); }
  /// Folded anew where the parameters have changed. Who computes with older ones may go on.
  std::shared_ptr<Folded> current();

 private:
  Graph original_, fused_;
  const Parameters& source_;
  std::mutex mutex_;
  std::shared_ptr<Folded> folded_;
};

}  // namespace muxnet
