#include "muxnet/service/deployment.hpp"

#include <algorithm>
#include <bit>
#include <chrono>

#include "muxnet/core/error.hpp"
#include "muxnet/core/memory.hpp"
#include "muxnet/core/random.hpp"
#include "muxnet/runtime/batch_evidence.hpp"

namespace muxnet {
namespace {

/// Takes an input through all that a request goes through, so that what does not fit is refused
/// here and not with every request: throws what the rules, recorders and the monitor throw.
void probe(const CompiledDeployment& deployment) {
  const Deployment& parts = deployment.parts();
  const std::size_t models = parts.models.size();
  const std::int64_t classes = deployment.classes();
  BatchEvidence known(1, static_cast<std::int64_t>(models), classes);
  if (deployment.uses_multiplexer()) known.make_room(parts.multiplexer);
  const std::uint64_t first = known.called_first = deployment.called_first();
  Tensor unsure({1, classes});
  std::ranges::fill(unsure.span<float>(), 1.0F / static_cast<float>(classes));
  for (std::size_t model = 0; model < models; ++model) known.store(0, model, unsure, 0);
  for (const std::uint64_t called : {std::uint64_t{0}, first}) {
    for (const auto& rule : parts.rules) rule->next(known.of(0, called));
    if (parts.shadow) parts.shadow->next(known.of(0, called));
  }
  for (const auto& recorder : parts.recorders)
    recorder->record(known.of(0, first), all_models(models));
  if (!parts.monitor) return;
  DriftMonitor copy = *parts.monitor;
  copy.observe(deployment.watched(known.of(0, first)));
}

/// Pixels as a camera might give them, or numbers: an image of one colour is no input that a model
/// must take.
Tensor noise(Shape shape) {
  Random random(1);
  if (shape.size() == 2) {
    Tensor vectors(std::move(shape));
    for (float& number : vectors.span<float>()) number = static_cast<float>(random.normal());
    return vectors;
  }
  Tensor images(std::move(shape), DType::u8);
  for (auto& pixel : images.span<std::uint8_t>()) {
    pixel = static_cast<std::uint8_t>(random.next() >> 24);
  }
  return images;
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
  require(parts_.point_costs.empty() || parts_.point_costs.size() == parts_.rules.size(),
          "deployment, point_costs",
          text("none, or one for each of ", parts_.rules.size(), " rules"),
          text(parts_.point_costs.size()));
  require(parts_.recorders.empty() || parts_.recorders.size() == parts_.rules.size(),
          "deployment, recorders", text("none, or one for each of ", parts_.rules.size(), " rules"),
          text(parts_.recorders.size()));
  require(!parts_.monitor || !parts_.monitor->watches("multiplexer") || uses_multiplexer(),
          "deployment, drift monitor", "a multiplexer, whose scores it watches", "none");
  for (std::size_t worker = 0; worker < workers; ++worker) pools_.emplace_back(parts_.models);
  if (uses_multiplexer()) {
    predictors_ = std::vector<Predictor>(workers, Predictor(*parts_.multiplexer.model));
  }
  find_encoder();
  find_shapes();
  for (const HostedModel& model : parts_.models) {
    inputs_.push_back(input_for(inputs_.size() + 1, model.normalization));
  }
  costs_ = pools_.front().costs();
  if (uses_multiplexer()) {
    multiplexer_input_.emplace(parts_.multiplexer, multiplexer_shape());
    if (!parts_.multiplexer_for_shadow) multiplexer_cost_ = cost_of(parts_.multiplexer);
  }
  probe(*this);
}

void CompiledDeployment::find_encoder() {
  const auto& encoder = parts_.multiplexer.encoder;
  if (!uses_multiplexer() || !encoder) return;
  for (std::size_t i = 0; i < parts_.models.size(); ++i) {
    if (parts_.models[i].name == encoder->model && !elsewhere(i + 1)) called_first_ = model_bit(i);
  }
  require(called_first_ != 0, "deployment, multiplexer",
          text("the model that it looks at, '", encoder->model, "', in this process"), "others");
}

/// Finds the shape of each image tensor that requests have, from the stages that are shown it.
void CompiledDeployment::find_shapes() {
  const std::size_t stages = parts_.models.size() + 1;
  require(parts_.shown.empty() || parts_.shown.size() == stages, "deployment, shown",
          text("none, or one of the images for each of ", stages, " stages"),
          text(parts_.shown.size()));
  for (Stage stage = stages; stage-- > 0;) {
    if (stage == 0 && !looks_first()) break;
    const Shape wanted = stage > 0 ? parts_.models[stage - 1].image_shape : multiplexer_shape();
    require(shown(stage) < stages, "deployment, shown", text("below ", stages), text(shown(stage)));
    if (shown(stage) >= input_shapes_.size()) input_shapes_.resize(shown(stage) + 1);
    Shape& known = input_shapes_[shown(stage)];
    if (known.empty()) known = wanted;
    const std::string name = stage > 0 ? parts_.models[stage - 1].name : "multiplexer";
    require(known == wanted, text("deployment, ", name),
            text("input ", to_string(known), " as others that are shown the same images"),
            to_string(wanted));
  }
  for (const Shape& known : input_shapes_) {
    require(!known.empty(), "deployment, shown", "images that some stage is shown", "others");
  }
}

/// Of what it is shown: (1, c, h, w), or (1, d) of vectors and embeddings.
Shape CompiledDeployment::multiplexer_shape() const {
  const Multiplexer& own = parts_.multiplexer;
  const Shape& input = own.model->graph.shape(own.model->graph.input());
  if (multiplexer_kinds().find(own.kind).source != MultiplexerSource::images) {
    return {1, input.at(1)};
  }
  if (!own.images) return input;
  Shape shape = own.images->shape();
  shape.insert(shape.begin(), 1);
  return shape;
}

void CompiledDeployment::require_like(const CompiledDeployment& other) const {
  const auto names = [](const CompiledDeployment& deployment) {
    std::string result;
    for (const auto& model : deployment.parts().models) result += model.name + ' ';
    return result;
  };
  require(names(other) == names(*this), "deploy", text("the models ", names(other)), names(*this));
  const auto images = [](const CompiledDeployment& deployment) {
    std::string result = "images";
    for (const Shape& shape : deployment.input_shapes()) result += ' ' + to_string(shape);
    return text(result, ", ", deployment.classes(), " classes");
  };
  require(images(other) == images(*this), "deploy", images(other), images(*this));
}

std::optional<CompiledDeployment::Input> CompiledDeployment::input_for(
    Stage stage, const Normalization& normalization) const {
  if (input_shape(stage).size() == 2) return {};
  const auto from = [&](DType dtype) {
    Dataset image;
    image.images = Tensor(input_shape(stage), dtype);
    return Transform(image, normalization, {});
  };
  return Input{from(DType::u8), from(DType::f32)};
}

void CompiledDeployment::prepare(Stage stage, const std::vector<Tensor>& images, std::int64_t row,
                                 float* dst) const {
  const Tensor& wanted = images.at(shown(stage));
  if (stage == 0) return multiplexer_input_->apply(wanted, row, dst);
  const auto& input = inputs_.at(stage - 1);
  if (input) return (*input)[wanted.dtype() == DType::u8 ? 0 : 1].apply(wanted, row, {}, dst);
  const std::int64_t width = wanted.dim(1);
  std::copy_n(wanted.data<float>() + row * width, width, dst);
}

Tensor CompiledDeployment::answer(std::size_t worker, std::size_t model, const Tensor& images) {
  return pools_.at(worker).probabilities(model, images);
}

std::pair<Tensor, MultiplexerView> CompiledDeployment::answer_first(std::size_t worker,
                                                                    const Tensor& images) {
  const auto model = static_cast<std::size_t>(std::countr_zero(called_first_));
  EmbeddedAnswers found = pools_.at(worker).answer_embedded(model, images);
  return {std::move(found.answers),
          run_multiplexer(worker, multiplexer_input_->all(found.embedding))};
}

void CompiledDeployment::begin(std::size_t worker, std::size_t model, const Tensor& images,
                               double within_ms, const Classifier::Done& done) const {
  pools_.at(worker).begin(model, images, within_ms, done);
}

MultiplexerView CompiledDeployment::run_multiplexer(std::size_t worker, const Tensor& inputs) {
  return muxnet::run_multiplexer(parts_.multiplexer, predictors_.at(worker), inputs);
}

Tensor CompiledDeployment::prepared(Stage stage, const Tensor& images) const {
  Shape shape = prepared_shape(stage);
  shape.front() = images.dim(0);
  Tensor result(shape);
  const std::int64_t pixels = result.size() / result.dim(0);
  const std::vector<Tensor> all(input_shapes_.size(), images);  // of which it is shown its own
  for (std::int64_t row = 0; row < images.dim(0); ++row) {
    prepare(stage, all, row, result.data<float>() + row * pixels);
  }
  return result;
}

std::map<std::string, double> CompiledDeployment::watched(Evidence evidence) const {
  if (!parts_.monitor->watches("multiplexer")) {  // only the shadow runs it
    evidence.weights = evidence.scores = {};
    evidence.offload_score = std::numeric_limits<float>::quiet_NaN();
  }
  return monitored_values(*parts_.rules[parts_.point], evidence);
}

void CompiledDeployment::observe(const Evidence& evidence) {
  if (parts_.monitor) parts_.monitor->observe(watched(evidence));
}

std::optional<DriftReading> CompiledDeployment::drift() const {
  if (!parts_.monitor) return {};
  const DriftMonitor& monitor = *parts_.monitor;
  return DriftReading{monitor.alarm(), monitor.e_value(), monitor.alpha(), monitor.cause(),
                      monitor.observed()};
}

void CompiledDeployment::warm_up(std::size_t worker, std::int64_t max_batch,
                                 const std::function<void(Stage, std::int64_t, double)>& note) {
  const bool measures = worker == 0;
  for (Stage stage = looks_first() ? 0 : 1; stage <= costs_.size(); ++stage) {
    if (elsewhere(stage)) continue;  // it may come later
    Shape shape = input_shape(stage);
    shape.front() = max_batch;
    const Tensor all = prepared(stage, noise(shape));
    for (std::int64_t size = 1; size < 2 * max_batch; size *= 2) {
      const Tensor images = all.rows(0, std::min(size, max_batch));
      note(stage, images.dim(0), 0);
      std::chrono::duration<double, std::milli> passed{};
      for (int pass = 0; pass < (measures ? 2 : 1); ++pass) {  // the first one compiles
        const auto start = std::chrono::steady_clock::now();
        if (stage == 0) {
          run_multiplexer(worker, images);
        } else if (called_first_ == model_bit(stage - 1)) {
          answer_first(worker, images);
        } else {
          answer(worker, stage - 1, images);
        }
        passed = std::chrono::steady_clock::now() - start;
      }
      if (measures) note(stage, images.dim(0), passed.count());
    }
  }
}

std::shared_ptr<CompiledDeployment> compile(Deployment deployment, std::uint64_t version,
                                            std::size_t workers) {
  return {new CompiledDeployment(std::move(deployment), version, workers),
          [](CompiledDeployment* old) {
            delete old;
            release_free_memory();
          }};
}

}  // namespace muxnet
