// A service of models that something else runs.
#include <gtest/gtest.h>

#include <future>

#include "muxnet/core/error.hpp"
#include "muxnet/data/transform.hpp"
#include "muxnet/service/service.hpp"
#include "support/errors.hpp"
#include "support/hosted_models.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;
using testing::expect_near;
using testing::fake;
using testing::outside;
using testing::random_images;
using testing::side;
using testing::small_as_onnx;

Deployment deployment(std::vector<HostedModel> models, std::uint64_t call) {
  return {std::move(models), {}, {std::make_shared<FixedRule>(call)}, 0, nullptr, 0};
}

ServiceRequest request(const Tensor& images) {
  ServiceRequest result;
  result.images = {images};
  return result;
}

TEST(Service, GivesEachModelImagesAsItWantsThem) {
  const testing::TemporaryFile file("service.onnx", small_as_onnx());
  const auto open = [path = file.path()] { return load_onnx(path); };
  auto models = testing::tiny_models();
  models.push_back(host(outside("plain", open), AnswerKind::logits));
  models.push_back(host(outside("scaled", open, {{0.5F}, {0.25F}}), AnswerKind::logits));
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
  EXPECT_EQ(answered(4).costs, std::vector<double>(7, 5.0));
  EXPECT_EQ(service.statistics().stages[5].name, "scaled");
}

/// Answers the class that is the width of its images less two.
class WidthClassifier final : public Classifier {
 public:
  Tensor answer(const Tensor& images) override {
    Tensor answers({images.dim(0), testing::classes});
    for (std::int64_t i = 0; i < images.dim(0); ++i) {
      answers.data<float>()[i * testing::classes + images.dim(3) - 2] = 1;
    }
    return answers;
  }
};

HostedModel of_width(const std::string& name, std::int64_t width) {
  HostedModel model = outside(name, [] { return std::make_unique<WidthClassifier>(); });
  model.image_shape = {1, 1, 2, width};
  return host(model, AnswerKind::probabilities);
}

TEST(Service, ShowsEachModelTheImagesOfItsSize) {
  Deployment parts =
      deployment({of_width("a", 3), of_width("b", 4), of_width("c", 3)}, model_bit(1));
  EXPECT_TRUE(contains(error_of<std::invalid_argument>([&] { Service(parts, {}); }),
                       "expected input (1, 1, 2, 3) as others that are shown the same images"));
  parts.shown = {0, 0, 1};
  EXPECT_TRUE(contains(error_of<std::invalid_argument>([&] { Service(parts, {}); }),
                       "one of the images for each of 4 stages, received 3"));
  parts.shown = {0, 0, 1, 0};
  Service service(parts, {.workers = 1, .max_batch = 4});
  ServiceRequest asked;
  asked.images = {Tensor({5, 1, 2, 3}), Tensor({5, 1, 2, 4})};
  EXPECT_EQ(service.infer(asked).answers, std::vector<std::int32_t>(5, 2));
  asked.model = 2;
  EXPECT_EQ(service.infer(asked).answers, std::vector<std::int32_t>(5, 1));
  asked.images[1] = Tensor();  // which that model is not shown
  EXPECT_EQ(service.infer(asked).answers, std::vector<std::int32_t>(5, 1));
  asked.model.reset();
  EXPECT_TRUE(contains(error_of<std::invalid_argument>([&] { service.infer(asked); }),
                       "(n, c, h, w) as (1, 1, 2, 4)"));
  asked.images.pop_back();
  EXPECT_TRUE(contains(error_of<std::invalid_argument>([&] { service.infer(asked); }),
                       "2 tensors, one for each size that models are shown, received 1"));
}

TEST(Service, AFailingModelFailsTheRequestThatItFailsOnAlone) {
  auto models = testing::tiny_models();
  models.push_back(fake({0, 1, 0}, AnswerKind::probabilities, 0.5F));
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
      EXPECT_EQ(answer.costs, (std::vector<double>{5, 5}));
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
  models.back() =
      host(outside("gone", [] { return load_onnx("nowhere.onnx"); }), AnswerKind::logits);
  EXPECT_TRUE(
      contains(error_of<FileError>([&] { Service(deployment(models, 1), {}); }), "nowhere.onnx"));
  models.back() = testing::tiny_models().front();
  EXPECT_TRUE(contains(error_of<std::invalid_argument>([&] { Service(deployment(models, 1), {}); }),
                       "used once"));
}

}  // namespace
}  // namespace muxnet
