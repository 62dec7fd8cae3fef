#include "muxnet/runtime/saved_multiplexer.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "muxnet/core/file.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/networks/weights.hpp"
#include "support/errors.hpp"
#include "support/pool.hpp"
#include "support/temporary_folder.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;

SavedMultiplexer example() {
  SavedMultiplexer saved;
  saved.network = {.channels = 1,
                   .height = testing::side,
                   .width = testing::side,
                   .filters = 2,
                   .models = 3,
                   .meta_dim = 5};
  auto model = std::make_shared<Model>("multiplexer", build_multiplexer(saved.network), 3);
  model->normalization = {{0.25F}, {0.5F}};
  saved.multiplexer = {
      model,   Objective::correctness,
      {},      testing::tiny_costs(3),
      "image", ImageFormat{.channels = 1, .height = testing::side, .width = testing::side},
      7.5};
  saved.models = {"small", "middle", "large"};
  saved.classes = testing::classes;
  saved.cost_kind = "cost";
  saved.learnt_from = "0123";
  return saved;
}

TEST(SavedMultiplexer, ComesBackAsItWas) {
  const testing::TemporaryFolder folder;
  const auto saved = example();
  save_multiplexer(saved, folder.path());
  const auto found = load_multiplexer(folder.path());
  EXPECT_EQ(found.models, saved.models);
  EXPECT_EQ(found.multiplexer.images, saved.multiplexer.images);
  EXPECT_EQ(found.classes, saved.classes);
  EXPECT_EQ(found.cost_kind, saved.cost_kind);
  EXPECT_EQ(found.learnt_from, saved.learnt_from);
  EXPECT_EQ(cost_of(found.multiplexer), 7.5);
  EXPECT_EQ(found.multiplexer.costs, saved.multiplexer.costs);
  const Tensor images = testing::random_images(4);
  const auto before =
      run_multiplexer(saved.multiplexer, Predictor(*saved.multiplexer.model), images);
  const auto after =
      run_multiplexer(found.multiplexer, Predictor(*found.multiplexer.model), images);
  for (std::int64_t i = 0; i < before.scores.size(); ++i) {
    EXPECT_EQ(after.scores.data<float>()[i], before.scores.data<float>()[i]);
    EXPECT_EQ(after.weights.data<float>()[i], before.weights.data<float>()[i]);
  }
  EXPECT_EQ(found.multiplexer.model->normalization.mean, std::vector<float>{0.25F});
}

TEST(SavedMultiplexer, OneThatOffloadsComesBackAsItWas) {
  const testing::TemporaryFolder folder;
  SavedMultiplexer saved = example();
  saved.network.models = 2;
  saved.network.offload = true;
  saved.models = {"small", "large"};
  saved.multiplexer.costs = testing::tiny_costs(2);
  saved.multiplexer.model =
      std::make_shared<Model>("multiplexer", build_multiplexer(saved.network), 3);
  save_multiplexer(saved, folder.path());
  const Multiplexer found = load_multiplexer(folder.path()).multiplexer;
  EXPECT_TRUE(offloads(found));
  const Tensor images = testing::random_images(4);
  const auto before =
      run_multiplexer(saved.multiplexer, Predictor(*saved.multiplexer.model), images);
  const auto after = run_multiplexer(found, Predictor(*found.model), images);
  ASSERT_EQ(after.offload_score.shape(), (Shape{4}));
  EXPECT_TRUE(after.scores.empty() && after.weights.empty());
  for (std::int64_t i = 0; i < 4; ++i) {
    EXPECT_EQ(after.offload_score.data<float>()[i], before.offload_score.data<float>()[i]);
  }
}

TEST(SavedMultiplexer, KnowsWhatItLooksAt) {
  const testing::TemporaryFolder folder;
  SavedMultiplexer saved = example();
  saved.network = {.body = MultiplexerBody::perceptron,
                   .channels = 6,
                   .height = 1,
                   .width = 1,
                   .models = 3,
                   .meta_dim = 5};
  saved.multiplexer.model =
      std::make_shared<Model>("multiplexer", build_multiplexer(saved.network), 3);
  saved.multiplexer.kind = "embedding";
  saved.multiplexer.images.reset();
  saved.multiplexer.encoder = Encoder{"small", "pooled"};
  save_multiplexer(saved, folder.path());
  const auto found = load_multiplexer(folder.path()).multiplexer.encoder;
  ASSERT_TRUE(found);
  EXPECT_EQ(found->model, "small");
  EXPECT_EQ(found->output, "pooled");
  const auto path = folder.path() / multiplexer_file;
  const auto refusal = [&](const nlohmann::json& encoder) {
    auto content = nlohmann::json::parse(read_file(path));
    content["encoder"] = encoder;
    write_atomically(path, content.dump());
    return error_of<std::invalid_argument>([&] { load_multiplexer(folder.path()); });
  };
  EXPECT_TRUE(contains(refusal({{"model", "huge"}, {"output", "pooled"}}), "one of its models"));
  EXPECT_TRUE(contains(refusal(nullptr), "the model that it looks at"));
}

/// What is said of a file that one change was made to.
std::string refusal(const std::function<void(nlohmann::json&)>& change) {
  const testing::TemporaryFolder folder;
  save_multiplexer(example(), folder.path());
  const auto path = folder.path() / multiplexer_file;
  auto content = nlohmann::json::parse(read_file(path));
  change(content);
  write_atomically(path, content.dump());
  return error_of<std::invalid_argument>([&] { load_multiplexer(folder.path()); });
}

TEST(SavedMultiplexer, HostileFilesAreRefused) {
  EXPECT_TRUE(contains(refusal([](auto& c) { c["format"] = "other"; }), "muxnet multiplexer 1"));
  EXPECT_TRUE(contains(refusal([](auto& c) { c["kind"] = "nose"; }), "one of image"));
  EXPECT_TRUE(contains(refusal([](auto& c) {
                         c["encoder"] = {{"model", "small"}, {"output", "y"}};
                       }),
                       "none for image"));
  EXPECT_TRUE(contains(refusal([](auto& c) { c["kind"] = "features"; }), "a saved multiplexer"));
  EXPECT_TRUE(contains(refusal([](auto& c) { c["objective"] = "x"; }), "correctness or ensemble"));
  EXPECT_TRUE(contains(refusal([](auto& c) { c["costs"] = {1, 2}; }), "3 numbers above 0"));
  EXPECT_TRUE(contains(refusal([](auto& c) { c["costs"][1] = -1; }), "3 numbers above 0"));
  EXPECT_TRUE(contains(refusal([](auto& c) { c["cost"] = -1; }), "a number of at least 0"));
  EXPECT_TRUE(contains(refusal([](auto& c) { c["models"] = {"a", "a", "b"}; }), "different names"));
  EXPECT_TRUE(contains(refusal([](auto& c) { c["images"]["height"] = 5; }), "inputs as"));
  EXPECT_TRUE(contains(refusal([](auto& c) { c["images"] = nullptr; }), "a format"));
  EXPECT_TRUE(contains(refusal([](auto& c) { c["images"]["fit"] = "x"; }), "a saved multiplexer"));
  EXPECT_TRUE(contains(refusal([](auto& c) { c.erase("network"); }), "network"));
  EXPECT_TRUE(contains(refusal([](auto& c) { c = {1, 2}; }), "a saved multiplexer"));
}

TEST(SavedMultiplexer, AsksForNoMemoryThatItsFileDoesNotHold) {
  EXPECT_TRUE(contains(refusal([](auto& c) { c["network"]["filters"] = 8000; }), "parameters"));
  EXPECT_TRUE(contains(refusal([](auto& c) { c["network"]["filters"] = 1 << 30; }), "0 .. "));
  EXPECT_TRUE(contains(refusal([](auto& c) { c["network"]["filters"] = 1 << 26; }), "at most"));
  EXPECT_TRUE(contains(refusal([](auto& c) { c["network"]["meta_dim"] = -3; }), "0 .. "));
}

TEST(SavedMultiplexer, WeightsOfAnotherOneAreRefused) {
  const testing::TemporaryFolder folder;
  save_multiplexer(example(), folder.path());
  Model other("multiplexer", build_multiplexer(example().network), 4);
  save_weights(other, folder.path() / multiplexer_weights_file);
  const auto error = error_of<std::invalid_argument>([&] { load_multiplexer(folder.path()); });
  EXPECT_TRUE(contains(error, "the weights that were written with it"));
}

}  // namespace
}  // namespace muxnet
