#include "muxnet/training/frozen_outputs.hpp"

#include <cstring>
#include <string_view>
#include <vector>

#include "muxnet/core/error.hpp"
#include "muxnet/core/random.hpp"
#include "muxnet/data/loader.hpp"
#include "muxnet/losses/softmax.hpp"
#include "muxnet/networks/predictor.hpp"

namespace muxnet {
namespace {

/// Copies one variant of all images, in the order of the data set, to `images` from `row` on.
void fill_variant(const Dataset& dataset, const Normalization& normalization,
                  const FrozenOptions& options, std::int64_t variant, Tensor& images) {
  LoaderOptions settings;
  settings.batch_size = options.batch_size;
  settings.shuffle = false;
  settings.augmentation = options.augmentation;
  settings.seed = options.seed;
  if (variant == 0) {
    settings.augmentation = {};
    settings.augmentation.resize = options.augmentation.resize;
  }
  Loader loader(dataset, normalization, settings);
  loader.start_epoch(variant);
  if (images.empty()) {
    Shape shape = loader.image_shape();
    shape.insert(shape.begin(), options.variants * dataset.size());
    images = Tensor(std::move(shape));
  }
  std::int64_t row = variant * dataset.size();
  Batch batch;
  while (loader.next(batch)) {
    const std::int64_t end = row + batch.labels.size();
    std::memcpy(images.rows(row, end).raw(), batch.images.raw(), batch.images.bytes());
    row = end;
  }
}

/// Copies `rows` (n, width) to [:, model, :] of `all` (n, N, width).
void put_model(const Tensor& rows, std::size_t model, Tensor& all) {
  const std::int64_t width = rows.dim(1);
  const std::int64_t stride = all.dim(1) * width;
  const float* src = rows.data<float>();
  float* dst = all.data<float>() + static_cast<std::int64_t>(model) * width;
  for (std::int64_t i = 0; i < rows.dim(0); ++i) {
    std::memcpy(dst + i * stride, src + i * width, static_cast<std::size_t>(width) * sizeof(float));
  }
}

std::int64_t width_of(const Model& model, const std::string& output) {
  const Shape& shape = model.graph.shape(model.graph.output(output));
  require(shape.size() == 2, text("output ", output, " of ", model.name), "shape (batch, width)",
          to_string(shape));
  return shape[1];
}

/// The output's width, the same for all models; 0 when a model has no such output.
std::int64_t common_width(std::span<Model* const> models, const std::string& output) {
  for (const Model* model : models) {
    if (model->graph.outputs().count(output) == 0) return 0;
  }
  const std::int64_t width = width_of(*models.front(), output);
  for (const Model* model : models) {
    require(width_of(*model, output) == width, text("output ", output, " of ", model->name),
            text("width ", width, ", as ", models.front()->name),
            text("width ", width_of(*model, output)));
  }
  return width;
}

void check(std::string_view where, const Dataset& dataset, const FrozenOptions& options) {
  require(!dataset.empty(), where, "at least one input", "an empty data set");
  require(options.variants > 0 && options.batch_size > 0, where,
          "variants and batch_size of at least 1",
          text(options.variants, " and ", options.batch_size));
}

/// Every variant of the inputs with its labels, without answers.
FrozenOutputs inputs_of(const Dataset& dataset, const Normalization& normalization,
                        const FrozenOptions& options) {
  FrozenOutputs result;
  result.variants = options.variants;
  result.normalization = normalization;
  result.labels = Tensor({options.variants * dataset.size()}, DType::i32);
  for (std::int64_t variant = 0; variant < options.variants; ++variant) {
    fill_variant(dataset, normalization, options, variant, result.images);
    std::memcpy(result.labels.rows(variant * dataset.size(), (variant + 1) * dataset.size()).raw(),
                dataset.labels.raw(), dataset.labels.bytes());
  }
  return result;
}

}  // namespace

FrozenOutputs run_frozen_models(std::span<Model* const> models, const Dataset& dataset,
                                const Normalization& normalization, const FrozenOptions& options) {
  require(!models.empty(), "run_frozen_models", "at least one model", "none");
  check("run_frozen_models", dataset, options);
  std::vector<Access::Hold> reading;
  for (const Model* model : models) reading.push_back(model->access.read("run_frozen_models"));
  const auto count = static_cast<std::int64_t>(models.size());
  const std::int64_t classes = common_width(models, "logits");
  const std::int64_t dim = common_width(models, "projected");
  require(classes == dataset.classes(), "run_frozen_models",
          text("models with ", dataset.classes(), " logits, as classes in ", dataset.name),
          text(classes));

  FrozenOutputs result = inputs_of(dataset, normalization, options);
  const std::int64_t rows = result.labels.size();
  result.probabilities = Tensor({rows, count, classes});
  if (dim > 0) result.embeddings = Tensor({rows, count, dim});
  std::vector<std::string> names{"logits"};
  if (dim > 0) names.emplace_back("projected");
  for (std::size_t i = 0; i < models.size(); ++i) {
    result.costs.push_back(static_cast<double>(models[i]->graph.macs()));
    const auto outputs = Predictor(*models[i], options.batch_size).outputs(result.images, names);
    put_model(softmax(outputs.at("logits")), i, result.probabilities);
    if (dim > 0) put_model(outputs.at("projected"), i, result.embeddings);
  }
  return result;
}

FrozenOutputs recorded_outputs(const Dataset& dataset, const Tensor& answers,
                               std::vector<double> costs, const Normalization& normalization,
                               const FrozenOptions& options) {
  constexpr auto where = "recorded_outputs";
  check(where, dataset, options);
  require(answers.dtype() == DType::f32 && answers.shape().size() == 3 &&
              answers.dim(0) == dataset.size() && answers.dim(2) >= dataset.classes(),
          where,
          text("f32 answers (", dataset.size(), ", N, ", dataset.classes(), " classes or more)"),
          text(name_of(answers.dtype()), ' ', to_string(answers.shape())));
  require(static_cast<std::int64_t>(costs.size()) == answers.dim(1), where,
          text(answers.dim(1), " costs, one per model"), text(costs.size()));
  FrozenOutputs result = inputs_of(dataset, normalization, options);
  result.costs = std::move(costs);
  result.probabilities = Tensor({result.labels.size(), answers.dim(1), answers.dim(2)});
  for (std::int64_t variant = 0; variant < options.variants; ++variant) {
    const std::int64_t begin = variant * dataset.size();
    std::memcpy(result.probabilities.rows(begin, begin + dataset.size()).raw(), answers.raw(),
                answers.bytes());
  }
  return result;
}

}  // namespace muxnet
