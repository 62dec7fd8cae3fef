#include "muxnet/protocol/nesting.hpp"

#include <gtest/gtest.h>

#include "muxnet/protocol/inference_request.hpp"

namespace muxnet {
namespace {

/// What is said of `data` under `shape`; empty: nothing.
std::string refusal(const std::string& data, const Shape& shape) {
  const std::string body = R"({"inputs": [{"name": "i", "data": )" + data + "}]}";
  const auto request = read_rest_request(body, body.size());
  try {
    request.inputs.at(0).nesting.check(shape, "i");
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "";
}

TEST(Nesting, TakesListsThatPutEachElementWhereTheShapeDoes) {
  const std::pair<std::string, Shape> right[] = {
      {"[[[1, 2, 3], [4, 5, 6]]]", {1, 2, 3}},
      {"[[1, 2, 3], [4, 5, 6]]", {1, 2, 3}},        // without the axis of one
      {"[[[1], [2]], [[3], [4]]]", {2, 2}},         // with one more
      {"[[1, 2, 3, 4], [5, 6, 7, 8]]", {2, 2, 2}},  // the rest flat
      {"[1, 2, 3, 4]", {2, 2}},
      {"[1, 2, 3]", {2, 2}},  // too few, which others say
      {"[]", {2, 2}},
      {"null", {2, 2}},
  };
  for (const auto& [data, shape] : right) EXPECT_EQ(refusal(data, shape), "") << data;
}

TEST(Nesting, RefusesOthersByBoth) {
  const std::pair<std::string, Shape> wrong[] = {
      {"[[1, 2], [3, 4], [5, 6]]", {2, 3}},
      {"[[1, 2, 3], [4, 5, 6]]", {1, 6}},
      {"[[1, 2], [3, 4]]", {4}},
      {"[[1, 2], [3, 4]]", {}},
      {"[[1, 2], [3, 4]]", {2, std::int64_t{1} << 62, 4}},
  };
  for (const auto& [data, shape] : wrong) {
    const std::string told = refusal(data, shape);
    EXPECT_NE(told.find(extents_text(shape) + ", received ["), std::string::npos) << told;
  }
  EXPECT_EQ(refusal("[[1, 2, 3], [4, 5, 6]]", {3, 2}),
            "[i] expected data nested as their shape, [3, 2], received [2, 3]");
}

TEST(Nesting, RefusesListsThatAreNotAlike) {
  for (const char* data : {"[[1, 2], [3]]", "[1, [2]]", "[[1], 2]", "[1, []]", "[[], 1]",
                           "[[1, 2], []]", "[[[]], [1]]", "[[[1], [2]], [[3]], [[4]]]"}) {
    const std::string told = refusal(data, {2, 2});
    EXPECT_NE(told.find("received lists that are not alike"), std::string::npos) << data << told;
  }
}

}  // namespace
}  // namespace muxnet
