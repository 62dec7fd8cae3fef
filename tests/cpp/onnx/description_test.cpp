#include "muxnet/onnx/description.hpp"

#include <gtest/gtest.h>

#include "files.hpp"
#include "muxnet/core/error.hpp"
#include "support/errors.hpp"
#include "support/resources.hpp"

namespace muxnet {
namespace {

using testing::bytes;
using testing::contains;
using testing::error_of;
using testing::number;
using testing::onnx_node;
using testing::onnx_typed;
using testing::TemporaryFile;

std::string model(const std::string& graph, int opset = 17) {
  return number(1, 8) + bytes(7, graph) + bytes(8, number(2, opset));
}

std::string refusal(const std::string& content) {
  return error_of<std::invalid_argument>([&] { describe_onnx(content, ""); });
}

TEST(OnnxDescription, SaysWhatTheFileSays) {
  const std::string weight = bytes(8, "w") + number(1, 2) + number(2, 1) + bytes(9, "12345678");
  const std::string graph = bytes(1, onnx_node("Add", {"images", "w"}, "y")) + bytes(5, weight) +
                            bytes(11, onnx_typed("images", 10, {0, 3, 224, 224})) +
                            bytes(11, onnx_typed("w", 1, {2})) +
                            bytes(12, onnx_typed("y", 10, {0, 3, 224, 224}));
  const std::string more = bytes(14, bytes(1, "author") + bytes(2, "me")) +
                           bytes(8, bytes(1, "ai.onnx.ml") + number(2, 3));
  const OnnxDescription found = describe_onnx(model(graph) + more, "");
  ASSERT_EQ(found.inputs.size(), 1U);  // the other one has a value
  EXPECT_EQ(to_string(found.inputs), "images f16 (?, 3, 224, 224)");
  EXPECT_EQ(found.operators, (std::vector<std::string>{"Add"}));
  EXPECT_EQ(found.opsets.at(""), 17);
  EXPECT_EQ(found.opsets.at("ai.onnx.ml"), 3);
  EXPECT_EQ(found.metadata.at("author"), "me");
  EXPECT_EQ(found.nodes, 1);
  EXPECT_EQ(found.layout, "nchw");  // by the 3 channels
}

TEST(OnnxDescription, NodesStandInAnyOrderButNotInACircle) {
  const std::string ends =
      bytes(11, onnx_typed("x", 1, {0, 2})) + bytes(12, onnx_typed("y", 1, {0, 2}));
  const auto nodes = [&](const std::vector<std::pair<std::string, std::string>>& names) {
    std::string graph;
    for (const auto& [source, target] : names)
      graph += bytes(1, onnx_node("Relu", {source}, target));
    return model(graph + ends);
  };
  EXPECT_NO_THROW(describe_onnx(nodes({{"x", "z"}, {"z", "y"}}), ""));
  EXPECT_NO_THROW(describe_onnx(nodes({{"z", "y"}, {"x", "z"}}), ""));
  EXPECT_TRUE(contains(refusal(nodes({{"z", "y"}, {"y", "z"}})), "received a circle"));
  EXPECT_TRUE(contains(refusal(nodes({{"y", "y"}})), "received a circle"));
  EXPECT_TRUE(contains(refusal(nodes({{"x", "y"}, {"a", "b"}})), "the graph has, received a"));
  EXPECT_TRUE(contains(refusal(nodes({{"x", "y"}, {"x", "y"}})), "a name of its own"));
  EXPECT_TRUE(contains(refusal(nodes({{"x", "z"}})), "an output of the graph"));
  EXPECT_TRUE(contains(refusal(""), "a graph, received none"));
}

TEST(OnnxDescription, CountsAreBoundedByWhatTheFileIsLong) {
  const auto many = [](int field, int count) {
    std::string graph;
    for (int i = 0; i < count; ++i) graph += bytes(field, "");
    return model(graph);
  };
  const testing::Taken taken;
  EXPECT_TRUE(contains(refusal(many(1, 1'000'000)), "at most 100000 nodes"));
  EXPECT_TRUE(contains(refusal(many(11, 1'000'000)), "at most 10000 inputs"));
  EXPECT_TRUE(contains(refusal(many(12, 1'000'000)), "at most 10000 inputs"));
  EXPECT_LT(taken.peak_mib(), 512);
}

TEST(OnnxDescription, TheLayoutIsToldByOperatorsOrTheChannels) {
  const auto layout = [](const std::vector<std::string>& nodes, const std::vector<int>& axes) {
    std::string graph = bytes(11, onnx_typed("x", 1, axes)) + bytes(12, onnx_typed("y", 1, {0, 2}));
    for (const auto& one : nodes) graph += bytes(1, one);
    return describe_onnx(model(graph), "").layout;
  };
  const auto perm = [](const std::vector<int>& order) {
    std::string attribute = bytes(1, "perm");
    for (const int axis : order) attribute += number(8, axis);
    return onnx_node("Transpose", {"c"}, "t") + bytes(5, attribute);
  };
  const std::string cast = onnx_node("Cast", {"x"}, "c");
  const auto pool = [](const char* source) {
    return onnx_node("GlobalAveragePool", {source}, "y");
  };
  EXPECT_EQ(layout({cast, pool("c")}, {0, 0, 0, 0}), "nchw");
  EXPECT_EQ(layout({cast, perm({0, 3, 1, 2}), pool("t")}, {0, 0, 0, 0}), "nhwc");
  EXPECT_EQ(layout({onnx_node("Relu", {"x"}, "y")}, {0, 0, 0, 0}), "");
  EXPECT_EQ(layout({onnx_node("Relu", {"x"}, "y")}, {0, 8, 8, 3}), "nhwc");
  EXPECT_EQ(layout({onnx_node("Relu", {"x"}, "y")}, {0, 1, 8, 1}), "");
  EXPECT_EQ(layout({onnx_node("Relu", {"x"}, "y")}, {0, 3}), "");
}

TEST(OnnxDescription, ValuesMayBeQuantisedIn16Bits) {
  const auto quantised = [](int type, bool constant, const std::string& attribute = "") {
    const std::string tensor =
        number(2, static_cast<std::uint64_t>(type)) + bytes(9, std::string(2, 0));
    const std::string zero = constant ? bytes(1, onnx_node("Constant", {}, "z") +
                                                     bytes(5, bytes(1, "value") + bytes(5, tensor)))
                                      : bytes(5, bytes(8, "z") + tensor);
    const std::string graph =
        bytes(11, onnx_typed("x", 1, {0, 2})) + zero +
        bytes(1, onnx_node("QuantizeLinear", {"x", "x", "z"}, "y") + bytes(5, attribute)) +
        bytes(12, onnx_typed("y", 4, {0, 2}));
    return describe_onnx(model(graph, 21), "").quantised_in_16_bits;
  };
  EXPECT_TRUE(quantised(4, false));
  EXPECT_TRUE(quantised(5, true));
  EXPECT_TRUE(quantised(10, false, bytes(1, "output_dtype") + number(3, 4)));
  EXPECT_FALSE(quantised(10, false, bytes(1, "axis") + number(3, 1)));
}

TEST(OnnxDescription, ValuesMayBeQuantisedDynamically) {
  const auto dynamic = [](const std::string& node) {
    const std::string graph = bytes(11, onnx_typed("x", 1, {0, 2})) + bytes(1, node) +
                              bytes(12, onnx_typed("y", 1, {0, 2}));
    return describe_onnx(model(graph, 21), "").dynamically_quantised;
  };
  EXPECT_TRUE(dynamic(onnx_node("DynamicQuantizeLinear", {"x"}, "y")));
  EXPECT_TRUE(dynamic(onnx_node("DynamicQuantizeMatMul", {"x"}, "y") + bytes(7, "com.microsoft")));
  EXPECT_FALSE(dynamic(onnx_node("QuantizeLinear", {"x"}, "y")));
}

TEST(OnnxDescription, ASoftmaxOfOldMaySpanAxes) {
  const auto spans = [](const std::string& attribute, const std::vector<int>& axes, int opset) {
    const std::string graph = bytes(11, onnx_typed("x", 1, axes)) +
                              bytes(1, onnx_node("Softmax", {"x"}, "y") + bytes(5, attribute)) +
                              bytes(12, onnx_typed("y", 1, axes));
    return describe_onnx(model(graph, opset), "").spans_axes;
  };
  const auto axis = [](std::int64_t value) { return bytes(1, "axis") + number(3, value); };
  EXPECT_TRUE(spans(axis(1), {0, 2, 3, 3}, 11));
  EXPECT_TRUE(spans("", {0, 2, 3, 3}, 11));
  EXPECT_FALSE(spans(axis(1), {0, 2}, 11));
  EXPECT_FALSE(spans(axis(-1), {0, 2, 3, 3}, 11));
  EXPECT_FALSE(spans(axis(1), {0, 2, 3, 3}, 13));
}

TEST(OnnxDescription, WeightsOfAnotherFileAreInTheFolderAndWhole) {
  const TemporaryFile beside("weights.bin", "0123456789");
  const auto folder = beside.path().parent_path();
  const auto weight = [&](const std::string& name, const std::string& more = "") {
    const auto entry = [](const std::string& key, const std::string& value) {
      return bytes(13, bytes(1, key) + bytes(2, value));
    };
    const std::string tensor = bytes(8, "w") + number(1, 2) + number(2, 1) + number(14, 1) +
                               entry("location", name) +
                               (more.empty() ? "" : entry("offset", more));
    const std::string graph = bytes(5, tensor) + bytes(1, onnx_node("Add", {"x", "w"}, "y")) +
                              bytes(11, onnx_typed("x", 1, {0, 2})) +
                              bytes(12, onnx_typed("y", 1, {0, 2}));
    return model(graph);
  };
  const auto refused = [&](const std::string& content) {
    return error_of<std::invalid_argument>([&] { describe_onnx(content, folder); });
  };
  const std::string name = beside.path().filename().string();
  EXPECT_EQ(describe_onnx(weight(name, "2"), folder).external_files,
            std::vector<std::string>{name});
  EXPECT_TRUE(contains(refused(weight(name, "3")), "8 bytes from byte 3"));
  EXPECT_TRUE(contains(refused(weight("absent.bin")), "tensor 'w'"));
  EXPECT_TRUE(contains(refused(weight("../" + name)), "the model's own folder"));
  EXPECT_TRUE(contains(refused(weight("/etc/passwd")), "the model's own folder"));
  EXPECT_TRUE(contains(refused(weight("")), "the model's own folder"));
  EXPECT_TRUE(contains(refused(weight(name, "-1")), "a whole number"));
}

}  // namespace
}  // namespace muxnet
