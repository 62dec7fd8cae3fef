#include "muxnet/runtime/hosted_model.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/errors.hpp"
#include "support/hosted_models.hpp"

namespace muxnet {
namespace {

using testing::classes;
using testing::contains;
using testing::error_of;
using testing::expect_near;
using testing::Fake;
using testing::fake;
using testing::outside;
using testing::random_images;
using testing::side;
using testing::small_as_onnx;

TEST(HostedModel, OfOursIsDescribedByItsNetwork) {
  const auto model = testing::tiny_model("middle", 2, 2);
  model->normalization = {{0.25F}, {0.5F}};
  const HostedModel hosted = host(model);
  EXPECT_EQ(hosted.name, "middle");
  EXPECT_EQ(hosted.cost, 288 + 96);
  EXPECT_EQ(hosted.image_shape, (Shape{1, 1, side, side}));
  EXPECT_EQ(hosted.classes, classes);
  EXPECT_EQ(hosted.normalization.mean, std::vector<float>{0.25F});
  EXPECT_EQ(hosted.at_once, 0U);
  const Tensor images = random_images(5);
  expect_near(hosted.open()->answer(images), testing::tiny_pool()->probabilities(1, images));
  EXPECT_THROW(host(std::shared_ptr<Model>()), std::invalid_argument);
}

TEST(HostedModel, TurnsLogitsIntoProbabilities) {
  // Far apart, where a naive softmax overflows.
  const Tensor found =
      fake({1000, 1001, -1000}, AnswerKind::logits).open()->answer(random_images(2));
  const auto expected = static_cast<float>(1 / (1 + std::exp(1.0)));
  expect_near(found, Tensor::from<float>({expected, 1 - expected, 0, expected, 1 - expected, 0},
                                         {2, classes}));
}

TEST(HostedModel, DividesScoresOfEachLabelByTheirSum) {
  const auto answer = [](const std::vector<float>& scores) {
    return fake(scores, AnswerKind::scores).open()->answer(random_images(1));
  };
  expect_near(answer({0.2F, 0.6F, 0}), Tensor::from<float>({0.25F, 0.75F, 0}, {1, classes}));
  expect_near(answer({0.9F, 0.9F, 0}), Tensor::from<float>({0.5F, 0.5F, 0}, {1, classes}));
  const float third = 1 / 3.0F;
  expect_near(answer({0, 0, 0}), Tensor::from<float>({third, third, third}, {1, classes}));
  EXPECT_TRUE(contains(error_of<std::invalid_argument>([&] {
                         answer({0, 1.5F, 0});
                       }),
                       "[fake] expected scores in [0, 1], each label's own, received 1.5"));
}

TEST(HostedModel, RefusesAnswersThatAreNone) {
  const auto refused = [](const std::vector<float>& answer) {
    return error_of<std::invalid_argument>([&] { fake(answer).open()->answer(random_images(2)); });
  };
  EXPECT_EQ(refused({0.5F, 0.5F}), "[fake] expected answers of shape (2, 3), received (2, 2)");
  EXPECT_EQ(refused({0, 1, std::numeric_limits<float>::quiet_NaN()}),
            "[fake] expected finite answers, received NaN or infinity");
  EXPECT_EQ(refused({1, -1, 1}),
            "[fake] expected probabilities in [0, 1], received -1 of class 1; output says so where "
            "they are logits");
  EXPECT_TRUE(
      contains(refused({0.5F, 0.5F, 0.5F}), "sum to 1 within 0.015, received a sum of 1.5"));
}

TEST(HostedModel, ClipsWhatRoundingLeftOutside) {
  const auto answer = [](const std::vector<float>& values, AnswerKind kind) {
    return fake(values, kind).open()->answer(random_images(1));
  };
  for (const auto kind : {AnswerKind::probabilities, AnswerKind::scores}) {
    const Tensor found = answer({-1e-9F, 1.0000001F, 0}, kind);
    EXPECT_EQ(found.data<float>()[0], 0.0F);
    EXPECT_EQ(found.data<float>()[1], 1.0F);
  }
}

TEST(HostedModel, NeedsAWholeDescription) {
  const auto open = [] { return std::make_unique<Fake>(std::vector<float>{1, 0, 0}); };
  const auto refused = [&](const std::function<void(HostedModel&)>& spoil) {
    HostedModel model = outside("fake", open);
    spoil(model);
    return error_of<std::invalid_argument>([&] { host(model, AnswerKind::probabilities); });
  };
  EXPECT_TRUE(contains(refused([](auto& m) { m.image_shape = {1, 4, 4}; }), "images (1, c, h, w)"));
  EXPECT_TRUE(contains(refused([](auto& m) { m.classes = 1; }), "at least 2 classes"));
  EXPECT_TRUE(contains(refused([](auto& m) { m.cost = -1; }), "[fake, cost]"));
  EXPECT_TRUE(contains(refused([](auto& m) { m.open = {}; }), "received nothing"));
  EXPECT_EQ(refused([](auto& m) {
              m.normalization.mean = {0, 0};
            }),
            "[fake, mean] expected 1 or 1 values, received 2");
  HostedModel colour = outside("colour", open, {{0.5F}, {0.25F}});
  colour.image_shape = {1, 3, 2, 2};
  EXPECT_EQ(host(colour, AnswerKind::probabilities).normalization.mean,
            (std::vector<float>(3, 0.5F)));
}

TEST(HostedModel, OfVectorsHasNoChannelsToNormaliseOrReverse) {
  HostedModel model = outside("fake",
                              [] {
                                return std::make_unique<Fake>(std::vector<float>{1, 0, 0});
                              },
                              {{}, {}});
  model.image_shape = {1, 5};
  model.reversed = true;
  expect_near(host(model, AnswerKind::probabilities).open()->answer(Tensor({2, 5})),
              Tensor::from<float>({1, 0, 0, 1, 0, 0}, {2, 3}));
}

/// Answers which of an image's channels is the brightest.
class Brightest final : public Classifier {
 public:
  Tensor answer(const Tensor& images) override {
    Tensor answers({images.dim(0), images.dim(1)});
    const std::int64_t plane = images.dim(2) * images.dim(3);
    for (std::int64_t i = 0; i < images.dim(0); ++i) {
      const auto value = [&](std::int64_t c) {
        return images.data<float>()[(i * images.dim(1) + c) * plane];
      };
      std::int64_t best = 0;
      for (std::int64_t c = 1; c < images.dim(1); ++c) best = value(c) > value(best) ? c : best;
      answers.data<float>()[i * images.dim(1) + best] = 1;
    }
    return answers;
  }
};

TEST(HostedModel, IsShownItsChannelsAndAnswersItsClasses) {
  HostedModel model = outside("brightest", [] { return std::make_unique<Brightest>(); });
  model.image_shape = {1, 3, 2, 2};
  Tensor images({2, 3, 2, 2});
  for (int i = 0; i < 4; ++i) images.data<float>()[i] = images.data<float>()[16 + i] = 1;
  expect_near(host(model, AnswerKind::probabilities).open()->answer(images),
              Tensor::from<float>({1, 0, 0, 0, 1, 0}, {2, 3}));
  model.reversed = true;
  expect_near(host(model, AnswerKind::probabilities).open()->answer(images),
              Tensor::from<float>({0, 0, 1, 0, 1, 0}, {2, 3}));
  model.classes = 5;
  model.places = {4, 0, 2};
  const Tensor expected = Tensor::from<float>({0, 0, 1, 0, 0, 1, 0, 0, 0, 0}, {2, 5});
  const auto opened = host(model, AnswerKind::probabilities).open();
  expect_near(opened->answer(images), expected);
  opened->begin(images, 1000, [&](const Answered& found) {
    ASSERT_FALSE(found.failure);
    expect_near(found.answers, expected);
  });
  model.places = {4, 0, 4};
  EXPECT_EQ(error_of<std::invalid_argument>([&] { host(model, AnswerKind::probabilities); }),
            "[brightest] expected different classes below 5, received 4");
}

TEST(HostedModel, OfAnOnnxFileAnswersAsTheNetworkItCameFrom) {
  const Tensor images = random_images(6);
  const Tensor expected = testing::tiny_pool()->probabilities(0, images);
  // A file whose shapes speak of one image takes several nevertheless.
  for (const Shape& shape : {Shape{1, 1, side, side}, Shape{6, 1, side, side}}) {
    const testing::TemporaryFile file("linear.onnx", small_as_onnx(shape));
    const HostedModel hosted =
        host(outside("onnx", [path = file.path()] { return load_onnx(path); }), AnswerKind::logits);
    expect_near(hosted.open()->answer(images), expected);
  }
}

}  // namespace
}  // namespace muxnet
