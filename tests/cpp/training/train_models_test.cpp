#include "muxnet/training/train_models.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <thread>
#include <vector>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "muxnet/core/parallel.hpp"
#include "muxnet/networks/weights.hpp"
#include "muxnet/training/metrics.hpp"
#include "support/errors.hpp"
#include "support/temporary_folder.hpp"
#include "training/tiny.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;
using testing::tiny_data;
using testing::tiny_options;
using testing::TinyModels;

void poison(Model& model, float value) {
  model.parameters.value("fc.bias").span<float>()[0] = value;
  model.parameters.changed();
}

TEST(TrainModels, KeepsOtherThreadsFromTheModels) {
  TinyModels models;
  const auto options = tiny_options();
  std::string trained, saved;
  train_models(models.pointers, tiny_data(), options, [&](const Progress&) {
    std::thread([&] {
      trained = error_of<BusyError>([&] { train_models(models.pointers, tiny_data(), options); });
      saved = error_of<BusyError>([&] { save_weights(*models.pointers[0], "never-written"); });
    }).join();
    const auto own = models.pointers[0]->access.read("a callback");
    return false;
  });
  EXPECT_TRUE(contains(trained, "[train_models, width2] expected no other call"));
  EXPECT_TRUE(contains(saved, "expected no call that changes"));
  const auto free = models.pointers[0]->access.write("afterwards");
}

TEST(TrainModels, LearnsAndReports) {
  TinyModels models;
  auto options = tiny_options();
  options.fit.epochs = 12;
  std::vector<Progress> seen;
  const auto result = train_models(models.pointers, tiny_data(), options, [&](const Progress& now) {
    seen.push_back(now);
    return true;
  });
  EXPECT_EQ(result.status, TrainingStatus::finished);
  EXPECT_EQ(result.step, 72);
  ASSERT_EQ(seen.size(), 72U);
  EXPECT_EQ(seen[0].phase, "models");
  EXPECT_EQ(seen[0].names, (std::vector<std::string>{"width2", "width6"}));
  EXPECT_EQ(seen[6].epoch, 2);
  EXPECT_TRUE(seen[5].epoch_end);
  EXPECT_FALSE(seen[6].epoch_end);
  EXPECT_EQ(seen.back().step, seen.back().steps);
  EXPECT_GT(seen[3].images_per_second, 0);
  EXPECT_GT(seen[3].seconds_left, 0);
  EXPECT_EQ(seen.back().seconds_left, 0);

  ASSERT_EQ(result.history.size(), 12U);
  const auto& first = result.history.front();
  const auto& last = result.history.back();
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_LT(last.metrics.losses[i], first.metrics.losses[i]);
    EXPECT_GT(last.held_out_accuracies[i], 0.8);
    EXPECT_GT(last.metrics.accuracies[i], 0.7);
  }
  EXPECT_EQ(last.metrics.losses, seen.back().metrics.losses);
  EXPECT_EQ(last.held_out_accuracies, seen.back().held_out_accuracies);
  EXPECT_GT(last.seconds, first.seconds);
  EXPECT_GT(last.metrics.distillation.value(), 0);
}

TEST(TrainModels, ContrastiveLossTellsThePairsApart) {
  TinyModels models;
  auto data = tiny_data();
  data.train = testing::tiny_dataset(192, 1, 1.5);  // noisy enough for mistakes
  auto options = tiny_options();
  options.fit.epochs = 15;
  options.online_distillation_weight = 0;
  options.contrastive_weight = 1;
  const auto last = train_models(models.pointers, data, options).history.back();
  const double both = last.metrics.distances.both_right_distance.value();
  const double one = last.metrics.distances.one_right_distance.value();
  EXPECT_GT(one, both + 0.02);
  EXPECT_EQ(describe_contrastive_collapse(both, one), "");
  EXPECT_NE(last.metrics.contrastive.value(), 0);
}

TEST(TrainModels, SideBySideGivesTheBitsOfOneAfterTheOther) {
  std::vector<std::vector<float>> found;
  for (const int count : {1, 2}) {
    set_threads(count);
    Model left("left", testing::tiny_graph(6), 1), right("right", testing::tiny_graph(6), 2);
    Model* const models[] = {&left, &right};
    const auto result = train_models(models, tiny_data(), tiny_options());
    EXPECT_EQ(result.status, TrainingStatus::finished);
    for (const Model* model : models) {
      const auto values = model->parameters.values().span<float>();
      found.emplace_back(values.begin(), values.end());
    }
  }
  set_threads(0);
  EXPECT_EQ(found[0], found[2]);
  EXPECT_EQ(found[1], found[3]);
}

TEST(TrainModels, SameSeedSameBits) {
  TinyModels first;
  TinyModels second;
  TinyModels other;
  auto options = tiny_options();
  train_models(first.pointers, tiny_data(), options);
  train_models(second.pointers, tiny_data(), options);
  EXPECT_EQ(first.values(), second.values());
  options.fit.seed += 1;
  train_models(other.pointers, tiny_data(), options);
  EXPECT_NE(first.values(), other.values());
}

TEST(TrainModels, ModelsWithoutJointLossesDoNotTouchEachOther) {
  auto options = tiny_options();
  options.contrastive_weight = 0;
  options.online_distillation_weight = 0;
  TinyModels together;
  train_models(together.pointers, tiny_data(), options);
  TinyModels alone;
  train_models(std::span(alone.pointers).first(1), tiny_data(), options);
  const auto a = together.owned[0]->parameters.values().span<float>();
  const auto b = alone.owned[0]->parameters.values().span<float>();
  EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin()));
}

TEST(TrainModels, DistillationTeachesTheCheaperByTheDearerOnly) {
  const auto trained = [](double weight) {
    auto options = tiny_options();
    options.contrastive_weight = 0;
    options.online_distillation_weight = weight;
    TinyModels models;
    train_models(models.pointers, tiny_data(), options);
    std::vector<Tensor> values;
    for (const auto& model : models.owned) values.push_back(model->parameters.values().clone());
    return values;
  };
  const auto without = trained(0), with = trained(0.5);
  const auto largest_change = [&](std::size_t model) {
    const auto a = without[model].span<float>(), b = with[model].span<float>();
    double largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      largest = std::max(largest, std::abs(static_cast<double>(a[i]) - b[i]));
    }
    return largest;
  };
  EXPECT_GT(largest_change(0), 1e-3);
  EXPECT_LT(largest_change(1), 1e-4);
}

TEST(TrainModels, RemembersAnAnswerForEachVisit) {
  TinyModels models;
  const auto result = train_models(models.pointers, tiny_data(), tiny_options());
  const Tensor shares = result.answers.shares(4);
  ASSERT_EQ(shares.shape(), (Shape{101, 2}));
  // Each epoch leaves five of 101 out, and what was seen four times has shares of quarters.
  double right = 0, seen = 0;
  for (const float share : shares.span<float>()) {
    if (share < 0) continue;
    right += share;
    ++seen;
  }
  EXPECT_GE(seen, 2 * 96);
  double expected = 0;
  for (const auto& epoch : result.history)
    expected += epoch.metrics.accuracies[0] + epoch.metrics.accuracies[1];
  EXPECT_NEAR(right / seen, expected / 8, 0.03);
}

TEST(TrainModels, LearningRateOfAModelCanBeZero) {
  TinyModels models;
  const TinyModels untouched;
  auto options = tiny_options();
  options.fit.epochs = 1;
  options.learning_rates = {0, 1};
  train_models(models.pointers, tiny_data(), options);
  const auto weight = [](const TinyModels& m, std::size_t i) {
    return m.owned[i]->parameters.value("conv.weight").data<float>()[0];
  };
  EXPECT_EQ(weight(models, 0), weight(untouched, 0));
  EXPECT_NE(weight(models, 1), weight(untouched, 1));
}

TEST(TrainModels, NanIsAnErrorAndKeepsTheCheckpoint) {
  const testing::TemporaryFolder folder;
  TinyModels models;
  auto options = tiny_options();
  options.fit.checkpoint = folder.path() / "models.safetensors";
  std::string kept;
  const auto error = error_of<TrainingError>([&] {
    train_models(models.pointers, tiny_data(), options, [&](const Progress& now) {
      if (now.step == 8) {
        kept = read_file(options.fit.checkpoint);  // of the end of epoch 1
        poison(*models.pointers[1], std::numeric_limits<float>::quiet_NaN());
      }
      return true;
    });
  });
  EXPECT_TRUE(contains(error, "training models, step 9 of 24, learning rate 0.0"));
  EXPECT_TRUE(contains(error, "model width6"));
  EXPECT_TRUE(contains(error, "expected a finite loss, received nan"));
  EXPECT_TRUE(contains(error, "the last good checkpoint, of step 6, is "));
  EXPECT_FALSE(kept.empty());
  EXPECT_EQ(read_file(options.fit.checkpoint), kept);
}

TEST(TrainModels, WeightsThatAreNotFiniteAreNotSaved) {
  const testing::TemporaryFolder folder;
  TinyModels models;
  auto options = tiny_options();
  options.fit.checkpoint = folder.path() / "models.safetensors";
  const auto error = error_of<TrainingError>([&] {
    train_models(models.pointers, tiny_data(), options, [&](const Progress& now) {
      if (now.epoch_end) poison(*models.pointers[0], std::numeric_limits<float>::infinity());
      return true;
    });
  });
  EXPECT_TRUE(contains(error, "width2/weights/fc.bias"));
  EXPECT_TRUE(contains(error, "step 6 of 24"));
  EXPECT_EQ(folder.entries(), 0U);
}

TEST(TrainModels, DivergenceIsAnErrorAfterTheWarmUp) {
  TinyModels models;
  auto options = tiny_options();
  options.fit.epochs = 12;
  options.online_distillation_weight = 0;
  std::int64_t last = 0;
  const auto error = error_of<TrainingError>([&] {
    train_models(models.pointers, tiny_data(), options, [&](const Progress& now) {
      last = now.step;
      poison(*models.pointers[0], 30);
      return true;
    });
  });
  EXPECT_EQ(last, 50);
  EXPECT_TRUE(contains(error, "step 51 of 72"));
  EXPECT_TRUE(contains(error, "model width2"));
  EXPECT_TRUE(contains(error, "three times that of guessing"));
  EXPECT_TRUE(contains(error, "there is no checkpoint"));
}

TEST(TrainModels, RefusesWhatDoesNotFit) {
  TinyModels models;
  const auto data = tiny_data();
  const auto error = [&](const ModelTrainingOptions& options) {
    return error_of<std::invalid_argument>([&] { train_models(models.pointers, data, options); });
  };
  auto options = tiny_options();
  options.fit.epochs = 0;
  EXPECT_TRUE(contains(error(options), "1 to 1000000000 epochs"));
  options = tiny_options();
  options.fit.batch_size = 102;
  EXPECT_TRUE(contains(error(options), "at most the 101 images"));
  options = tiny_options();
  options.contrastive_weight = -1;
  EXPECT_TRUE(contains(error(options), "loss weights of at least 0"));
  options = tiny_options();
  options.learning_rates = {1, 1, 1};
  EXPECT_TRUE(contains(error(options), "2 learning-rate multipliers"));
  options = tiny_options();
  options.fit.clip_norm = -1;
  EXPECT_TRUE(contains(error(options), "clip_norm"));

  auto taught = data;
  taught.right = Tensor({101, 3});
  EXPECT_THROW(train_models(models.pointers, taught, tiny_options()), std::invalid_argument);
  const std::vector<Model*> none;
  EXPECT_THROW(train_models(none, data, tiny_options()), std::invalid_argument);
  const std::vector<Model*> twice{models.pointers[0], models.pointers[0]};
  EXPECT_TRUE(
      contains(error_of<std::invalid_argument>([&] { train_models(twice, data, tiny_options()); }),
               "width2 twice"));
  auto fewer = data;
  fewer.train.class_names.pop_back();
  EXPECT_TRUE(contains(error_of<std::invalid_argument>(
                           [&] { train_models(models.pointers, fewer, tiny_options()); }),
                       "models with 2 logits"));
}

}  // namespace
}  // namespace muxnet
