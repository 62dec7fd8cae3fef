#include "muxnet/runtime/router.hpp"

#include <algorithm>

#include "muxnet/core/error.hpp"

namespace muxnet {

Router::Router(std::shared_ptr<ModelPool> pool, Multiplexer multiplexer,
               std::shared_ptr<const Rule> rule)
    : pool_(std::move(pool)), multiplexer_(std::move(multiplexer)), rule_(std::move(rule)) {
  require(pool_ != nullptr && rule_ != nullptr, "router", "a model pool and a rule", "none");
  require(!multiplexer_.encoder, "router", "a multiplexer that looks at inputs",
          "one that looks at what a model gives");
  for (std::size_t model = 1; model < pool_->size(); ++model) {
    require(pool_->input_shape(model) == pool_->input_shape(0),
            text("router: ", pool_->names()[model]),
            text("input ", to_string(pool_->input_shape(0)), " as ", pool_->names()[0]),
            to_string(pool_->input_shape(model)));
  }
  if (multiplexer_.model) predictor_ = std::make_unique<Predictor>(*multiplexer_.model);
}

/// Runs each model once, on all inputs that want it now.
void Router::call_models(const Tensor& images, DecisionBatch& batch,
                         std::vector<double>& paid) const {
  const auto costs = pool_->costs();
  const auto wanted = batch.wanted();  // a copy: store() fills the next round's
  for (std::size_t model = 0; model < wanted.size(); ++model) {
    const auto& rows = wanted[model];
    if (rows.empty()) continue;
    const bool all = static_cast<std::int64_t>(rows.size()) == images.dim(0);
    batch.store(model, pool_->probabilities(model, all ? images : images.gather(rows)));
    for (const std::int64_t row : rows) paid[static_cast<std::size_t>(row)] += costs[model];
  }
}

Routed Router::route(const Tensor& images, const Tensor& features) const {
  Shape expected = pool_->input_shape(0);
  expected.front() = images.shape().empty() ? 0 : images.dim(0);
  require(images.shape() == expected && images.dim(0) > 0 && images.dtype() == DType::f32,
          "router.route", text("f32 images (n, c, h, w) as ", to_string(pool_->input_shape(0))),
          text(name_of(images.dtype()), ' ', to_string(images.shape())));
  MultiplexerView view;
  double own = rule_->macs();
  if (multiplexer_.model) {
    view = run_multiplexer(multiplexer_, *predictor_, images);
    own += cost_of(multiplexer_);
  }
  view.features = features;
  std::vector<double> paid(static_cast<std::size_t>(images.dim(0)), own);
  DecisionBatch batch(rule_, images.dim(0), static_cast<std::int64_t>(pool_->size()),
                      std::move(view));
  while (!batch.done()) call_models(images, batch, paid);
  return {batch.probabilities(), batch.answers(), batch.called(), std::move(paid), batch.view()};
}

}  // namespace muxnet
