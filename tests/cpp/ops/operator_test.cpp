#include "muxnet/ops/operator.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "muxnet/core/names.hpp"
#include "muxnet/ops/operators.hpp"

namespace muxnet {
namespace {

Shape shape_of(const char* op, std::vector<Shape> src, const Attributes& attributes = {}) {
  return find_operator(op).shape(src, attributes);
}

std::int64_t macs_of(const char* op, std::vector<Shape> src, const Attributes& attributes = {}) {
  return find_operator(op).macs(src, attributes);
}

std::string error_of(const char* op, std::vector<Shape> src, const Attributes& attributes = {}) {
  try {
    find_operator(op).shape(src, attributes);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no error";
}

using List = std::vector<std::int64_t>;

TEST(Operator, ConvolutionShapeMacsAndParameters) {
  // First layers of torchvision's resnet50 and mobilenet_v2 at 224 pixels.
  const Attributes stem{{"channels", 64}, {"kernel", 7}, {"stride", 2}, {"padding", 3}};
  EXPECT_EQ(shape_of("conv2d", {{2, 3, 224, 224}}, stem), (Shape{2, 64, 112, 112}));
  EXPECT_EQ(macs_of("conv2d", {{1, 3, 224, 224}}, stem), 118013952);
  EXPECT_EQ(macs_of("conv2d", {{2, 3, 224, 224}}, stem), 2 * 118013952);

  const Attributes depthwise{
      {"channels", 32}, {"kernel", 3}, {"padding", 1}, {"groups", 32}, {"bias", 1}};
  EXPECT_EQ(macs_of("conv2d", {{1, 32, 112, 112}}, depthwise), 32 * 9 * 112 * 112);
  const std::vector<Shape> src{{1, 32, 112, 112}};
  const auto parameters = find_operator("conv2d").parameters(src, depthwise);
  ASSERT_EQ(parameters.size(), 2u);
  EXPECT_EQ(parameters[0].name, "weight");
  EXPECT_EQ(parameters[0].shape, (Shape{32, 1, 3, 3}));
  EXPECT_EQ(parameters[0].fan, 9);
  EXPECT_TRUE(parameters[0].decay);
  EXPECT_EQ(parameters[1].name, "bias");
  EXPECT_EQ(parameters[1].shape, (Shape{32}));
  EXPECT_FALSE(parameters[1].decay);
}

TEST(Operator, ConvolutionTakesUnequalSettings) {
  // floor((11 + 2*2 - 2*(3-1) - 1) / 3) + 1 = 4; floor((9 + 0 - 1*(2-1) - 1) / 1) + 1 = 8.
  const Attributes attributes{{"channels", 4},
                              {"kernel", List{3, 2}},
                              {"stride", List{3, 1}},
                              {"padding", List{2, 0}},
                              {"dilation", List{2, 1}}};
  EXPECT_EQ(shape_of("conv2d", {{1, 2, 11, 9}}, attributes), (Shape{1, 4, 4, 8}));
}

TEST(Operator, LinearShapeMacsAndParameters) {
  const std::vector<Shape> src{{3, 9216}};
  EXPECT_EQ(shape_of("linear", src, {{"features", 4096}}), (Shape{3, 4096}));
  EXPECT_EQ(macs_of("linear", src, {{"features", 4096}}), 3LL * 9216 * 4096);
  const auto parameters = find_operator("linear").parameters(src, {{"features", 4096}});
  ASSERT_EQ(parameters.size(), 2u);
  EXPECT_EQ(parameters[0].shape, (Shape{4096, 9216}));
  EXPECT_EQ(parameters[0].init, Init::kaiming_uniform);
  EXPECT_EQ(parameters[1].fan, 9216);
  EXPECT_EQ(find_operator("linear").parameters(src, {{"features", 5}, {"bias", 0}}).size(), 1u);
}

TEST(Operator, BatchNormOwnsTwoParametersAndTwoBuffers) {
  const std::vector<Shape> src{{2, 7, 4, 4}};
  const auto parameters = find_operator("batch_norm").parameters(src, {});
  ASSERT_EQ(parameters.size(), 4u);
  EXPECT_TRUE(parameters[0].trainable && parameters[1].trainable);
  EXPECT_EQ(parameters[2].name, "running_mean");
  EXPECT_FALSE(parameters[2].trainable);
  EXPECT_EQ(parameters[3].name, "running_var");
  EXPECT_EQ(parameters[3].init, Init::ones);
  EXPECT_EQ(parameters[3].shape, (Shape{7}));
}

TEST(Operator, PoolingShapes) {
  const Attributes resnet{{"kernel", 3}, {"stride", 2}, {"padding", 1}};
  EXPECT_EQ(shape_of("max_pool", {{1, 8, 112, 112}}, resnet), (Shape{1, 8, 56, 56}));
  EXPECT_EQ(shape_of("max_pool", {{1, 8, 7, 7}}, {{"kernel", 2}}), (Shape{1, 8, 3, 3}));
  EXPECT_EQ(shape_of("max_pool", {{1, 8, 7, 7}}, {{"kernel", 2}, {"ceil_mode", 1}}),
            (Shape{1, 8, 4, 4}));
  // PyTorch: the fourth window would start in the padding behind the image.
  EXPECT_EQ(shape_of("max_pool", {{1, 1, 5, 5}},
                     {{"kernel", 2}, {"stride", 2}, {"padding", 1}, {"ceil_mode", 1}}),
            (Shape{1, 1, 3, 3}));
  EXPECT_EQ(shape_of("average_pool", {{1, 8, 9, 6}}, {{"kernel", List{3, 2}}}),
            (Shape{1, 8, 3, 3}));
  EXPECT_EQ(shape_of("adaptive_average_pool", {{2, 5, 9, 6}}), (Shape{2, 5, 1, 1}));
  EXPECT_EQ(shape_of("adaptive_average_pool", {{2, 5, 9, 6}}, {{"output", List{6, 7}}}),
            (Shape{2, 5, 6, 7}));
}

TEST(Operator, OtherShapesAndNoMacs) {
  EXPECT_EQ(shape_of("flatten", {{2, 3, 4, 5}}), (Shape{2, 60}));
  EXPECT_EQ(shape_of("add", {{2, 3}, {2, 3}}), (Shape{2, 3}));
  EXPECT_EQ(shape_of("l2_norm", {{2, 6}}, {{"groups", 3}}), (Shape{2, 6}));
  for (const char* op : {"relu", "relu6", "sigmoid", "softmax", "dropout", "batch_norm"}) {
    EXPECT_EQ(shape_of(op, {{2, 6}}), (Shape{2, 6})) << op;
    EXPECT_EQ(macs_of(op, {{2, 6}}), 0) << op;
  }
}

TEST(Operator, ErrorsSayWhereExpectedReceived) {
  EXPECT_EQ(error_of("conv2d", {{1, 3, 8, 8}}, {{"kernel", 3}}),
            "[conv2d] expected attribute channels, received none");
  EXPECT_EQ(error_of("conv2d", {{1, 3, 8, 8}}, {{"channels", 4}}),
            "[conv2d] expected attribute kernel, received none");
  EXPECT_EQ(error_of("conv2d", {{1, 3, 8}}, {{"channels", 4}, {"kernel", 3}}),
            "[conv2d] expected an input of 4 axes, received (1, 3, 8)");
  EXPECT_EQ(error_of("conv2d", {{1, 3, 8, 8}}, {{"channels", 4}, {"kernel", 3}, {"groups", 2}}),
            "[conv2d] expected groups that divide 3 input and 4 output channels, received 2");
  EXPECT_EQ(error_of("conv2d", {{1, 3, 2, 8}}, {{"channels", 4}, {"kernel", 3}}),
            "[conv2d] expected an input of at least the kernel's extent (3, 3), received "
            "(1, 3, 2, 8)");
  EXPECT_EQ(error_of("conv2d", {{1, 3, 8, 8}}, {{"channels", 4}, {"kernel", 3}, {"stride", 0}}),
            "[conv2d] expected stride of at least 1, received (0, 0)");
  EXPECT_EQ(error_of("conv2d", {{1, 3, 8, 8}}, {{"channels", 4}, {"kernel", 3}, {"strides", 2}}),
            "[conv2d] expected attributes among: channels, kernel, stride, padding, dilation, "
            "groups, bias, relu, relu6, received strides");
  EXPECT_EQ(error_of("max_pool", {{1, 3, 8, 8}}, {{"kernel", 3}, {"padding", 2}}),
            "[max_pool] expected padding of at most half the kernel (3, 3), received (2, 2)");
  EXPECT_EQ(error_of("add", {{1, 3}, {1, 4}}),
            "[add] expected a second input of shape (1, 3), received (1, 4)");
  EXPECT_EQ(error_of("add", {{1, 3}}), "[add] expected 2 inputs of add, received 1");
  EXPECT_EQ(error_of("relu", {{0, 3}}),
            "[relu] expected inputs of at least 2 axes, each of extent 1 or more, received (0, 3)");
  EXPECT_EQ(error_of("relu", {{1, 3}}, {{"slope", 0.1}}),
            "[relu] expected attributes among: none, received slope");
  EXPECT_EQ(error_of("dropout", {{1, 3}}, {{"p", 1.0}}),
            "[dropout] expected p in [0, 1), received 1");
  EXPECT_EQ(error_of("l2_norm", {{1, 5}}, {{"groups", 2}}),
            "[l2_norm] expected groups that divide the last axis of (1, 5), received 2");
  EXPECT_EQ(error_of("linear", {{1, 5}}, {{"features", 0}}),
            "[linear] expected features of at least 1, received 0");
  EXPECT_EQ(error_of("batch_norm", {{1, 5, 3}}),
            "[batch_norm] expected an input of 2 or 4 axes, received (1, 5, 3)");
  EXPECT_EQ(error_of("batch_norm", {{1, 5}}, {{"eps", 0}}),
            "[batch_norm] expected eps above 0, received 0");
}

TEST(Operator, UnknownNameListsWhatThereIs) {
  try {
    find_operator("conv3d");
    FAIL() << "no error";
  } catch (const std::invalid_argument& error) {
    EXPECT_EQ(std::string(error.what()),
              text("[operators] expected ", one_of(operators().names()), ", received conv3d"));
  }
}

TEST(Attributes, WrongTypesAreErrors) {
  const Attributes attributes{{"p", 0.5}, {"n", 3}, {"list", List{1, 2, 3}}};
  EXPECT_EQ(attributes.integer("n", 0), 3);
  EXPECT_EQ(attributes.number("n", 0), 3.0);
  EXPECT_EQ(attributes.pair("n", 0), (std::pair<std::int64_t, std::int64_t>{3, 3}));
  EXPECT_EQ(attributes.pair("absent", 7), (std::pair<std::int64_t, std::int64_t>{7, 7}));
  const auto message = [](auto&& read) -> std::string {
    try {
      read();
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message([&] { attributes.integer("p", 0); }),
            "[attribute p] expected an integer, received the number 0.5");
  EXPECT_EQ(message([&] { attributes.number("list", 0); }),
            "[attribute list] expected a number, received a list (1, 2, 3)");
  EXPECT_EQ(message([&] { attributes.pair("list", 0); }),
            "[attribute list] expected an integer or two of them (height, width), received a list "
            "(1, 2, 3)");
}

}  // namespace
}  // namespace muxnet
