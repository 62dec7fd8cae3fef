#include "muxnet/runtime/router.hpp"

#include <algorithm>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

std::span<const float> row_of(const Tensor& tensor, std::int64_t row) {
  if (tensor.empty()) return {};
  const std::int64_t width = tensor.size() / tensor.dim(0);
  return {tensor.data<float>() + row * width, static_cast<std::size_t>(width)};
}

}  // namespace

MultiplexerView look(const Multiplexer& multiplexer, Predictor& predictor, const Tensor& images,
                     const std::vector<double>& macs) {
  MultiplexerView view;
  const auto& outputs = multiplexer.model->graph.outputs();
  if (outputs.count("offload") > 0) {
    view.offload_score = predictor.output(images, "offload").reshaped({images.dim(0)});
    return view;
  }
  const Tensor scores = predictor.output(images, "scores");
  view.weights = multiplexer_weights(scores, macs, multiplexer.weights);
  if (multiplexer.objective == Objective::correctness) view.scores = scores;
  return view;
}

/// A batch on its way: the evidence so far and, per model, the rows that now want it.
struct Router::Work {
  Work(const Tensor& batch, const Tensor& batch_features, std::int64_t models, std::int64_t classes)
      : images(batch),
        features(batch_features),
        n(batch.dim(0)),
        probabilities({n, models, classes}),
        predictions({n, models}, DType::i32),
        confidences({n, models}),
        wanted(static_cast<std::size_t>(models)) {
    result.probabilities = Tensor({n, classes});
    result.answers.assign(static_cast<std::size_t>(n), 0);
    result.called.assign(static_cast<std::size_t>(n), 0);
    result.macs.assign(static_cast<std::size_t>(n), 0);
  }

  Evidence evidence(std::int64_t row) const {
    Evidence e;
    e.input = row;
    e.weights = row_of(result.view.weights, row);
    e.scores = row_of(result.view.scores, row);
    if (!result.view.offload_score.empty()) {
      e.offload_score = result.view.offload_score.data<float>()[row];
    }
    e.features = row_of(features, row);
    e.called = result.called[static_cast<std::size_t>(row)];
    e.probabilities = row_of(probabilities, row);
    const std::int64_t models = predictions.dim(1);
    e.predictions = {predictions.data<std::int32_t>() + row * models,
                     static_cast<std::size_t>(models)};
    e.confidences = row_of(confidences, row);
    return e;
  }

  void store(std::size_t model, const std::vector<std::int64_t>& rows, const Tensor& answers) {
    const std::int64_t models = predictions.dim(1);
    const std::int64_t classes = answers.dim(1);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const float* from = answers.data<float>() + static_cast<std::int64_t>(i) * classes;
      const std::int64_t cell = rows[i] * models + static_cast<std::int64_t>(model);
      std::copy_n(from, classes, probabilities.data<float>() + cell * classes);
      const float* best = std::max_element(from, from + classes);
      predictions.data<std::int32_t>()[cell] = static_cast<std::int32_t>(best - from);
      confidences.data<float>()[cell] = *best;
      result.called[static_cast<std::size_t>(rows[i])] |= model_bit(model);
    }
  }

  const Tensor& images;
  const Tensor& features;
  std::int64_t n;
  Tensor probabilities;
  Tensor predictions;
  Tensor confidences;
  std::vector<std::vector<std::int64_t>> wanted;
  Routed result;
};

Router::Router(std::shared_ptr<ModelPool> pool, Multiplexer multiplexer,
               std::shared_ptr<const Rule> rule)
    : pool_(std::move(pool)), multiplexer_(std::move(multiplexer)), rule_(std::move(rule)) {
  require(pool_ != nullptr && rule_ != nullptr, "router", "a model pool and a rule", "none");
  if (multiplexer_.model) predictor_ = std::make_unique<Predictor>(*multiplexer_.model);
}

void Router::call_models(Work& work) const {
  const auto macs = pool_->macs();
  for (std::size_t model = 0; model < work.wanted.size(); ++model) {
    auto& rows = work.wanted[model];
    if (rows.empty()) continue;
    const bool all = static_cast<std::int64_t>(rows.size()) == work.n;
    const Tensor images = all ? work.images : work.images.gather(rows);
    work.store(model, rows, pool_->probabilities(model, images));
    for (const std::int64_t row : rows) {
      work.result.macs[static_cast<std::size_t>(row)] += macs[model];
    }
    rows.clear();
  }
}

Routed Router::route(const Tensor& images, const Tensor& features) {
  Shape expected = pool_->input_shape();
  expected.front() = images.shape().empty() ? 0 : images.dim(0);
  require(images.shape() == expected && images.dim(0) > 0 && images.dtype() == DType::f32,
          "router.route", text("f32 images (n, c, h, w) as ", to_string(pool_->input_shape())),
          text(name_of(images.dtype()), ' ', to_string(images.shape())));
  require(features.empty() || (features.dtype() == DType::f32 && features.shape().size() == 2 &&
                               features.dim(0) == images.dim(0)),
          "router.route", text("features f32 (", images.dim(0), ", F)"),
          text(name_of(features.dtype()), ' ', to_string(features.shape())));
  Work work(images, features, static_cast<std::int64_t>(pool_->size()), pool_->classes());
  double own = rule_->macs();
  if (multiplexer_.model) {
    work.result.view = look(multiplexer_, *predictor_, images, pool_->macs());
    own += static_cast<double>(multiplexer_.model->graph.macs());
  }
  std::fill(work.result.macs.begin(), work.result.macs.end(), own);
  std::vector<std::int64_t> open(static_cast<std::size_t>(work.n));
  for (std::int64_t row = 0; row < work.n; ++row) open[static_cast<std::size_t>(row)] = row;
  while (!open.empty()) {
    std::vector<std::int64_t> waiting;
    for (const std::int64_t row : open) {
      const Evidence evidence = work.evidence(row);
      const auto step = rule_->next(evidence);
      if (step.call == 0) {
        const auto answer =
            std::span(work.result.probabilities.data<float>() + row * pool_->classes(),
                      static_cast<std::size_t>(pool_->classes()));
        work.result.answers[static_cast<std::size_t>(row)] =
            rule_->combine(evidence, step.answer_from, answer);
        continue;
      }
      for (std::size_t model = 0; model < pool_->size(); ++model) {
        if (step.call & model_bit(model)) work.wanted[model].push_back(row);
      }
      waiting.push_back(row);
    }
    call_models(work);
    open = std::move(waiting);
  }
  return std::move(work.result);
}

}  // namespace muxnet
