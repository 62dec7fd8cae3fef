#include "muxnet/onnx/model.hpp"

#include <gtest/gtest.h>

#include "files.hpp"
#include "muxnet/core/half.hpp"
#include "support/errors.hpp"

namespace muxnet {
namespace {

using testing::bytes;
using testing::contains;
using testing::error_of;
using testing::number;
using testing::onnx_node;
using testing::onnx_typed;
using testing::relu_onnx;
using testing::Seen;
using testing::TemporaryFile;

constexpr int f32 = 1, u8 = 2, i64 = 7, f16 = 10;

/// Rows of one pixel and two channels: row + 0.25, row + 0.5.
Tensor rows(std::int64_t n) {
  Tensor result({n, 2, 1, 1});
  for (std::int64_t i = 0; i < 2 * n; ++i) {
    result.data<float>()[i] = static_cast<float>(i / 2) + (i % 2 == 0 ? 0.25F : 0.5F);
  }
  return result;
}

/// Gives the first two numbers of each row back, as (n, 2) or another shape of as many.
auto echo(const Seen& seen, const Shape& tail = {2}) {
  return [&seen, tail](const Shape& shape, const ReadOutput& read) {
    Shape answer{shape.front()};
    answer.insert(answer.end(), tail.begin(), tail.end());
    read(0, {"f32", answer, seen.inputs.back().data()});
  };
}

OnnxModel open(Seen& seen, const std::vector<int>& axes, int type = f32,
               const std::vector<int>& answer = {0, 2}, const OnnxOptions& options = {}) {
  const TemporaryFile file("model.onnx", relu_onnx({onnx_typed("images", type, axes)},
                                                   {{"y", onnx_typed("y", f32, answer)}}));
  return OnnxModel(file.path(), options, testing::seen_by(seen));
}

std::vector<float> values(const Tensor& tensor) {
  const auto span = tensor.span<float>();
  return {span.begin(), span.end()};
}

TEST(OnnxModel, SplitsAndPadsBatchesOfAFixedSize) {
  Seen seen;
  seen.answer = echo(seen);
  const OnnxModel model = open(seen, {2, 2, 1, 1}, f32, {2, 2});
  const Tensor answers = model.answer(rows(3));
  EXPECT_EQ(seen.shapes, (std::vector<Shape>{{2, 2, 1, 1}, {2, 2, 1, 1}}));
  EXPECT_EQ(answers.shape(), (Shape{3, 2}));
  EXPECT_EQ(values(answers), values(rows(3)));
  EXPECT_EQ(values(model.answer(rows(1))), values(rows(1)));
  const auto* padded = reinterpret_cast<const float*>(seen.inputs.back().data());
  EXPECT_EQ(std::vector<float>(padded, padded + 4), (std::vector<float>{0.25, 0.5, 0.25, 0.5}));
}

TEST(OnnxModel, RunsOneByOneWhatAnswersSoWhateverItsShapesSay) {
  Seen seen;
  seen.answer = [&](const Shape&, const ReadOutput& read) {
    read(0, {"f32", {1, 2}, seen.inputs.back().data()});
  };
  const OnnxModel model = open(seen, {0, 2, 1, 1});
  EXPECT_EQ(values(model.answer(rows(3))), values(rows(3)));
  EXPECT_EQ(seen.shapes.size(), 4U);
  EXPECT_EQ(values(model.answer(rows(2))), values(rows(2)));
  EXPECT_EQ(seen.shapes.size(), 6U);  // not tried whole again
}

TEST(OnnxModel, AnInputIsAloneWhereOthersOfItsBatchCount) {
  for (const int batch : {0, 2}) {
    Seen seen;
    seen.answer = echo(seen);
    const std::string graph = bytes(1, onnx_node("DynamicQuantizeLinear", {"images"}, "y")) +
                              bytes(11, onnx_typed("images", f32, {batch, 2, 1, 1})) +
                              bytes(12, onnx_typed("y", f32, {batch, 2}));
    const TemporaryFile file("m.onnx", number(1, 8) + bytes(7, graph) + bytes(8, number(2, 17)));
    const OnnxModel model(file.path(), {}, testing::seen_by(seen));
    EXPECT_EQ(values(model.answer(rows(3))), values(rows(3)));
    EXPECT_EQ(seen.shapes, std::vector<Shape>(3, {std::max(batch, 1), 2, 1, 1}));
    const auto* numbers = reinterpret_cast<const float*>(seen.inputs.back().data());
    EXPECT_EQ(numbers[0], numbers[batch]);  // others are itself
  }
}

TEST(OnnxModel, TurnsAxesAndNumbersAsTheFileHasThem) {
  Tensor images({1, 3, 2, 2});  // channel + 10 x pixel, /255
  for (std::int64_t i = 0; i < 12; ++i) {
    images.data<float>()[i] = static_cast<float>(i / 4 + 10 * (i % 4)) / 255;
  }
  const std::string last{0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32};
  Seen seen;
  seen.element = 1;
  seen.answer = [](const Shape&, const ReadOutput& read) {
    const float found[] = {1, 2};
    read(0, {"f32", {1, 2}, found});
  };
  open(seen, {0, 2, 2, 3}, u8).answer(images);
  EXPECT_EQ(seen.inputs.back(), last);
  EXPECT_EQ(seen.shapes.back(), (Shape{1, 2, 2, 3}));
  Tensor bytes({1, 3, 2, 2}, DType::u8);
  for (std::int64_t i = 0; i < 12; ++i) {
    bytes.data<std::uint8_t>()[i] = static_cast<std::uint8_t>(i / 4 + 10 * (i % 4));
  }
  open(seen, {0, 3, 2, 2}, u8).answer(bytes);
  EXPECT_EQ(seen.inputs.back(), (std::string{0, 10, 20, 30, 1, 11, 21, 31, 2, 12, 22, 32}));
  images.data<float>()[0] = 2;
  const auto beyond = [&] { open(seen, {0, 3, 2, 2}, u8).answer(images); };
  EXPECT_TRUE(contains(error_of<std::invalid_argument>(beyond), "numbers 0 .. 1 for 0 .. 255"));
  seen.element = 2;
  images.data<float>()[0] = 1;
  open(seen, {0, 3, 2, 2}, f16).answer(images);
  EXPECT_EQ(*reinterpret_cast<const std::uint16_t*>(seen.inputs.back().data()), 0x3C00);
}

TEST(OnnxModel, RefusesImagesOfAnotherShapeAndAxesThatNobodyTells) {
  Seen seen;
  seen.answer = echo(seen);
  const Tensor square({1, 2, 2, 2});
  const auto refusal = [&](const std::vector<int>& axes, const OnnxOptions& options = {}) {
    return error_of<std::invalid_argument>([&] {
      open(seen, axes, f32, {0, 2}, options).answer(square);
    });
  };
  EXPECT_TRUE(contains(refusal({0, 3, 2, 2}), "images f32 (?, 3, 2, 2)"));
  EXPECT_TRUE(contains(refusal({0, 0, 0, 0}), "nchw or nhwc"));
  EXPECT_TRUE(contains(refusal({0, 2}), "images f32 (?, 2)"));
  EXPECT_TRUE(contains(refusal({0, 2, 2, 2}, {.layout = "chwn"}), "nchw or nhwc"));
  open(seen, {0, 2, 2, 2}, f32, {0, 2}, {.layout = "nchw"});
}

TEST(OnnxModel, ReadsAnswersOfEveryShapeThatIsOneRowEach) {
  for (const Shape& tail : {Shape{2}, Shape{2, 1, 1}, Shape{1, 2}}) {
    Seen seen;
    seen.answer = echo(seen, tail);
    EXPECT_EQ(open(seen, {0, 2, 1, 1}).answer(rows(2)).shape(), (Shape{2, 2}));
  }
  for (const Shape& answer : {Shape{3, 2}, Shape{1, 2, 2}, Shape{4}, Shape{}, Shape{2, 0}}) {
    Seen seen;
    seen.answer = [&](const Shape&, const ReadOutput& read) {
      read(0, {"f32", answer, seen.inputs.back().data()});
    };
    EXPECT_TRUE(contains(error_of<std::invalid_argument>([&] {
                           open(seen, {2, 2, 1, 1}).answer(rows(2));
                         }),
                         "scores (2, K)"));
  }
}

TEST(OnnxModel, GivesAnotherOutputBesideTheAnswerWholeOrInSteps) {
  const TemporaryFile file("embedding.onnx", relu_onnx({onnx_typed("images", f32, {0, 2, 1, 1})},
                                                       {{"map", onnx_typed("map", f32, {0, 2, 3})},
                                                        {"y", onnx_typed("y", f32, {0, 2})}}));
  Seen seen;
  std::vector<std::string> asked;
  const OpenSession engine = [&](const OnnxSessionOptions& options) {
    for (const OnnxValue& output : options.outputs) asked.push_back(output.name);
    return std::make_unique<testing::SeenSession>(seen);
  };
  const std::vector<float> numbers(24, 0.5F);
  bool whole = true;
  seen.answer = [&](const Shape& shape, const ReadOutput& read) {
    const std::int64_t batch = whole ? shape.front() : 1;
    read(0, {"f32", {batch, 2}, seen.inputs.back().data()});
    read(1, {"f32", {batch, 2, 3}, numbers.data()});
  };
  const OnnxModel model(file.path(), {.embedding = "map"}, engine);
  EXPECT_EQ(asked, (std::vector<std::string>{"y", "map"}));
  for (const bool one_run : {true, false}) {
    whole = one_run;
    const EmbeddedAnswers found = model.answer_embedded(rows(3));
    EXPECT_EQ(values(found.answers), values(rows(3)));
    EXPECT_EQ(found.embedding.shape(), (Shape{3, 6}));
    EXPECT_EQ(values(found.embedding), std::vector<float>(18, 0.5F));
  }
}

TEST(OnnxModel, TheAnswerItselfMayBeTheEmbeddingAndNoOtherNameThanAnOutputs) {
  Seen seen;
  seen.answer = echo(seen);
  const EmbeddedAnswers found =
      open(seen, {0, 2, 1, 1}, f32, {0, 2}, {.embedding = "y"}).answer_embedded(rows(2));
  EXPECT_EQ(values(found.embedding), values(found.answers));
  Tensor spoilt = rows(2);
  spoilt.data<float>()[3] = std::numeric_limits<float>::infinity();
  const OnnxModel model = open(seen, {0, 2, 1, 1}, f32, {0, 2}, {.embedding = "y"});
  EXPECT_TRUE(contains(error_of<std::invalid_argument>([&] { model.answer_embedded(spoilt); }),
                       "[embedding] expected finite numbers"));
  const auto other = [&] { open(seen, {0, 2, 1, 1}, f32, {0, 2}, {.embedding = "z"}); };
  EXPECT_TRUE(contains(error_of<std::invalid_argument>(other),
                       "output 'z'] expected an output of the file, received y f32 (?, 2)"));
}

TEST(OnnxModel, LabelsAreOneHotRowsWhereTheClassesAreCounted) {
  Seen seen;
  const std::int64_t labels[] = {1, 0};
  seen.answer = [&](const Shape& shape, const ReadOutput& read) {
    read(0, {"i64", {shape.front()}, labels});
  };
  const TemporaryFile file("labels.onnx", relu_onnx({onnx_typed("images", f32, {0, 2})},
                                                    {{"label", onnx_typed("label", i64, {0})}}));
  const auto open_with = [&](std::int64_t classes) {
    return OnnxModel(file.path(), {.classes = classes}, testing::seen_by(seen));
  };
  const Tensor features({2, 2});
  EXPECT_EQ(values(open_with(3).answer(features)), (std::vector<float>{0, 1, 0, 1, 0, 0}));
  EXPECT_TRUE(contains(error_of<std::invalid_argument>([&] { open_with(1).answer(features); }),
                       "one of 1 classes, received 1"));
  EXPECT_TRUE(contains(error_of<std::invalid_argument>([&] { open_with(0); }), "labels alone"));
}

TEST(OnnxModel, TheAnswerIsTheOutputNamedOrTheOnlyOneThatCanBe) {
  const auto chosen = [](const std::map<std::string, std::string>& outputs,
                         const OnnxOptions& options = {}) {
    Seen seen;
    const TemporaryFile file("outputs.onnx",
                             relu_onnx({onnx_typed("images", f32, {0, 2})}, outputs));
    return OnnxModel(file.path(), options, testing::seen_by(seen)).output().name;
  };
  const auto scores = [](const char* name, int width) { return onnx_typed(name, f32, {0, width}); };
  const std::map<std::string, std::string> two{{"a", scores("a", 4)}, {"b", scores("b", 8)}};
  const auto refusal = [&](const auto& outputs, const OnnxOptions& options = {}) {
    return error_of<std::invalid_argument>([&] { chosen(outputs, options); });
  };
  EXPECT_EQ(chosen(two, {.output = "b"}), "b");
  EXPECT_EQ(chosen(two, {.classes = 4}), "a");
  EXPECT_EQ(chosen({{"label", onnx_typed("label", i64, {0})}, {"b", scores("b", 3)}}), "b");
  EXPECT_EQ(chosen({{"map", onnx_typed("map", f32, {0, 4, 7, 7})}, {"b", scores("b", 3)}}), "b");
  EXPECT_TRUE(contains(refusal(two), "a f32 (?, 4), b f32 (?, 8)"));
  EXPECT_TRUE(contains(refusal(two, {.output = "c"}), "a f32 (?, 4), b f32 (?, 8)"));
  EXPECT_TRUE(contains(refusal(two, {.classes = 5}), "(n, 5)"));
  EXPECT_TRUE(contains(refusal(std::map<std::string, std::string>{}), "received none"));
}

TEST(OnnxModel, TakesOneInputOfNumbers) {
  Seen seen;
  const auto refusal = [&](const std::vector<std::string>& inputs) {
    const TemporaryFile file("inputs.onnx",
                             relu_onnx(inputs, {{"y", onnx_typed("y", f32, {0, 2})}}));
    return error_of<std::invalid_argument>(
        [&] { OnnxModel(file.path(), {}, testing::seen_by(seen)); });
  };
  const std::string images = onnx_typed("images", f32, {0, 2});
  EXPECT_TRUE(contains(refusal({images, onnx_typed("mask", f32, {0})}), "mask f32 (?)"));
  EXPECT_TRUE(contains(refusal({onnx_typed("images", 8, {0, 1})}), "images string (?, 1)"));
  EXPECT_TRUE(contains(refusal({onnx_typed("images", f32, {1 << 20, 1 << 20})}), "at most"));
}

TEST(Half, ComesBackAndRoundsToNearest) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = from_half(half);
    if (value == value) {
      EXPECT_EQ(to_half(value), half);
    } else {
      EXPECT_TRUE(std::isnan(from_half(to_half(value))));
    }
  }
  EXPECT_EQ(to_half(1 + 0x1p-11F), 0x3C00);      // halfway, to even
  EXPECT_EQ(to_half(1 + 3 * 0x1p-11F), 0x3C02);  // halfway, to even
  EXPECT_EQ(to_half(65519.0F), 0x7BFF);          // the largest
  EXPECT_EQ(to_half(65520.0F), 0x7C00);          // infinity
  EXPECT_EQ(to_half(0x1p-25F), 0);               // halfway to the smallest
  EXPECT_EQ(to_half(1.5F * 0x1p-25F), 1);
}

}  // namespace
}  // namespace muxnet
