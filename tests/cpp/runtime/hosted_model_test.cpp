#include "muxnet/runtime/hosted_model.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <future>
#include <limits>
#include <mutex>

#include "muxnet/core/error.hpp"
#include "muxnet/data/transform.hpp"
#include "muxnet/runtime/service.hpp"
#include "onnx_file.hpp"
#include "pool.hpp"
#include "support/errors.hpp"

namespace muxnet {
namespace {

using testing::classes;
using testing::contains;
using testing::error_of;
using testing::random_images;
using testing::side;

/// Gives one answer to every image, and fails where a first pixel is what it fears.
class Fake final : public Classifier {
 public:
  explicit Fake(std::vector<float> answer, float fears = -1)
      : answer_(std::move(answer)), fears_(fears) {}

  Tensor answer(const Tensor& images) override {
    const std::int64_t n = images.dim(0), pixels = images.size() / n;
    Tensor result({n, static_cast<std::int64_t>(answer_.size())});
    for (std::int64_t row = 0; row < n; ++row) {
      if (images.data<float>()[row * pixels] == fears_) throw std::runtime_error("out of order");
      std::copy(answer_.begin(), answer_.end(),
                result.data<float>() + row * static_cast<std::int64_t>(answer_.size()));
    }
    return result;
  }

 private:
  std::vector<float> answer_;
  float fears_;
};

HostedModel outside(const std::string& name, std::function<std::unique_ptr<Classifier>()> open,
                    const Normalization& normalization = {{0}, {1}}) {
  return {name, 5, {1, 1, side, side}, classes, normalization, false, std::move(open)};
}

HostedModel fake(std::vector<float> answer, bool logits = false, float fears = -1) {
  return host(outside("fake", [=] { return std::make_unique<Fake>(answer, fears); }), logits);
}

/// The model "small" of the pool as an ONNX file.
std::string small_as_onnx(Shape images = {1, 1, side, side}) {
  const auto small = testing::tiny_model("small", 0, 1);
  const Tensor weight = small->parameters.value("fc.weight");
  Tensor turned({weight.dim(1), weight.dim(0)});
  for (std::int64_t k = 0; k < weight.dim(0); ++k) {
    for (std::int64_t i = 0; i < weight.dim(1); ++i) {
      turned.data<float>()[i * weight.dim(0) + k] = weight.data<float>()[k * weight.dim(1) + i];
    }
  }
  return testing::linear_onnx(std::move(images), turned, small->parameters.value("fc.bias"));
}

void expect_near(const Tensor& found, const Tensor& expected, float slack = 1e-5F) {
  ASSERT_EQ(found.shape(), expected.shape());
  for (std::int64_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found.data<float>()[i], expected.data<float>()[i], slack) << i;
  }
}

TEST(HostedModel, OfOursIsDescribedByItsNetwork) {
  const auto model = testing::tiny_model("middle", 2, 2);
  model->normalization = {{0.25F}, {0.5F}};
  const HostedModel hosted = host(model);
  EXPECT_EQ(hosted.name, "middle");
  EXPECT_EQ(hosted.cost, 288 + 96);
  EXPECT_EQ(hosted.image_shape, (Shape{1, 1, side, side}));
  EXPECT_EQ(hosted.classes, classes);
  EXPECT_EQ(hosted.normalization.mean, std::vector<float>{0.25F});
  EXPECT_FALSE(hosted.alone);
  const Tensor images = random_images(5);
  expect_near(hosted.open()->answer(images), testing::tiny_pool()->probabilities(1, images));
  EXPECT_THROW(host(std::shared_ptr<Model>()), std::invalid_argument);
}

TEST(HostedModel, TurnsLogitsIntoProbabilities) {
  // Far apart, where a naive softmax overflows.
  const Tensor found = fake({1000, 1001, -1000}, true).open()->answer(random_images(2));
  const auto expected = static_cast<float>(1 / (1 + std::exp(1.0)));
  expect_near(found, Tensor::from<float>({expected, 1 - expected, 0, expected, 1 - expected, 0},
                                         {2, classes}));
}

TEST(HostedModel, RefusesAnswersThatAreNone) {
  const auto refused = [](const std::vector<float>& answer) {
    return error_of<std::invalid_argument>([&] { fake(answer).open()->answer(random_images(2)); });
  };
  EXPECT_EQ(refused({0.5F, 0.5F}), "[fake] expected answers of shape (2, 3), received (2, 2)");
  EXPECT_EQ(refused({0, 1, std::numeric_limits<float>::quiet_NaN()}),
            "[fake] expected finite answers, received NaN or infinity");
  EXPECT_EQ(refused({-1, 1, 1}), "[fake] expected probabilities in [0, 1], received -1");
  EXPECT_TRUE(contains(refused({0.5F, 0.5F, 0.5F}), "sum to 1 within 0.01, received a sum of 1.5"));
}

TEST(HostedModel, NeedsAWholeDescription) {
  const auto open = [] { return std::make_unique<Fake>(std::vector<float>{1, 0, 0}); };
  const auto refused = [&](const std::function<void(HostedModel&)>& spoil) {
    HostedModel model = outside("fake", open);
    spoil(model);
    return error_of<std::invalid_argument>([&] { host(model, false); });
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
  EXPECT_EQ(host(colour, false).normalization.mean, (std::vector<float>(3, 0.5F)));
}

TEST(HostedModel, OfAnOnnxFileAnswersAsTheNetworkItCameFrom) {
  const Tensor images = random_images(6);
  const Tensor expected = testing::tiny_pool()->probabilities(0, images);
  // A file whose shapes speak of one image takes several nevertheless.
  for (const Shape& shape : {Shape{1, 1, side, side}, Shape{6, 1, side, side}}) {
    const testing::TemporaryFile file("linear.onnx", small_as_onnx(shape));
    const HostedModel hosted =
        host(outside("onnx", [path = file.path()] { return load_onnx(path); }), true);
    expect_near(hosted.open()->answer(images), expected);
  }
}

Deployment deployment(std::vector<HostedModel> models, std::uint64_t call) {
  return {std::move(models), {}, {std::make_shared<FixedRule>(call)}, 0, nullptr, 0};
}

ServiceRequest request(const Tensor& images) {
  ServiceRequest result;
  result.images = images;
  return result;
}

TEST(Service, GivesEachModelImagesAsItWantsThem) {
  const testing::TemporaryFile file("service.onnx", small_as_onnx());
  const auto open = [path = file.path()] { return load_onnx(path); };
  auto models = testing::tiny_models();
  models.push_back(host(outside("plain", open), true));
  models.push_back(host(outside("scaled", open, {{0.5F}, {0.25F}}), true));
  Service service(deployment(models, model_bit(0)), {.workers = 2, .max_batch = 4});
  Tensor pixels({7, 1, side, side}, DType::u8);
  for (std::int64_t i = 0; i < pixels.size(); ++i) {
    pixels.data<std::uint8_t>()[i] = static_cast<std::uint8_t>(i * 37);
  }
  ModelPool pool(testing::tiny_models());
  const auto expected = [&](const Normalization& normalization) {
    return pool.probabilities(0, normalize(pixels, normalization));
  };
  const auto answered = [&](std::size_t model) {
    ServiceRequest asked = request(pixels);
    asked.model = model;
    const ServiceAnswer answer = service.infer(asked);
    EXPECT_EQ(answer.status, ServiceStatus::ok) << answer.message;
    return answer;
  };
  expect_near(answered(0).probabilities, expected({{0}, {1}}));
  expect_near(answered(3).probabilities, expected({{0}, {1}}));
  expect_near(answered(4).probabilities, expected({{0.5F}, {0.25F}}));
  EXPECT_EQ(answered(4).macs, std::vector<double>(7, 5.0));
  EXPECT_EQ(service.statistics().stages[5].name, "scaled");
}

TEST(Service, AFailingModelFailsTheRequestThatItFailsOnAlone) {
  auto models = testing::tiny_models();
  models.push_back(fake({0, 1, 0}, false, 0.5F));
  // Waits so that requests run together.
  Service service(deployment(models, model_bit(3)),
                  {.workers = 1, .max_batch = 64, .fill_ms = 50, .warm_up = false});
  std::vector<std::future<ServiceAnswer>> answers;
  for (int i = 0; i < 6; ++i) {
    Tensor images({2, 1, side, side});
    if (i == 3) images.data<float>()[side * side] = 0.5F;
    answers.push_back(std::async(std::launch::async,
                                 [&service, images] { return service.infer(request(images)); }));
  }
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const ServiceAnswer answer = answers[i].get();
    if (i == 3) {
      EXPECT_EQ(answer.status, ServiceStatus::failed);
      EXPECT_EQ(answer.message, "out of order");
    } else {
      ASSERT_EQ(answer.status, ServiceStatus::ok) << answer.message;
      EXPECT_EQ(answer.answers, (std::vector<std::int32_t>{1, 1}));
      EXPECT_EQ(answer.macs, (std::vector<double>{5, 5}));
    }
  }
  EXPECT_EQ(service.statistics().requests.at(ServiceStatus::failed), 1u);
  EXPECT_EQ(service.statistics().requests.at(ServiceStatus::ok), 5u);
}

TEST(Service, IsNotMadeOfModelsThatCannotAnswer) {
  auto models = testing::tiny_models();
  models.push_back(fake({0.5F, 0.5F}));
  EXPECT_EQ(error_of<std::invalid_argument>([&] { Service(deployment(models, 1), {}); }),
            "[fake] expected answers of shape (1, 3), received (1, 2)");
  models.back() = host(outside("gone", [] { return load_onnx("nowhere.onnx"); }), true);
  EXPECT_TRUE(
      contains(error_of<FileError>([&] { Service(deployment(models, 1), {}); }), "nowhere.onnx"));
  models.back() = testing::tiny_models().front();
  EXPECT_TRUE(contains(error_of<std::invalid_argument>([&] { Service(deployment(models, 1), {}); }),
                       "used once"));
}

}  // namespace
}  // namespace muxnet
