#include "muxnet/networks/predictor.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "support/errors.hpp"
#include "training/tiny.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;

Tensor tiny_images(std::int64_t n) { return testing::tiny_dataset(n, 3).images; }

TEST(Predictor, AnswersTheSameInBatchesOfAnySize) {
  testing::TinyModels models;
  Model& model = *models.pointers[1];
  const Tensor images = tiny_images(23);
  const auto whole = Predictor(model, 23).outputs(images, {"logits", "projected"});
  EXPECT_EQ(whole.at("logits").shape(), (Shape{23, testing::classes}));
  EXPECT_EQ(whole.at("projected").shape(), (Shape{23, 6}));
  for (const std::int64_t batch : {1, 8, 64}) {
    const auto parts = Predictor(model, batch).outputs(images, {"logits", "projected"});
    for (const auto& [name, expected] : whole) {
      const auto a = expected.span<float>();
      const auto b = parts.at(name).span<float>();
      for (std::size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 1e-5) << name << ' ' << i;
    }
  }
}

TEST(Predictor, GivesProbabilitiesAndSeesNewWeights) {
  testing::TinyModels models;
  Model& model = *models.pointers[0];
  Predictor predictor(model, 8);
  const Tensor before = predictor.probabilities(tiny_images(9));
  for (std::int64_t i = 0; i < 9; ++i) {
    double sum = 0;
    for (int k = 0; k < testing::classes; ++k)
      sum += before.data<float>()[i * testing::classes + k];
    EXPECT_NEAR(sum, 1, 1e-6);
  }
  model.parameters.value("fc.bias").span<float>()[2] = 50;
  model.parameters.changed();
  EXPECT_NEAR(predictor.probabilities(tiny_images(9)).data<float>()[2], 1, 1e-6);
}

TEST(Predictor, RefusesOtherImagesAndOutputs) {
  testing::TinyModels models;
  Predictor predictor(*models.pointers[0], 4);
  const auto error = error_of<std::invalid_argument>([&] {
    predictor.probabilities(Tensor({2, 1, 5, testing::side}));
  });
  EXPECT_TRUE(contains(error, "[predict width2]"));
  EXPECT_TRUE(contains(error, "(2, 1, 5, 8)"));
  EXPECT_THROW(predictor.probabilities(Tensor({0, 1, 8, 8})), std::invalid_argument);
  EXPECT_THROW(predictor.probabilities(Tensor({1, 1, 8, 8}, DType::f64)), std::invalid_argument);
  EXPECT_THROW(predictor.outputs(tiny_images(2), {"nothing"}), std::invalid_argument);
}

}  // namespace
}  // namespace muxnet
