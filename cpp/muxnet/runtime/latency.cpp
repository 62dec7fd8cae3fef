#include "muxnet/runtime/latency.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <vector>

#include "muxnet/core/error.hpp"
#include "muxnet/graph/plan.hpp"

namespace muxnet {
namespace {

using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr int warm_up_turns = 5;
constexpr int most_tries = 4;
constexpr double noisy = 1.5;
constexpr Milliseconds turn(0.1);

double milliseconds_of_a_turn(Plan& plan, const Tensor& images) {
  const auto start = std::chrono::steady_clock::now();
  Milliseconds passed{};
  int passes = 0;
  do {
    plan.forward(images);
    ++passes;
    passed = std::chrono::steady_clock::now() - start;
  } while (passed < turn);
  return passed.count() / passes;
}

Latency summary(std::vector<double> turns) {
  std::sort(turns.begin(), turns.end());
  const auto fastest = std::max<std::ptrdiff_t>(1, std::ssize(turns) / 10);
  const double sum = std::accumulate(turns.begin(), turns.begin() + fastest, 0.0);
  return {sum / static_cast<double>(fastest), turns[turns.size() / 2]};
}

}  // namespace

Latency measure_latency(Model& model, const LatencyOptions& options) {
  require(options.turns > 0, "measure_latency", "at least one turn", text(options.turns));
  const auto reading = model.access.read("measure_latency");
  Plan plan(model.graph, model.parameters,
            {.batch = options.batch, .precision = precision_of(model), .ranges = model.ranges});
  Shape shape = model.graph.shape(model.graph.input());
  shape.front() = options.batch;
  const Tensor images(shape);
  for (int i = 0; i < warm_up_turns; ++i) plan.forward(images);
  std::vector<double> turns;
  Latency result;
  for (int attempt = 0; attempt < most_tries; ++attempt) {
    for (int i = 0; i < options.turns; ++i) turns.push_back(milliseconds_of_a_turn(plan, images));
    result = summary(turns);
    if (result.typical_ms < noisy * result.ms) break;
  }
  return result;
}

}  // namespace muxnet
