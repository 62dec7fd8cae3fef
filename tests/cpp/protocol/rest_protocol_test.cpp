#include "muxnet/protocol/rest_protocol.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "muxnet/core/random.hpp"
#include "support/damage.hpp"
#include "support/errors.hpp"
#include "support/resources.hpp"
#include "support/rest_server.hpp"

namespace muxnet {
namespace {

using testing::binary_answer;
using testing::judged;

const ExpectedOutput expected{"7", "y", 3, false};

HttpResponse json_answer(const std::string& body) {
  HttpResponse response;
  response.status = 200;
  response.body = body;
  return response;
}

std::string output(const std::string& members) {
  return R"({"outputs": [{"name": "y", "datatype": "FP32", )" + members + "}]}";
}

TEST(RestProtocol, WritesTheBinaryForm) {
  InferInput input{"7", "a b", "2", "x", "y", "FP32", {1, 2}, std::string(8, '\0')};
  const HttpRequest request = infer_request(input);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path, "/v2/models/a%20b/versions/2/infer");
  const auto [json, bytes] = testing::opened(request);
  EXPECT_EQ(json, nlohmann::json::parse(R"({
      "id": "7",
      "inputs": [{"name": "x", "shape": [1, 2], "datatype": "FP32",
                  "parameters": {"binary_data_size": 8}}],
      "outputs": [{"name": "y", "parameters": {"binary_data": true}}]})"));
  EXPECT_EQ(bytes, input.bytes);
  EXPECT_GT(request.size(), static_cast<double>(request.body.size()) + 80);
}

TEST(RestProtocol, BytesElementsBearTheirLength) {
  const auto [json, bytes] =
      testing::opened(infer_request({"1", "m", "", "x", "y", "BYTES", {1}, "abc"}));
  EXPECT_EQ(bytes, std::string("\3\0\0\0abc", 7));
  EXPECT_EQ(json.at("inputs").at(0).at("parameters").at("binary_data_size"), 7);
}

TEST(RestProtocol, ReadsBothFormsOfAnAnswer) {
  const auto binary = judged(binary_answer("7", {0.25F, 0.5F, 0.25F}, 3.5), expected);
  ASSERT_TRUE(binary.value) << binary.error;
  EXPECT_EQ(binary.value->probabilities.shape(), (Shape{1, 3}));
  EXPECT_EQ(binary.value->probabilities.span<float>()[1], 0.5F);
  EXPECT_EQ(binary.value->server_ms, 3.5);
  for (const std::string data : {"[0.25, 0.5, 0.25]", "[[0.25, 0.5, 0.25]]"}) {
    auto response = json_answer(output(R"("shape": [1, 3], "data": )" + data));
    response.headers["server-timing"] = "cache;dur=1, total;dur=1.5";
    const auto json = judged(response, expected);
    ASSERT_TRUE(json.value) << json.error;
    EXPECT_EQ(json.value->probabilities.span<float>()[2], 0.25F);
    EXPECT_EQ(json.value->server_ms, 1.5);
  }
}

TEST(RestProtocol, RefusesAnAnswerThatIsNestedAsAnotherShape) {
  const auto read = judged(json_answer(output(R"("shape": [1, 4], "data": [[0, 1], [0, 0]])")), {});
  EXPECT_EQ(read.error, "[output] expected data nested as their shape, [1, 4], received [2, 2]");
}

TEST(RestProtocol, FindsItsOutputAmongOthers) {
  const std::string json =
      R"({"outputs": [{"name": "z", "datatype": "FP32", "shape": [2],
                       "parameters": {"binary_data_size": 8}},
                      {"name": "y", "datatype": "FP64", "shape": [3],
                       "parameters": {"binary_data_size": 24}}]})";
  auto response = json_answer(json + std::string(8, 'z'));
  const std::vector<double> values{0, 1, 0};
  response.body.append(reinterpret_cast<const char*>(values.data()), 24);
  response.headers["inference-header-content-length"] = std::to_string(json.size());
  const auto answer = judged(response, expected);
  ASSERT_TRUE(answer.value) << answer.error;
  EXPECT_EQ(answer.value->probabilities.span<float>()[1], 1.0F);
}

TEST(RestProtocol, LogitsBecomeProbabilities) {
  ExpectedOutput logits = expected;
  logits.logits = true;
  const auto answer = judged(binary_answer("7", {1000, 1000, -1000}), logits);
  ASSERT_TRUE(answer.value) << answer.error;
  EXPECT_EQ(answer.value->probabilities.span<float>()[0], 0.5F);
  EXPECT_FALSE(judged(binary_answer("7", {3, 2, 1}), expected).value);
}

TEST(RestProtocol, SaysWhatDoesNotFit) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto error_of = [](const HttpResponse& response) {
    const auto answer = judged(response, expected);
    EXPECT_FALSE(answer.value);
    return answer.error;
  };
  EXPECT_EQ(error_of(binary_answer("8", {1, 0, 0})), "[answer] expected id 7, received 8");
  EXPECT_EQ(error_of(binary_answer("7", {1, 0})),
            "[output y] expected shape (1, 3), received (1, 2)");
  EXPECT_EQ(error_of(binary_answer("7", {nan, 0, 0})),
            "[output y] expected finite numbers, received NaN or infinity");
  EXPECT_EQ(error_of(binary_answer("7", {0.7F, 0.7F, 0})),
            "[output y] expected probabilities that sum to 1 within 0.015, received a sum of 1.4");
  EXPECT_EQ(error_of(testing::status(503, 1, "{\"error\": \"no\n\"}").response),
            "[answer] expected status 200, received 503, {\"error\": \"no \"}");
  EXPECT_TRUE(testing::contains(error_of(json_answer("\x01nonsense")), "[answer] expected JSON,"));
  EXPECT_EQ(error_of(json_answer(output(R"("shape": [3], "data": [1, 0])"))),
            "[output y] expected 3 numbers, received 2");
  EXPECT_EQ(error_of(json_answer(output(R"("shape": [3, -1], "data": [])"))),
            "[shape] expected extents of at least 0, received -1");
  EXPECT_EQ(error_of(json_answer(R"({"outputs": []})")),
            "[answer] expected an output y, received none");
  auto cut = binary_answer("7", {1, 0, 0});
  cut.body.resize(cut.body.size() - 1);
  EXPECT_EQ(error_of(cut),
            "[output, binary_data_size] expected at most the 11 bytes there are, received 12");
  auto beyond = binary_answer("7", {1, 0, 0});
  beyond.headers["inference-header-content-length"] = "-1";
  EXPECT_NE(error_of(beyond).find("expected a number of 0 to"), std::string::npos);
}

TEST(RestProtocol, DamagedAnswersAreErrorsOrAnswersAndNothingElse) {
  Random random(1);
  int taken = 0;
  for (int i = 0; i < 5'000; ++i) {
    auto response = binary_answer("7", {0.2F, 0.3F, 0.5F});
    response.body = testing::damaged_or_cut(response.body, random);
    const auto answer = judged(response, expected);
    ASSERT_NE(answer.value.has_value(), !answer.error.empty());
    if (!answer.value) continue;
    ++taken;
    double sum = 0;
    for (const float p : answer.value->probabilities.span<float>()) sum += p;
    ASSERT_NEAR(sum, 1, 0.02);
  }
  EXPECT_GT(taken, 0);
  // Deeper than any stack.
  EXPECT_FALSE(judged(json_answer(std::string(1 << 20, '[')), expected).value);
  EXPECT_FALSE(judged(json_answer(output(R"("shape": [3], "data": )" + std::string(5000, '[') +
                                         std::string(5000, ']'))),
                      expected)
                   .value);
}

TEST(RestProtocol, HostileAnswersAreRefusedInFewWords) {
  const auto deep = [](const std::string& before, const std::string& after) {
    return before + std::string(200'000, '[') + std::string(200'000, ']') + after;
  };
  std::string extents = "1";
  for (int i = 0; i < 50'000; ++i) extents += ",4611686018427387904";
  const std::string name(1 << 20, 'n');
  const std::vector<std::string> bodies{
      // Copied or written out, it would be deeper than any stack.
      deep(R"({"outputs": [{"name": "z", "parameters": )", R"(}, {"name": "y"}]})"),
      deep(R"({"id": )", "}"),
      output(R"("shape": [)" + extents + R"(], "data": [1, 0, 0])"),
      output(R"("shape": [4294967296, 4294967296, 4294967296], "data": [1, 0, 0])"),
      output(R"("shape": [18446744073709551615], "data": [1, 0, 0])"),
      output(R"("shape": [3], "data": [1e999, 0, 0])"),
      R"({"id": ")" + name + R"(", "outputs": []})",
      R"({"outputs": [{"name": ")" + name + R"("}]})",
      R"({"outputs": [{"name": "y", "datatype": ")" + name + R"("}]})",
      '"' + name,
      "\"\xE9" + name + '"',
      R"({"a": 1, "a": 2})"};
  const testing::Taken taken;
  for (const std::string& body : bodies) {
    const auto answer = judged(json_answer(body), expected);
    EXPECT_FALSE(answer.value) << body.substr(0, 60);
    EXPECT_LT(answer.error.size(), 1500U) << body.substr(0, 60);
    EXPECT_THROW(parse_metadata(json_answer(body)), std::exception) << body.substr(0, 60);
  }
  EXPECT_LT(taken.seconds(), 20);
  EXPECT_LT(taken.peak_mib(), 256);
  const std::string any = R"({"name": "m", "inputs": [{"name": "x", "datatype": "FP32", "shape": )";
  EXPECT_THROW(parse_metadata(json_answer(any + R"([18446744073709551615]}], "outputs": []})")),
               std::runtime_error);
}

TEST(RestProtocol, ReadsMetadata) {
  const ModelMetadata metadata = parse_metadata(testing::described().response);
  EXPECT_EQ(metadata.inputs.at(0).shape, (Shape{-1, 1, 2, 2}));
  EXPECT_EQ(metadata.outputs.at(0).name, "y");
  EXPECT_EQ(testing::error_of<std::runtime_error>([] {
              parse_metadata(json_answer(R"({"name": "m", "inputs": [3], "outputs": []})"));
            }),
            "[inputs] expected an object with name, received number");
  EXPECT_EQ(metadata_request("m/../x").path, "/v2/models/m%2F..%2Fx");
}

}  // namespace
}  // namespace muxnet
