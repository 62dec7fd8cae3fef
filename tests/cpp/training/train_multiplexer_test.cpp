#include "muxnet/training/train_multiplexer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "muxnet/core/error.hpp"
#include "muxnet/networks/predictor.hpp"
#include "support/errors.hpp"
#include "support/temporary_folder.hpp"
#include "training/tiny.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;

/// Two models that are right on every other class by construction: the first is sure of class 0,
/// the second never says it. Which one to call can be seen in the image.
FrozenOutputs experts(std::int64_t n, std::uint64_t seed) {
  const Dataset data = testing::tiny_dataset(n, seed, 0.3);
  FrozenOutputs table;
  table.images = data.images;
  table.labels = data.labels;
  table.costs = {1, 4};
  table.probabilities = Tensor({n, 2, testing::classes});
  table.embeddings = Tensor({n, 2, 6});
  Random random(seed, 5);
  for (std::int64_t i = 0; i < n; ++i) {
    const auto label = data.labels.data<std::int32_t>()[i];
    for (std::int64_t m = 0; m < 2; ++m) {
      const bool right = (m == 0) == (label == 0);
      float* row = table.probabilities.data<float>() + (i * 2 + m) * testing::classes;
      std::fill_n(row, testing::classes, 0.1F);
      row[right ? label : (label + 1) % testing::classes] = 0.8F;
      table.embeddings.data<float>()[(i * 2 + m) * 6 + (right ? 0 : 1)] = 1;
    }
  }
  return table;
}

MultiplexerTrainingOptions quick() {
  MultiplexerTrainingOptions options;
  options.fit.epochs = 8;
  options.fit.batch_size = 16;
  options.fit.optimizer.name = "adamw";
  options.fit.schedule.learning_rate = 0.02;
  options.fit.seed = 3;
  return options;
}

std::unique_ptr<Model> multiplexer(bool offload = false) {
  auto model = std::make_unique<Model>("mux", testing::tiny_multiplexer_graph(2, offload));
  model->parameters.initialize(5);
  return model;
}

std::vector<float> values_of(const Model& model) {
  const auto span = model.parameters.values().span<float>();
  return {span.begin(), span.end()};
}

TEST(FrozenOutputs, HoldEveryVariantOfEveryInput) {
  testing::TinyModels models;
  const auto before = models.values();
  const auto data = testing::tiny_data();
  FrozenOptions options;
  options.variants = 3;
  options.batch_size = 16;
  options.augmentation.crop_padding = 2;
  const auto table = run_frozen_models(models.pointers, data.held_out, data.normalization, options);
  EXPECT_EQ(models.values(), before);
  EXPECT_EQ(table.inputs(), 37);
  EXPECT_EQ(table.models(), 2);
  EXPECT_EQ(table.classes(), testing::classes);
  EXPECT_EQ(table.images.shape(), (Shape{111, 1, 8, 8}));
  EXPECT_EQ(table.embeddings.shape(), (Shape{111, 2, 6}));
  const Tensor plain = normalize(data.held_out.images, data.normalization);
  const auto a = plain.span<float>();
  const auto b = table.images.span<float>();
  for (std::size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 1e-5);
  EXPECT_FALSE(std::equal(b.begin(), b.begin() + 37 * 64, b.begin() + 37 * 64));
  EXPECT_EQ(table.labels.data<std::int32_t>()[37 + 5], 5 % 3);
  for (std::int64_t i = 0; i < 111 * 2; ++i) {
    const float* row = table.probabilities.data<float>() + i * 3;
    ASSERT_NEAR(row[0] + row[1] + row[2], 1, 1e-5);
  }
}

TEST(FrozenOutputs, OfRecordedAnswersAreThoseOfTheModelsThatGaveThem) {
  testing::TinyModels models;
  const auto data = testing::tiny_data();
  FrozenOptions options;
  options.variants = 2;
  options.augmentation.crop_padding = 2;
  const auto run = run_frozen_models(models.pointers, data.held_out, data.normalization, options);
  const std::int64_t n = run.inputs();
  const auto recorded = recorded_outputs(data.held_out, run.probabilities.rows(0, n), run.costs,
                                         data.normalization, options);
  const auto same = [](const Tensor& a, const Tensor& b) {
    return a.shape() == b.shape() && std::memcmp(a.raw(), b.raw(), a.bytes()) == 0;
  };
  EXPECT_TRUE(same(recorded.images, run.images));
  EXPECT_TRUE(same(recorded.labels, run.labels));
  for (const std::int64_t variant : {0, 1}) {  // to augmented inputs those to the plain ones
    const Tensor answers = recorded.probabilities.rows(variant * n, (variant + 1) * n);
    EXPECT_TRUE(same(answers, run.probabilities.rows(0, n)));
  }
  EXPECT_EQ(recorded.costs, run.costs);
  const auto error = [&](const Tensor& answers, std::vector<double> costs) {
    return error_of<std::invalid_argument>([&] {
      recorded_outputs(data.held_out, answers, std::move(costs), data.normalization, options);
    });
  };
  EXPECT_TRUE(contains(error(run.probabilities, run.costs), "f32 answers (37, N, 3"));
  EXPECT_TRUE(contains(error(run.probabilities.rows(0, n), {1}), "2 costs, one per model"));
}

TEST(FrozenOutputs, RefuseWhatDoesNotFit) {
  testing::TinyModels models;
  auto data = testing::tiny_data();
  FrozenOptions none;
  none.variants = 0;
  EXPECT_TRUE(contains(error_of<std::invalid_argument>([&] {
                         run_frozen_models(models.pointers, data.held_out, data.normalization,
                                           none);
                       }),
                       "variants and batch_size of at least 1"));
  EXPECT_THROW(run_frozen_models({}, data.held_out, data.normalization), std::invalid_argument);
  EXPECT_THROW(run_frozen_models(models.pointers, Dataset{}, data.normalization),
               std::invalid_argument);
}

TEST(TrainMultiplexer, LearnsWhoIsRight) {
  const auto table = experts(192, 1);
  const auto fresh = experts(96, 2);
  for (const auto objective : {Objective::correctness, Objective::ensemble}) {
    auto mux = multiplexer();
    auto options = quick();
    options.objective = objective;
    options.distillation_weight = 0.5;
    const auto result = train_multiplexer(*mux, table, options, &fresh);
    const auto& first = result.history.front();
    const auto& last = result.history.back();
    ASSERT_EQ(result.history.size(), 8U);
    EXPECT_LT(last.metrics.losses[0], first.metrics.losses[0]);
    EXPECT_LT(last.metrics.distillation.value(), first.metrics.distillation.value());
    EXPECT_GT(last.held_out_accuracies.at(0), 0.9);  // either model alone: 1/3 and 2/3
  }
}

TEST(TrainMultiplexer, OffloadsWhatTheDeviceGetsWrong) {
  const auto table = experts(192, 1);
  for (const auto target : {OffloadTarget::device_wrong, OffloadTarget::cloud_rescues}) {
    auto mux = multiplexer(true);
    auto options = quick();
    options.offload = target;
    const auto result = train_multiplexer(*mux, table, options);
    EXPECT_GT(result.history.back().metrics.accuracies[0], 0.9);
  }
}

TEST(TrainMultiplexer, OffloadTargetsDifferWhereBothAreWrong) {
  auto table = experts(48, 1);
  // The cloud is now never right: nothing is worth sending.
  for (std::int64_t i = 0; i < 48; ++i) {
    float* row = table.probabilities.data<float>() + (i * 2 + 1) * testing::classes;
    std::fill_n(row, testing::classes, 0.0F);
    row[(table.labels.data<std::int32_t>()[i] + 1) % testing::classes] = 1;
  }
  const auto loss = [&](OffloadTarget target) {
    auto mux = multiplexer(true);
    auto options = quick();
    options.offload = target;
    train_multiplexer(*mux, table, options);
    Predictor predictor(*mux, 48);
    const auto scores = predictor.outputs(table.images, {"scores"}).at("scores");
    double sum = 0;
    for (const float score : scores.span<float>()) sum += score > 0;
    return sum;
  };
  EXPECT_EQ(loss(OffloadTarget::cloud_rescues), 0);
  EXPECT_GT(loss(OffloadTarget::device_wrong), 16);
}

TEST(TrainMultiplexer, ResumesToTheSameBits) {
  auto table = experts(96, 1);
  table.variants = 2;  // 48 inputs
  for (const auto objective : {Objective::correctness, Objective::ensemble}) {
    auto options = quick();
    options.fit.epochs = 3;
    options.objective = objective;
    options.distillation_weight = 0.5;
    auto undisturbed = multiplexer();
    const auto expected = train_multiplexer(*undisturbed, table, options);
    EXPECT_EQ(expected.step, 9);
    for (const std::int64_t step : {1, 3, 5, 8}) {
      const testing::TemporaryFolder folder;
      options.fit.checkpoint = folder.path() / "multiplexer.safetensors";
      options.fit.resume = true;
      auto stopped = multiplexer();
      const auto part = train_multiplexer(*stopped, table, options, nullptr,
                                          [&](const Progress& now) { return now.step < step; });
      EXPECT_EQ(part.status, TrainingStatus::interrupted);
      auto resumed = multiplexer();
      const auto result = train_multiplexer(*resumed, table, options);
      EXPECT_EQ(values_of(*resumed), values_of(*undisturbed)) << "stopped at step " << step;
      EXPECT_EQ(result.history.back().metrics.losses, expected.history.back().metrics.losses);
      EXPECT_EQ(result.history.front().metrics.accuracies,
                expected.history.front().metrics.accuracies);
    }
    options.fit.checkpoint.clear();
  }
}

TEST(TrainMultiplexer, RefusesACheckpointOfOtherOutputs) {
  const testing::TemporaryFolder folder;
  auto options = quick();
  options.fit.checkpoint = folder.path() / "multiplexer.safetensors";
  options.fit.resume = true;
  auto mux = multiplexer();
  auto table = experts(48, 1);
  train_multiplexer(*mux, table, options, nullptr, [](const Progress&) { return false; });
  table.probabilities.data<float>()[0] = 0.5F;
  options.objective = Objective::ensemble;
  const auto error =
      error_of<std::invalid_argument>([&] { train_multiplexer(*mux, table, options); });
  EXPECT_TRUE(contains(error, "probabilities: "));
  EXPECT_TRUE(contains(error, "objective: \"correctness\" in the checkpoint, \"ensemble\" now"));
}

TEST(TrainMultiplexer, NanIsAnError) {
  auto mux = multiplexer();
  const auto error = error_of<TrainingError>([&] {
    train_multiplexer(*mux, experts(48, 1), quick(), nullptr, [&](const Progress&) {
      mux->parameters.value("v.bias").span<float>()[0] = std::numeric_limits<float>::quiet_NaN();
      mux->parameters.changed();
      return true;
    });
  });
  EXPECT_TRUE(contains(error, "training multiplexer, step 2 of 24, learning rate "));
  EXPECT_TRUE(contains(error, "model mux"));
}

TEST(TrainMultiplexer, RefusesWhatDoesNotFit) {
  auto mux = multiplexer();
  auto table = experts(48, 1);
  const auto error = [&](const MultiplexerTrainingOptions& options) {
    return error_of<std::invalid_argument>([&] { train_multiplexer(*mux, table, options); });
  };
  auto options = quick();
  table.costs = {1};
  EXPECT_TRUE(contains(error(options), "2 costs, one per model"));
  table.costs = {1, 4};
  options.fit.batch_size = 49;
  EXPECT_TRUE(contains(error(options), "batch_size of 1 to 48"));
  options = quick();
  options.offload = OffloadTarget::cloud_rescues;
  EXPECT_TRUE(contains(error(options), "a multiplexer with 1 scores"));
  options.cloud = 2;
  EXPECT_TRUE(contains(error(options), "device and cloud, two of 2 models"));
  options = quick();
  options.distillation_weight = -1;
  EXPECT_TRUE(contains(error(options), "distillation_weight"));
  auto blind = table;
  blind.embeddings = Tensor();
  options.distillation_weight = 1;
  EXPECT_TRUE(
      contains(error_of<std::invalid_argument>([&] { train_multiplexer(*mux, blind, options); }),
               "models with an output \"projected\""));
}

}  // namespace
}  // namespace muxnet
