#include "muxnet/offload/local_models.hpp"

#include <gtest/gtest.h>

#include "muxnet/data/read_images.hpp"
#include "muxnet/data/transform.hpp"
#include "muxnet/runtime/multiplexer_input.hpp"
#include "support/errors.hpp"
#include "support/hosted_models.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;
using testing::expect_near;
using testing::random_images;
using testing::side;
using testing::small_as_onnx;
using testing::TemporaryFile;
using testing::tiny_model;
using testing::tiny_multiplexer;

constexpr ImageFormat wanted{.channels = 1, .height = side, .width = side};

/// A photograph, larger than any of the two wants, in colour.
Tensor photograph() {
  Tensor image({1, 3, 11, 9}, DType::u8);
  std::uint8_t value = 0;
  for (auto& pixel : image.span<std::uint8_t>()) pixel = value += 37;
  return image;
}

HostedModel onnx_model(const TemporaryFile& file) {
  HostedModel model = testing::outside("small", [path = file.path()] { return load_onnx(path); },
                                       {{0.25F}, {0.5F}});
  model.images = wanted;
  return host(std::move(model), AnswerKind::logits);
}

Multiplexer for_vectors(std::int64_t features, const std::string& kind) {
  const MultiplexerOptions options{.body = MultiplexerBody::perceptron,
                                   .channels = features,
                                   .height = 1,
                                   .width = 1,
                                   .models = 2,
                                   .offload = true};
  Multiplexer made;
  made.model = std::make_shared<Model>("multiplexer", build_multiplexer(options), 3);
  made.kind = kind;
  return made;
}

TEST(LocalModels, LookAndAnswer) {
  const auto small = tiny_model("small", 0, 1);
  const auto models = make_local_models(tiny_multiplexer(2, true), host(small));
  EXPECT_EQ(models->small().image_shape, (Shape{1, 1, side, side}));
  EXPECT_EQ(models->small().classes, testing::classes);
  const OffloadInput input(random_images(1));
  models->check(input);
  const double score = models->score(input);
  EXPECT_GE(score, 0);
  EXPECT_LE(score, 1);
  const Tensor seen = normalize(input.image, normalization_of(*small));
  expect_near(models->probabilities(input), Predictor(*small).probabilities(seen), 0);
}

TEST(LocalModels, AnOnnxFileAnswersImagesOfAnySizeAsItWantsThem) {
  const TemporaryFile file("device.onnx", small_as_onnx());
  const HostedModel small = onnx_model(file);
  Multiplexer multiplexer = tiny_multiplexer(2, true);
  multiplexer.images = wanted;
  const auto models = make_local_models(multiplexer, small);
  const OffloadInput input(photograph());
  models->check(input);
  const Tensor cut = format_images(input.image, wanted);
  expect_near(models->probabilities(input), small.open()->answer(normalize(cut, {{0.25F}, {0.5F}})),
              0);
  const Predictor look(*multiplexer.model, 1);
  const Tensor seen = MultiplexerInput(multiplexer, input.image.shape()).all(input.image);
  EXPECT_EQ(models->score(input), look.output(seen, "offload").span<float>()[0]);
  models->check(models->blank());
}

TEST(LocalModels, TheMultiplexerMayLookAtVectorsOrAtStatistics) {
  const HostedModel small = host(tiny_model("small", 0, 1));
  const auto vectors = make_local_models(for_vectors(5, "features"), small);
  OffloadInput input(random_images(1));
  EXPECT_TRUE(contains(error_of<std::invalid_argument>([&] { vectors->check(input); }),
                       "features f32 (1, 5), which the multiplexer looks at, received none"));
  input.features = Tensor({1, 5});
  vectors->check(input);
  const double before = vectors->score(input);
  input.features.span<float>()[2] = 1;
  EXPECT_NE(vectors->score(input), before);
  const std::int64_t described = shown_to_multiplexer("statistics", random_images(1)).dim(1);
  const auto statistics = make_local_models(for_vectors(described, "statistics"), small);
  EXPECT_NE(statistics->score(random_images(1, 5)), statistics->score(random_images(1, 6)));
  statistics->check(statistics->blank());
}

TEST(LocalModels, RefuseWhatDoesNotFit) {
  const auto refused = [](Multiplexer multiplexer, HostedModel model) {
    return error_of<std::invalid_argument>(
        [&] { make_local_models(std::move(multiplexer), std::move(model)); });
  };
  const HostedModel small = host(tiny_model("small", 0, 1));
  EXPECT_TRUE(contains(refused(tiny_multiplexer(2), small), "the output offload"));
  EXPECT_TRUE(contains(refused({}, small), "a multiplexer and a model"));
  HostedModel sized = small;
  sized.images = wanted;
  EXPECT_TRUE(contains(refused(tiny_multiplexer(2, true), sized), "what becomes of images"));
  HostedModel other = small;
  other.image_shape = {1, 1, side + 1, side};
  EXPECT_TRUE(contains(refused(tiny_multiplexer(2, true), other), "inputs as"));
  const auto models = make_local_models(tiny_multiplexer(2, true), small);
  EXPECT_THROW(models->check(random_images(2)), std::invalid_argument);
  EXPECT_THROW(models->check(photograph()), std::invalid_argument);
  Tensor bytes = random_images(1);
  for (float& pixel : bytes.span<float>()) pixel *= 255;
  EXPECT_THROW(models->check(bytes), std::invalid_argument);
}

TEST(LocalModels, AModelElsewhereIsNoneOfThem) {
  HostedModel small = host(tiny_model("small", 0, 1));
  RemoteModelOptions options;
  options.endpoint.model = "m";
  options.server.url = "http://127.0.0.1:1";
  small.elsewhere = std::make_shared<EndpointClient>([&] { return make_transport(options.server); },
                                                     std::make_shared<SteadyClock>(), options);
  EXPECT_TRUE(contains(
      error_of<std::invalid_argument>([&] { make_local_models(tiny_multiplexer(2, true), small); }),
      "small, which runs elsewhere"));
}

}  // namespace
}  // namespace muxnet
