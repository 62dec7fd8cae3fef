#include "muxnet/onnx/description.hpp"

#include <gtest/gtest.h>

#include "muxnet/core/error.hpp"
#include "muxnet/core/random.hpp"
#include "muxnet/runtime/classifier.hpp"
#include "support/damage.hpp"
#include "support/errors.hpp"
#include "support/onnx_file.hpp"
#include "support/resources.hpp"

namespace muxnet {
namespace {

using testing::bytes;
using testing::contains;
using testing::error_of;
using testing::number;
using testing::TemporaryFile;

/// A model whose one weight is `tensor`.
std::string model_of(const std::string& tensor) {
  const std::string graph = bytes(1, testing::onnx_node("Flatten", {"images"}, "flat")) +
                            bytes(1, testing::onnx_node("MatMul", {"flat", "w"}, "logits")) +
                            bytes(2, "linear") + bytes(5, tensor) +
                            bytes(11, testing::onnx_value("images", {1, 1, 2, 2})) +
                            bytes(12, testing::onnx_value("logits", {1, 3}));
  return number(1, 7) + bytes(7, graph) + bytes(8, number(2, 13));
}

/// A tensor of f32, or of another type, with any values.
std::string tensor_of(const std::vector<std::int64_t>& shape, const std::string& values,
                      int type = 1) {
  std::string result;
  for (const std::int64_t extent : shape) result += number(1, extent);
  return result + number(2, type) + bytes(8, "w") + values;
}

std::string raw(std::size_t count) { return bytes(9, std::string(count, '\0')); }

/// The attribute of a node that holds a tensor.
std::string node_with(const std::string& attribute) {
  return bytes(7, bytes(1, testing::onnx_node("Constant", {}, "w") + bytes(5, attribute)));
}

OnnxDescription read(const std::string& model) { return describe_onnx(model, ""); }

std::string refusal(const std::string& model) {
  return error_of<std::invalid_argument>([&] { describe_onnx(model, ""); });
}

TEST(OnnxTensors, WholeOnesPass) {
  const std::string packed(8, '\1');
  for (const auto& tensor :
       {tensor_of({4, 3}, raw(48)), tensor_of({2}, bytes(4, packed)), tensor_of({}, raw(4)),
        tensor_of({8}, bytes(7, packed), 7), tensor_of({0}, ""), tensor_of({0, 3}, "", 7),
        tensor_of({1}, bytes(10, packed), 11), tensor_of({2}, number(5, 1) + number(5, 2), 6),
        bytes(1, "\4\3") + number(2, 1) + bytes(8, "w") + raw(48)}) {
    EXPECT_NO_THROW(read(model_of(tensor)));
    EXPECT_NO_THROW(read(node_with(bytes(5, tensor))));
  }
}

TEST(OnnxTensors, OtherValuesThanTheShapesAreRefused) {
  constexpr std::int64_t large = std::int64_t{1} << 40;
  std::vector<std::int64_t> axes(40'000, 1);
  const std::vector<std::string> tensors{
      tensor_of({4, 3}, ""),
      tensor_of({4, 3}, raw(47)),
      tensor_of({4, 3}, raw(52)),
      tensor_of({4, 3}, raw(48) + bytes(4, std::string(4, '\1'))),
      tensor_of({4, 3}, bytes(7, std::string(12, '\1'))),  // of another type
      tensor_of({4, 3}, raw(48) + raw(4)),                 // the last one counts
      tensor_of({large, large}, raw(48)),
      tensor_of({32'768, 32'768}, raw(16)),
      tensor_of({-1, 3}, raw(48)),
      tensor_of(axes, raw(4)),
      tensor_of({4, 3}, raw(48), 99),
      tensor_of({4, 3}, bytes(13, bytes(1, "location") + bytes(2, "/etc/passwd"))),
      tensor_of({4, 3}, number(14, 1))};
  const testing::Taken taken;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    for (const auto& model :
         {model_of(tensors[i]), node_with(bytes(5, tensors[i])), node_with(bytes(10, tensors[i])),
          node_with(bytes(6, bytes(5, tensors[i])))}) {
      EXPECT_LT(refusal(model).size(), 500U) << i;
    }
    const TemporaryFile file("hostile.onnx", model_of(tensors[i]));
    const auto message = error_of<std::invalid_argument>([&] { load_onnx(file.path()); });
    EXPECT_TRUE(contains(message, file.path().string())) << i;
  }
  EXPECT_LT(taken.peak_mib(), 64);
  const std::string whole = tensor_of({4, 3}, raw(48));
  EXPECT_TRUE(contains(refusal(node_with(bytes(5, whole) + bytes(5, whole))), "protobuf message"));
}

TEST(OnnxTensors, DepthIsBounded) {
  std::string graph = bytes(5, tensor_of({1}, raw(4)));
  for (int i = 0; i < 2'000; ++i) graph = bytes(1, bytes(5, bytes(6, graph)));
  EXPECT_TRUE(contains(refusal(bytes(7, graph)), "at most 16 levels deep"));
}

TEST(OnnxTensors, DamagedModelsAreRefusedOrLoaded) {
  const std::string whole = testing::linear_onnx({1, 1, 2, 2}, Tensor({4, 3}), Tensor({3}));
  Random random(1);
  int refused = 0;
  for (int i = 0; i < 300; ++i) {
    const TemporaryFile file("damaged.onnx", testing::damaged_or_cut(whole, random));
    try {
      load_onnx(file.path())->answer(Tensor({1, 1, 2, 2}));
    } catch (const std::invalid_argument&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 30);
}

}  // namespace
}  // namespace muxnet
