#include "muxnet/protocol/inference_request.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "muxnet/core/random.hpp"
#include "support/damage.hpp"

namespace muxnet {
namespace {

InferenceRequest rest(const std::string& body) { return read_rest_request(body, body.size()); }

std::string refusal(const std::string& body) {
  try {
    rest(body);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "none";
}

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80U; value >>= 7U) bytes += static_cast<char>((value & 0x7FU) | 0x80U);
  return bytes + static_cast<char>(value);
}

std::string field(unsigned number, const std::string& bytes) {
  return varint(number << 3U | 2U) + varint(bytes.size()) + bytes;
}

std::string grpc_refusal(const std::string& message) {
  try {
    read_grpc_request(message);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "none";
}

std::string repeated(const std::string& part, std::size_t count) {
  std::string all;
  all.reserve(part.size() * count);
  for (std::size_t i = 0; i < count; ++i) all += part;
  return all;
}

TEST(InferenceRequest, RestAndGrpcSayTheSame) {
  const auto json = rest(
      R"({"id": "one", "parameters": {"decide_only": true, "max_cost": 7, "accuracy": 0.5},
          "inputs": [{"data": [[1, 2], [3, 250]], "name": "images", "datatype": "UINT8",
                      "shape": [1, 4], "unknown": {"deep": [[{}]]}}],
          "outputs": [{"name": "classes", "parameters": {"binary_data": false}}]})");
  const std::string truth = varint(1 << 3U) + varint(1);
  const std::string contents = field(4, varint(1) + varint(2) + varint(3) + varint(250));
  const std::string input =
      field(1, "images") + field(2, "UINT8") + field(3, varint(1) + varint(4)) + field(5, contents);
  const auto wire = read_grpc_request(field(1, "router") + field(3, "one") +
                                      field(4, field(1, "decide_only") + field(2, truth)) +
                                      field(5, input) + field(6, field(1, "classes")));
  EXPECT_EQ(wire.model_name, "router");
  EXPECT_EQ(std::get<bool>(json.parameters.at("decide_only")), true);
  EXPECT_EQ(std::get<bool>(wire.parameters.at("decide_only")), true);
  EXPECT_EQ(std::get<std::int64_t>(json.parameters.at("max_cost")), 7);
  EXPECT_EQ(std::get<double>(json.parameters.at("accuracy")), 0.5);
  EXPECT_EQ(std::get<bool>(json.outputs.at(0).parameters.at("binary_data")), false);
  for (const auto* request : {&json, &wire}) {
    EXPECT_EQ(request->id, "one");
    ASSERT_EQ(request->inputs.size(), 1U);
    const InputTensor& tensor = request->inputs[0];
    EXPECT_EQ(tensor.name, "images");
    EXPECT_EQ(tensor.datatype, "UINT8");
    EXPECT_EQ(tensor.shape, (std::vector<std::int64_t>{1, 4}));
    EXPECT_EQ(tensor.numbers, (std::vector<float>{1, 2, 3, 250}));
    EXPECT_TRUE(tensor.whole);
    EXPECT_FALSE(tensor.raw.has_value());
    EXPECT_EQ(request->outputs.at(0).name, "classes");
  }
}

TEST(InferenceRequest, BytesStayWhereTheyLie) {
  const std::string json =
      R"({"inputs": [{"name": "a", "datatype": "UINT8", "shape": [2],
                      "parameters": {"binary_data_size": 2}},
                     {"name": "b", "datatype": "UINT8", "shape": [3],
                      "parameters": {"binary_data_size": 3}}]})";
  const auto request = read_rest_request(json + "12345", json.size());
  EXPECT_EQ(request.inputs.at(0).raw->begin, json.size());
  EXPECT_EQ(request.inputs.at(1).raw->begin, json.size() + 2);
  EXPECT_EQ(request.inputs.at(1).raw->size, 3U);
  EXPECT_THROW(read_rest_request(json + "1234", json.size()), std::invalid_argument);
  EXPECT_THROW(read_rest_request(json + "123456", json.size()), std::invalid_argument);
  EXPECT_THROW(read_rest_request(json, json.size() + 1), std::invalid_argument);
  const std::string message = field(5, field(1, "a")) + field(7, "1234");
  EXPECT_EQ(read_grpc_request(message).inputs.at(0).raw->begin, message.size() - 4);
}

TEST(InferenceRequest, Base64IsDecoded) {
  const auto images = [](const std::string& written) {
    return rest(R"({"inputs": [{"name": "i", "datatype": "BYTES", "shape": [1], "data": [")" +
                written + R"("]}]})")
        .inputs.at(0)
        .images;
  };
  EXPECT_EQ(images("aGVsbG8="), std::vector<std::string>{"hello"});
  EXPECT_EQ(images("aGVsbA=="), std::vector<std::string>{"hell"});
  EXPECT_EQ(images(""), std::vector<std::string>{""});
  for (const char* written : {"aGVsbG8", "aGVs\\r\\nbG8=\\n", "data:image/png;base64,aGVsbG8="}) {
    EXPECT_EQ(images(written), std::vector<std::string>{"hello"}) << written;
  }
  EXPECT_EQ(images("__-_"), images("//+/"));
  for (const char* wrong : {"?", "aGVsb", "aGV=bG8=", "a===", "aGVsbG8==", "data:aGVsbG8="}) {
    EXPECT_THROW(images(wrong), std::invalid_argument) << wrong;
  }
}

TEST(InferenceRequest, RefusesBeyondTheLimitsByName) {
  const std::string names = repeated("x", 300);
  const std::pair<std::string, std::string> cases[] = {
      {R"({"inputs": [)" + repeated("{},", 17) + "{}]}", "[inputs] expected at most 16"},
      {R"({"outputs": [)" + repeated(R"({"name": "a"},)", 20'000) + "{}]}",
       "[outputs] expected at most 16"},
      {R"({"inputs": [{"shape": [)" + repeated("9223372036854775807,", 50'000) + "1]}]}",
       "[shape] expected at most 16 axes"},
      {R"({"inputs": [{"name": ")" + names + R"("}]})", "[name] expected at most 256"},
      {R"({")" + names + R"(": 1})", "[request] expected at most 256"},
      {R"({"id": ")" + repeated("x", 5000) + R"("})", "[id] expected at most 4096"},
      {R"({"parameters": {"a": ")" + repeated("x", 5000) + R"("}})",
       "[parameters] expected at most 4096"},
      {R"({"inputs": [{"data": )" + repeated("[", 100'000), "[data] expected at most 16 levels"},
      {R"({"more": )" + repeated("[", 100'000), "[request] expected at most 64 levels"},
      {R"({"inputs": [{"datatype": "BYTES", "data": [)" + repeated("\"\",", 1000) + "\"\"]}]}",
       "[images] expected at most 512"},
      {R"({"parameters": {"a": []}})", "[parameters] expected texts, numbers, true or false"},
      {R"({"inputs": {}})", "[inputs] expected a list"},
      {R"({"inputs": [1]})", "[inputs] expected objects"},
      {R"({"inputs": [{"shape": [1.5]}]})", "[shape] expected a list of whole numbers"},
      {R"({"inputs": [{"name": "i", "datatype": "UINT8", "data": [true]}]})",
       "[i] expected numbers of UINT8"},
      {R"({"inputs": [{"name": "i", "data": [1e300]}]})", "[i] expected numbers of FP32"},
      {R"({"inputs": [{"name": "i"}]})", "[i] expected either data or binary_data_size"},
      {"[]", "[request] expected an object"},
      {"", "[request] expected JSON"},
      {"{} {}", "[request] expected JSON"},
  };
  for (const auto& [body, told] : cases) {
    EXPECT_EQ(refusal(body).substr(0, told.size()), told) << body.substr(0, 60);
  }
  std::string parameters;
  for (int i = 0; i < 100; ++i) parameters += "\"" + std::to_string(i) + "\": 1,";
  EXPECT_EQ(refusal("{\"parameters\": {" + parameters + "\"a\": 1}}"),
            "[parameters] expected at most 64 parameters, received more");
}

TEST(InferenceRequest, RefusesTheSameByGrpc) {
  const std::string extents = repeated(varint(1), 20);
  const std::pair<std::string, std::string> cases[] = {
      {repeated(field(5, ""), 17), "[inputs] expected at most 16"},
      {repeated(field(6, field(1, "probabilities")), 20'000), "[outputs] expected at most 16"},
      {field(5, field(3, extents)), "[shape] expected at most 16 axes"},
      {field(5, repeated(varint(3U << 3U) + varint(1), 20)), "[shape] expected at most 16 axes"},
      {field(5, field(1, repeated("x", 300))), "[name] expected at most 256"},
      {field(3, repeated("x", 5000)), "[id] expected at most 4096"},
      {field(5, field(5, repeated(field(8, ""), 1000))), "[images] expected at most 512"},
      {repeated(field(7, ""), 1'000'000), "[raw_input_contents] expected at most 16"},
      {field(5, field(5, field(4, "x"))) + field(7, "x"), "[inputs] expected contents or raw"},
      {field(7, "x"), "[raw_input_contents] expected 0 entries"},
      {field(5, field(5, field(5, "x"))), "[contents] expected uint_contents"},
      {field(5, "abc").substr(0, 3), "[request] expected a ModelInferRequest"},
      {"\xff", "[request] expected a ModelInferRequest"},
      {repeated("\xff", 20), "[request] expected a ModelInferRequest"},
      {varint(1U << 3U) + varint(1), "[request] expected a ModelInferRequest"},
      {field(5, field(5, field(6, "123"))), "[request] expected a ModelInferRequest"},
  };
  for (const auto& [message, told] : cases) {
    EXPECT_EQ(grpc_refusal(message).substr(0, told.size()), told);
  }
}

TEST(InferenceRequest, CrumbsTakeNoMoreThanTheyAre) {
  // Each pair of bytes would be an object of its own in a tree.
  const std::string body = R"({"inputs": [{"name": "images", "datatype": "FP32", "shape": [1],)"
                           R"("data": [)" +
                           repeated("[],", 300'000) + "[]]}]}";
  EXPECT_TRUE(rest(body).inputs.at(0).numbers.empty());
}

TEST(InferenceRequest, NoPieceOfARequestIsReadBeyondItsEnd) {
  const std::string json =
      R"({"id": "a", "inputs": [{"name": "i", "data": [1, [2]], "shape": [3]}]})";
  for (std::size_t size = 0; size < json.size(); ++size) {
    EXPECT_NE(refusal(json.substr(0, size)), "none") << size;
  }
  const std::string message =
      field(1, "router") + field(5, field(1, "i") + field(5, field(4, "x")));
  for (std::size_t size = 0; size < message.size(); ++size) grpc_refusal(message.substr(0, size));
}

TEST(InferenceRequest, BytesThatWereChangedAreReadOrRefused) {
  const std::string json =
      R"({"id": "a", "parameters": {"b": 1}, "inputs": [{"name": "i", "datatype": "BYTES",)"
      R"("data": ["aGVsbG8="], "shape": [1]}], "outputs": [{"name": "classes"}]})";
  const std::string message =
      field(1, "router") + field(4, field(1, "b") + field(2, varint(2U << 3U) + varint(1))) +
      field(5, field(1, "i") + field(3, varint(1)) + field(5, field(6, "1234") + field(8, "x"))) +
      field(6, field(1, "classes"));
  Random random(1);
  for (int i = 0; i < 5000; ++i) {
    refusal(testing::damaged_or_cut(json, random));  // any other exception fails the test
    grpc_refusal(testing::damaged_or_cut(message, random));
  }
}

}  // namespace
}  // namespace muxnet
