#include "muxnet/training/checkpoint.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "muxnet/core/safetensors.hpp"
#include "support/errors.hpp"
#include "support/temporary_folder.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;

Checkpoint example() {
  Checkpoint checkpoint;
  checkpoint.fingerprint = R"({"seed":1})";
  checkpoint.tensors.emplace("a/weights/w", Tensor::from<float>({1.5F, -2}, {2}));
  auto& state = checkpoint.state;
  state.epoch = 1;
  state.batch = 2;
  state.step = 8;
  state.seconds = 0.1;
  state.metrics.losses = {{1.0 / 3, 2}};
  state.metrics.accuracies = {{0.1, 2}};
  state.trends = {{0.7, 1.99}};
  state.metrics.distances.one_right_distance = RunningMean{0.3, 7};
  EpochRecord record;
  record.epoch = 1;
  record.metrics.losses = {2.0 / 3};
  record.held_out_accuracies = {0.7};
  record.learning_rate = 1e-3;
  state.history = {record};
  return checkpoint;
}

TEST(Checkpoint, ComesBackToTheSameBits) {
  const testing::TemporaryFolder folder;
  const auto path = folder.path() / "training.safetensors";
  save_checkpoint(path, example());
  const Checkpoint back = load_checkpoint(path);
  EXPECT_EQ(back.fingerprint, example().fingerprint);
  EXPECT_EQ(back.tensors.at("a/weights/w").data<float>()[1], -2);
  EXPECT_EQ(back.state.step, 8);
  EXPECT_EQ(back.state.batch, 2);
  EXPECT_EQ(back.state.metrics.losses.at(0).sum, 1.0 / 3);
  EXPECT_EQ(back.state.trends.at(0).weight, 1.99);
  EXPECT_EQ(back.state.metrics.distances.one_right_distance->weight, 7);
  ASSERT_EQ(back.state.history.size(), 1U);
  EXPECT_EQ(back.state.history[0].metrics.losses, std::vector<double>{2.0 / 3});
  EXPECT_EQ(back.state.history[0].held_out_accuracies, std::vector<double>{0.7});
  EXPECT_EQ(folder.entries(), 1U);
}

TEST(Checkpoint, NeverReplacesAGoodOneByWeightsThatAreNotFinite) {
  const testing::TemporaryFolder folder;
  const auto path = folder.path() / "training.safetensors";
  save_checkpoint(path, example());
  const auto before = read_file(path);
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    auto broken = example();
    broken.tensors.at("a/weights/w").data<float>()[1] = bad;
    const auto error = error_of<TrainingError>([&] { save_checkpoint(path, broken); });
    EXPECT_TRUE(contains(error, "finite weights"));
    EXPECT_TRUE(contains(error, "a/weights/w"));
  }
  EXPECT_EQ(read_file(path), before);
  EXPECT_EQ(folder.entries(), 1U);
}

TEST(Checkpoint, RefusesOtherFiles) {
  const testing::TemporaryFolder folder;
  const auto path = folder.path() / "other.safetensors";
  EXPECT_THROW(load_checkpoint(path), FileError);
  SafeTensors weights;
  weights.tensors.emplace("w", Tensor({2}));
  save_safetensors(path, weights);
  EXPECT_TRUE(contains(error_of<FileError>([&] { load_checkpoint(path); }),
                       "a training checkpoint, format muxnet-checkpoint-2"));
  weights.metadata = {{"format", "muxnet-checkpoint-2"}, {"fingerprint", "{}"}};
  save_safetensors(path, weights);
  EXPECT_TRUE(contains(error_of<FileError>([&] { load_checkpoint(path); }),
                       "readable checkpoint metadata"));
  for (const char* state : {"{", "[]", "{\"epoch\": \"x\"}"}) {
    weights.metadata["state"] = state;
    save_safetensors(path, weights);
    EXPECT_THROW(load_checkpoint(path), FileError) << state;
  }
}

TEST(Fingerprint, SaysWhatDiffers) {
  const char* there = R"({"fit":{"seed":1,"epochs":3},"name":"x"})";
  EXPECT_NO_THROW(
      require_same_fingerprint(there, R"({"name":"x","fit":{"epochs":3,"seed":1}})", "f"));
  const auto error = error_of<std::invalid_argument>([&] {
    require_same_fingerprint(there, R"({"fit":{"seed":2,"epochs":3},"new":true})", "f.safetensors");
  });
  EXPECT_TRUE(contains(error, "resume from f.safetensors"));
  EXPECT_TRUE(contains(error, "fit/seed: 1 in the checkpoint, 2 now"));
  EXPECT_TRUE(contains(error, "name: \"x\" in the checkpoint, nothing now"));
  EXPECT_TRUE(contains(error, "new: nothing in the checkpoint, true now"));
  EXPECT_FALSE(contains(error, "epochs"));
  EXPECT_TRUE(contains(
      error_of<std::invalid_argument>([&] { require_same_fingerprint("nonsense", there, "f"); }),
      "unreadable fingerprint"));
}

}  // namespace
}  // namespace muxnet
