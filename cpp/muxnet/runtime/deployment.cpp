#include "muxnet/runtime/deployment.hpp"

#include <algorithm>
#include <chrono>

#include "muxnet/core/error.hpp"
#include "muxnet/runtime/batch_evidence.hpp"

namespace muxnet {
namespace {

/// Every rule finds what it looks at; throws what it throws otherwise.
void probe(const CompiledDeployment& deployment) {
  const Deployment& parts = deployment.parts();
  BatchEvidence nothing(1, static_cast<std::int64_t>(parts.models.size()), deployment.classes());
  if (deployment.looks()) nothing.make_room(parts.multiplexer);
  for (const auto& rule : parts.rules) rule->next(nothing.of(0, 0));
  if (parts.shadow) parts.shadow->next(nothing.of(0, 0));
}

/// What all networks share.
Normalization common_normalization(const Deployment& parts) {
  const Normalization& first = parts.models.front()->normalization;
  const auto alike = [&first](const Model& model) {
    return model.normalization.mean == first.mean &&
           model.normalization.deviation == first.deviation;
  };
  for (const auto& model : parts.models) {
    require(alike(*model), text("deployment: ", model->name),
            text("images normalised as for ", parts.models.front()->name), "otherwise");
  }
  const auto& multiplexer = parts.multiplexer.model;
  require(multiplexer == nullptr || alike(*multiplexer), "deployment: multiplexer",
          "images normalised as for the models", "otherwise");
  return normalization_of(*parts.models.front());
}

}  // namespace

CompiledDeployment::CompiledDeployment(Deployment deployment, std::uint64_t version,
                                       std::size_t workers)
    : parts_(std::move(deployment)), version_(version) {
  const std::size_t count = parts_.models.size();
  require(!parts_.rules.empty(), "deployment", "at least one rule", "none");
  for (const auto& rule : parts_.rules) {
    require(rule != nullptr, "deployment", "rules", "an empty one");
  }
  require(parts_.point < parts_.rules.size(), "deployment, point",
          text("one of ", parts_.rules.size(), " rules"), text(parts_.point));
  require(parts_.reference < count, "deployment, reference", text("one of ", count, " models"),
          text(parts_.reference));
  require(parts_.recorders.empty() || parts_.recorders.size() == parts_.rules.size(),
          "deployment, recorders", text("none, or one for each of ", parts_.rules.size(), " rules"),
          text(parts_.recorders.size()));
  require(!parts_.monitor || !parts_.monitor->watches("router") || looks(),
          "deployment, drift monitor", "a multiplexer, whose scores it watches", "none");
  for (std::size_t worker = 0; worker < workers; ++worker) {
    pools_.emplace_back(parts_.models);
    if (looks()) predictors_.emplace_back(*parts_.multiplexer.model);
  }
  normalization_ = common_normalization(parts_);
  macs_ = pools_.front().macs();
  if (looks()) look_macs_ = static_cast<double>(parts_.multiplexer.model->graph.macs());
  probe(*this);
}

Tensor CompiledDeployment::answer(std::size_t worker, std::size_t model, const Tensor& images) {
  return pools_.at(worker).probabilities(model, images);
}

MultiplexerView CompiledDeployment::look(std::size_t worker, const Tensor& images) {
  return muxnet::look(parts_.multiplexer, predictors_.at(worker), images, macs_);
}

void CompiledDeployment::observe(Evidence evidence) {
  if (!parts_.monitor) return;
  if (!parts_.monitor->watches("router")) {  // only the shadow looks
    evidence.weights = evidence.scores = {};
    evidence.offload_score = std::numeric_limits<float>::quiet_NaN();
  }
  const auto values = monitored_values(*parts_.rules[parts_.point], evidence);
  const std::lock_guard lock(monitoring_);
  parts_.monitor->observe(values);
}

std::optional<DriftReading> CompiledDeployment::drift() const {
  if (!parts_.monitor) return {};
  const std::lock_guard lock(monitoring_);
  const DriftMonitor& monitor = *parts_.monitor;
  return DriftReading{monitor.alarm(), monitor.e_value(), monitor.alpha(), monitor.cause(),
                      monitor.observed()};
}

void CompiledDeployment::warm_up(std::size_t worker, std::int64_t max_batch,
                                 const std::function<void(Stage, std::int64_t, double)>& note) {
  for (std::int64_t size = 1; size < 2 * max_batch; size *= 2) {
    Shape shape = input_shape();
    shape.front() = std::min(size, max_batch);
    const Tensor images(shape);
    for (Stage stage = looks() ? 0 : 1; stage <= macs_.size(); ++stage) {
      std::chrono::duration<double, std::milli> passed{};
      for (int pass = 0; pass < 2; ++pass) {  // the first one compiles
        const auto start = std::chrono::steady_clock::now();
        if (stage == 0) {
          look(worker, images);
        } else {
          answer(worker, stage - 1, images);
        }
        passed = std::chrono::steady_clock::now() - start;
      }
      note(stage, shape.front(), passed.count());
    }
  }
}

}  // namespace muxnet
