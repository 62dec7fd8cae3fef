#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "muxnet/training/checkpoint.hpp"
#include "muxnet/training/train_models.hpp"
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

/// What an undisturbed training gives.
struct Reference {
  Reference() { result = train_models(models.pointers, tiny_data(), tiny_options()); }
  TinyModels models;
  TrainingResult result;
};

const Reference& reference() {
  static const Reference made;
  return made;
}

/// All but the times.
void expect_same_history(const TrainingResult& result, const TrainingResult& expected) {
  ASSERT_EQ(result.history.size(), expected.history.size());
  for (std::size_t i = 0; i < result.history.size(); ++i) {
    const auto& a = result.history[i];
    const auto& b = expected.history[i];
    EXPECT_EQ(a.epoch, b.epoch);
    EXPECT_EQ(a.step, b.step);
    EXPECT_EQ(a.learning_rate, b.learning_rate);
    each_metric([&](const char* name, const char*, auto get) {
      EXPECT_EQ(get(a.metrics), get(b.metrics)) << name;
    });
    EXPECT_EQ(a.held_out_accuracies, b.held_out_accuracies);
  }
  const auto answers = result.answers.bits().span<std::int32_t>();
  EXPECT_TRUE(std::ranges::equal(answers, expected.answers.bits().span<std::int32_t>()));
}

TrainingResult go_on(TinyModels& models, const std::filesystem::path& checkpoint,
                     const ProgressCallback& callback = {}) {
  auto options = tiny_options();
  options.fit.checkpoint = checkpoint;
  options.fit.resume = true;
  return train_models(models.pointers, tiny_data(), options, callback);
}

ProgressCallback stop_at(std::int64_t step) {
  return [step](const Progress& now) { return now.step < step; };
}

TEST(Resume, AfterAStopAtAnyStepGivesTheSameBits) {
  for (const std::int64_t step : {1, 4, 6, 7, 18, 23}) {
    const testing::TemporaryFolder folder;
    const auto path = folder.path() / "models.safetensors";
    TinyModels stopped;
    const auto part = go_on(stopped, path, stop_at(step));
    EXPECT_EQ(part.status, TrainingStatus::interrupted);
    EXPECT_EQ(part.step, step);
    EXPECT_EQ(static_cast<std::int64_t>(part.history.size()), step / 6);
    TinyModels resumed;
    resumed.owned[0]->parameters.initialize(99);  // all comes from the checkpoint
    const auto rest = go_on(resumed, path);
    EXPECT_EQ(rest.status, TrainingStatus::finished);
    EXPECT_EQ(resumed.values(), reference().models.values()) << "stopped at step " << step;
    expect_same_history(rest, reference().result);
    if (!part.history.empty()) {
      EXPECT_EQ(rest.history[0].seconds, part.history[0].seconds);  // time goes on, too
      EXPECT_GT(rest.seconds, part.history.back().seconds);
    }
  }
}

TEST(Resume, StopsManyTimes) {
  const testing::TemporaryFolder folder;
  const auto path = folder.path() / "models.safetensors";
  TrainingResult result;
  std::vector<float> values;
  for (std::int64_t step = 5; values.empty(); step += 5) {
    TinyModels models;
    result = go_on(models, path, stop_at(step));
    if (result.status == TrainingStatus::finished) values = models.values();
  }
  EXPECT_EQ(values, reference().models.values());
  expect_same_history(result, reference().result);
}

TEST(Resume, OfAFinishedTrainingOnlyLoads) {
  const testing::TemporaryFolder folder;
  const auto path = folder.path() / "models.safetensors";
  TinyModels models;
  EXPECT_EQ(go_on(models, path, stop_at(24)).status, TrainingStatus::finished);
  TinyModels again;
  const auto result = go_on(again, path, [](const Progress&) -> bool {
    ADD_FAILURE() << "a step";
    return true;
  });
  EXPECT_EQ(again.values(), reference().models.values());
  expect_same_history(result, reference().result);
}

TEST(Resume, StartsAnewWithoutAskingForIt) {
  const testing::TemporaryFolder folder;
  auto options = tiny_options();
  options.fit.checkpoint = folder.path() / "models.safetensors";
  TinyModels stopped;
  train_models(stopped.pointers, tiny_data(), options, stop_at(9));
  TinyModels models;
  std::int64_t first = 0;
  train_models(models.pointers, tiny_data(), options, [&](const Progress& now) {
    if (first == 0) first = now.step;
    return true;
  });
  EXPECT_EQ(first, 1);
  EXPECT_EQ(models.values(), reference().models.values());
}

TEST(Resume, AfterKillGivesTheSameBits) {
  for (const std::int64_t step : {3, 11, 22}) {
    const testing::TemporaryFolder folder;
    const auto path = folder.path() / "models.safetensors";
    const std::string program = MUXNET_KILLED_PROGRAM;
    const std::string argument = std::to_string(step);
    const pid_t child = fork();
    if (child == 0) {
      execl(program.c_str(), program.c_str(), path.c_str(), argument.c_str(), nullptr);
      _exit(127);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
    std::int64_t first = 0;
    TinyModels resumed;
    const auto result = go_on(resumed, path, [&](const Progress& now) {
      if (first == 0) first = now.step;
      return true;
    });
    EXPECT_LE(first, step);
    if (step > 6) {
      EXPECT_GT(first, 6);  // at least the first epoch's checkpoint was there
    }
    EXPECT_EQ(resumed.values(), reference().models.values()) << "killed at step " << step;
    expect_same_history(result, reference().result);
  }
}

TEST(Resume, RefusesAnotherTraining) {
  const testing::TemporaryFolder folder;
  const auto path = folder.path() / "models.safetensors";
  TinyModels models;
  go_on(models, path, stop_at(7));
  const auto kept = read_file(path);

  const auto error = [&](const ModelTrainingOptions& changed, const ModelTrainingData& data) {
    auto options = changed;
    options.fit.checkpoint = path;
    options.fit.resume = true;
    return error_of<std::invalid_argument>([&] { train_models(models.pointers, data, options); });
  };
  auto options = tiny_options();
  options.fit.seed = 12;
  EXPECT_TRUE(contains(error(options, tiny_data()), "fit/seed: 11 in the checkpoint, 12 now"));
  options = tiny_options();
  options.contrastive_weight = 0.5;
  options.fit.epochs = 5;
  EXPECT_TRUE(contains(error(options, tiny_data()), "contrastive_weight: 0.3 in the checkpoint"));
  EXPECT_TRUE(contains(error(options, tiny_data()), "fit/epochs: 4 in the checkpoint, 5 now"));
  auto data = tiny_data();
  data.train.images.data<float>()[5] += 1;
  EXPECT_TRUE(contains(error(tiny_options(), data), "train/digest"));

  const std::vector<Model*> fewer{models.pointers[0]};
  options = tiny_options();
  options.fit.checkpoint = path;
  options.fit.resume = true;
  EXPECT_TRUE(
      contains(error_of<std::invalid_argument>([&] { train_models(fewer, tiny_data(), options); }),
               "models/1/name: \"width6\" in the checkpoint, nothing now"));
  EXPECT_EQ(read_file(path), kept);
}

TEST(Resume, RefusesAPositionOutsideTheTraining) {
  const testing::TemporaryFolder folder;
  const auto path = folder.path() / "models.safetensors";
  TinyModels models;
  go_on(models, path, stop_at(7));
  const Checkpoint good = load_checkpoint(path);
  const auto refused = [&](const auto& change) {
    Checkpoint bad = good;
    change(bad);
    save_checkpoint(path, bad);
    EXPECT_TRUE(contains(error_of<FileError>([&] { go_on(models, path); }),
                         "a position within 24 steps of 2 models"));
  };
  refused([](Checkpoint& c) { c.state.batch = 6; });
  refused([](Checkpoint& c) { c.state.batch = -1; });
  refused([](Checkpoint& c) { c.state.step = 8; });
  refused([](Checkpoint& c) { c.state.history.clear(); });
  refused([](Checkpoint& c) { c.state.metrics.losses.pop_back(); });
  Checkpoint bad = good;
  bad.tensors.erase("width2/weights/fc.bias");
  save_checkpoint(path, bad);
  EXPECT_TRUE(
      contains(error_of<std::invalid_argument>([&] { go_on(models, path); }), "missing: fc.bias"));
}

}  // namespace
}  // namespace muxnet
