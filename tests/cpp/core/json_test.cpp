#include "muxnet/core/json.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "muxnet/core/json_values.hpp"
#include "support/errors.hpp"
#include "support/resources.hpp"
#include "support/temporary_folder.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;

std::string refusal(const std::string& content, const JsonLimits& limits = {}) {
  return error_of<std::invalid_argument>([&] { parse_json(content, limits); });
}

std::string repeated(const std::string& part, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += part;
  return result;
}

TEST(Json, GivesTheLibrarysOwnValues) {
  for (const std::string content :
       {R"({"a": [1, -2, 2.5, true, null, "x\u00e9"], "b": {"c": {}, "d": [[]]}})", "3", "[]",
        "\"text\"", " [ 18446744073709551615 , -9223372036854775808 ] "}) {
    EXPECT_EQ(parse_json(content), nlohmann::json::parse(content));
  }
}

TEST(Json, RefusesInFewWords) {
  EXPECT_TRUE(contains(refusal(""), "[JSON] "));
  EXPECT_TRUE(contains(refusal("{} {}"), "parse error"));
  EXPECT_TRUE(contains(refusal("[1e999]"), "out_of_range"));
  EXPECT_EQ(refusal(R"({"a": 1, "a": 2})"), "[JSON] expected different keys, received 'a' twice");
  EXPECT_LT(refusal(std::string(1 << 20, 'x')).size(), 300U);
  EXPECT_LT(refusal('"' + std::string(1 << 20, '\xE9') + '"').size(), 300U);
  const std::string name(1 << 20, 'k');
  EXPECT_LT(refusal("{\"" + name + "\": 1, \"" + name + "\": 2}").size(), 300U);
}

TEST(Json, DepthSizeAndCountAreBounded) {
  EXPECT_EQ(refusal(std::string(33, '[') + std::string(33, ']')),
            "[JSON] expected at most 32 levels, received deeper nesting");
  EXPECT_NO_THROW(parse_json(std::string(32, '[') + std::string(32, ']')));
  EXPECT_TRUE(contains(refusal(repeated("{\"a\":", 100'000)), "at most 32 levels"));
  EXPECT_EQ(refusal("[1, 2, 3]", {.values = 3}), "[JSON] expected at most 3 values, received more");
  EXPECT_NO_THROW(parse_json("[1, 2, 3]", {.values = 4}));
  EXPECT_EQ(refusal("[1, 2]", {.bytes = 5}), "[JSON] expected at most 5 bytes, received 6");
}

TEST(Json, WholeNumbersAreNotCut) {
  EXPECT_EQ(parse_json("2.0").get<int>(), 2);
  EXPECT_EQ(parse_json("18446744073709551615").get<std::uint64_t>(), ~std::uint64_t{0});
  EXPECT_EQ(parse_json("[1, 2]").get<std::vector<std::int16_t>>(),
            (std::vector<std::int16_t>{1, 2}));
  const auto of = [](const char* content, auto kind) {
    return error_of<JsonError>([&] { parse_json(content).get<decltype(kind)>(); });
  };
  EXPECT_EQ(of("2.5", 0),
            "[JSON] expected a whole number of -2147483648 .. 2147483647, received 2.5");
  EXPECT_EQ(of("70000", std::int16_t{}),
            "[JSON] expected a whole number of -32768 .. 32767, received 70000");
  EXPECT_TRUE(contains(of("-1", std::uint64_t{}), "received -1"));
  EXPECT_TRUE(
      contains(of("18446744073709551615", std::int64_t{}), "received 18446744073709551615"));
  EXPECT_TRUE(contains(of("1e43", std::int64_t{}), "received 1e+43"));
}

TEST(Json, TakesTimeLinearInItsSize) {
  // An object's members grow by one after the other: looking through all of them each time took
  // minutes.
  std::string objects = "{";
  for (int i = 0; i < 200'000; ++i) objects += text(i > 0 ? "," : "", '"', i, "\":{}");
  const testing::Taken taken;
  EXPECT_EQ(parse_json(objects + "}").size(), 200'000U);
  EXPECT_LT(taken.seconds(), 20);
  EXPECT_LT(taken.peak_mib(), 300);
}

TEST(Json, NamesTheFile) {
  const testing::TemporaryFolder folder;
  const auto path = folder.path() / "x.json";
  write_atomically(path, "[1,");
  const auto message = error_of<std::invalid_argument>([&] { read_json(path); });
  EXPECT_TRUE(contains(message, path.string()));
  EXPECT_TRUE(contains(error_of<FileError>([&] { read_json(path, {.bytes = 2}); }),
                       "expected at most 2 bytes, received 3"));
  EXPECT_TRUE(contains(error_of<FileError>([&] { read_json("/dev/zero"); }), "a device"));
}

}  // namespace
}  // namespace muxnet
