#include "muxnet/runtime/latency.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

#include "muxnet/core/error.hpp"
#include "muxnet/graph/plan.hpp"

namespace muxnet {

double measure_latency_ms(Model& model, const LatencyOptions& options) {
  require(options.repetitions > 0, "measure_latency_ms", "at least one repetition",
          text(options.repetitions));
  const auto reading = model.access.read("measure_latency_ms");
  Plan plan(model.graph, model.parameters, {.batch = options.batch});
  Shape shape = model.graph.shape(model.graph.input());
  shape.front() = options.batch;
  const Tensor images(shape);
  constexpr int warm_up = 5;
  std::vector<double> milliseconds;
  for (int i = 0; i < warm_up + options.repetitions; ++i) {
    const auto start = std::chrono::steady_clock::now();
    plan.forward(images);
    const std::chrono::duration<double, std::milli> passed =
        std::chrono::steady_clock::now() - start;
    if (i >= warm_up) milliseconds.push_back(passed.count());
  }
  const auto middle = milliseconds.begin() + options.repetitions / 2;
  std::nth_element(milliseconds.begin(), middle, milliseconds.end());
  return *middle;
}

}  // namespace muxnet
