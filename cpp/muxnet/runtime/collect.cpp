#include "muxnet/runtime/collect.hpp"

#include <algorithm>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

Tensor all_probabilities(const ModelPool& pool, const Tensor& images) {
  const std::int64_t n = images.dim(0);
  const auto models = static_cast<std::int64_t>(pool.size());
  const std::int64_t classes = pool.classes();
  Tensor result({n, models, classes});
  for (std::int64_t model = 0; model < models; ++model) {
    const Tensor answers = pool.probabilities(static_cast<std::size_t>(model), images);
    for (std::int64_t row = 0; row < n; ++row) {
      std::copy_n(answers.data<float>() + row * classes, classes,
                  result.data<float>() + (row * models + model) * classes);
    }
  }
  return result;
}

}  // namespace

OutcomeTable with_view(const OutcomeTable& table, const MultiplexerView& view,
                       const std::map<std::string, double>& multiplexer_costs,
                       const std::string& encoder) {
  OutcomeFields fields = table.fields();
  fields.weights = view.weights;
  fields.scores = view.scores;
  fields.offload_score = view.offload_score;
  fields.multiplexer_costs = multiplexer_costs;
  fields.encoder = encoder;
  std::erase_if(fields.costs,
                [&](const auto& of) { return !multiplexer_costs.contains(of.first); });
  return OutcomeTable(std::move(fields));
}

OutcomeTable collect_outcomes(const ModelPool& pool, const Tensor& images,
                              const std::optional<Multiplexer>& multiplexer,
                              const CollectOptions& options) {
  require(images.shape().size() == 4 && images.dim(0) > 0, "collect_outcomes",
          "images (n, c, h, w) with n above 0", to_string(images.shape()));
  OutcomeFields fields;
  fields.models = pool.names();
  fields.probabilities = all_probabilities(pool, images);
  fields.labels = options.labels;
  fields.features = options.features;
  fields.costs = options.costs;
  fields.costs["macs"] = pool.costs();
  if (multiplexer) {
    Predictor predictor(*multiplexer->model);
    const MultiplexerView view = run_multiplexer(*multiplexer, predictor, images);
    fields.weights = view.weights;
    fields.scores = view.scores;
    fields.offload_score = view.offload_score;
    fields.multiplexer_costs = options.multiplexer_costs;
    fields.multiplexer_costs["macs"] = cost_of(*multiplexer);
  }
  fields.split = options.split;
  fields.source = options.source;
  if (!options.indices.empty()) {
    fields.indices =
        Tensor::from(options.indices, {static_cast<std::int64_t>(options.indices.size())});
  }
  return OutcomeTable(std::move(fields));
}

}  // namespace muxnet
