// What models elsewhere take and give, and what their servers do not say of it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "elsewhere.hpp"
#include "support/errors.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::Elsewhere;
using testing::HttpReply;
using testing::rows_of;
using State = CircuitBreaker::State;

/// Answers numbers in JSON alone; the first request with a binary tensor is refused after 1 ms,
/// others after `later_ms`.
HttpReply of_no_binary_tensors(const HttpRequest& request, int& refused, double later_ms) {
  const bool json = request.headers.at(0) == "Content-Type: application/json";
  if (!json) {  // so MLServer says it
    return testing::status(500, refused++ == 0 ? 1 : later_ms, "Internal Server Error");
  }
  const auto content = nlohmann::json::parse(request.body);
  EXPECT_EQ(content.at("inputs").at(0).at("data").size(), 8);
  const nlohmann::json answer = {
      {"id", content.at("id")},
      {"outputs",
       {{{"name", "y"}, {"datatype", "FP64"}, {"shape", {2, 3}}, {"data", {1, 0, 0, 0, 1, 0}}}}}};
  return testing::status(200, 1, answer.dump());
}

TEST(EndpointModels, SendNumbersAsJsonToServersWithoutBinaryTensors) {
  Elsewhere there;
  int refused = 0;
  there.server.infer = [&](const HttpRequest& request) {
    return of_no_binary_tensors(request, refused, 1);
  };
  there.ask();
  there.run(1);
  EXPECT_EQ(there.told[0].fault, Fault::none) << there.told[0].message;
  there.ask();
  there.run(2);
  EXPECT_EQ(there.server.inferred, 3);  // the second asks as it was answered
  EXPECT_EQ(there.calls->statistics().failures, 0);
}

TEST(EndpointModels, SendAsJsonWhatWasOnItsWayWhenAnotherWasAnsweredSo) {
  Elsewhere there;
  int refused = 0;
  there.server.infer = [&](const HttpRequest& request) {
    return of_no_binary_tensors(request, refused, 100);
  };
  for (int i = 0; i < 3; ++i) there.ask();
  there.run(3);
  for (const EndpointAnswer& told : there.told) EXPECT_EQ(told.fault, Fault::none) << told.message;
  EXPECT_GT(refused, 1);
  EXPECT_EQ(there.calls->statistics().failures, 0);
}

TEST(EndpointModels, SendOneByOneWhereTheModelTakesOne) {
  Elsewhere there;
  there.server.metadata = [](const HttpRequest&) {
    auto reply = testing::described();
    auto told = nlohmann::json::parse(reply.response.body);
    told["inputs"][0]["shape"] = {1, 2, 2, 1};  // channels last
    reply.response.body = told.dump();
    return reply;
  };
  int number = 0;
  there.server.infer = [&](const HttpRequest& request) {
    const auto [json, bytes] = testing::opened(request);
    EXPECT_EQ(json.at("inputs").at(0).at("shape"), nlohmann::json({1, 2, 2, 1}));
    std::vector<float> values(3);
    values[static_cast<std::size_t>(number++ % 3)] = 1;
    return rows_of(request, values, 1);
  };
  there.ask(1000, 3);
  there.run(1);
  ASSERT_EQ(there.told[0].answers.shape(), (Shape{3, 3})) << there.told[0].message;
  for (std::size_t row = 0; row < 3; ++row) {
    EXPECT_EQ(there.told[0].answers.span<float>()[4 * row], 1);
  }
  EXPECT_EQ(there.server.inferred, 3);
}

/// Pixels (n, 1, 2, 2) of which the class is told by the second of each image.
Tensor classes_as_images(const std::vector<int>& classes) {
  Tensor images({std::ssize(classes), 1, 2, 2});
  for (std::size_t row = 0; row < classes.size(); ++row) {
    images.data<float>()[4 * row + 1] = static_cast<float>(classes[row]);
  }
  return images;
}

std::vector<int> classes_in(const Tensor& answers) {
  std::vector<int> classes;
  for (std::int64_t row = 0; row < answers.dim(0); ++row) {
    const float* values = answers.data<float>() + row * answers.dim(1);
    classes.push_back(static_cast<int>(std::max_element(values, values + answers.dim(1)) - values));
  }
  return classes;
}

/// A server that answers as the images say, `most` of them in a request.
struct Limited : Elsewhere {
  explicit Limited(std::size_t most, std::size_t batch = 0) {
    server.infer = [this, most, batch](const HttpRequest& request) {
      const auto [json, bytes] = testing::opened(request);
      const std::size_t rows = bytes.size() / 16;
      sent.push_back(rows);
      if (rows > most || (batch > 0 && rows != batch)) {
        return testing::status(400, 1, "batch-size must be <= 2");
      }
      std::vector<float> values(3 * rows);
      for (std::size_t row = 0; row < rows; ++row) {
        float pixel = 0;
        std::memcpy(&pixel, bytes.data() + 16 * row + 4, 4);
        values.at(3 * row + static_cast<std::size_t>(pixel)) = 1;
      }
      return rows_of(request, values, static_cast<std::int64_t>(rows));
    };
  }

  std::vector<int> asked(const std::vector<int>& classes) {
    told.clear();
    calls->add({classes_as_images(classes), clock->now + 1000,
                [this](EndpointAnswer found) { told.push_back(std::move(found)); }});
    run(1);
    EXPECT_EQ(told[0].fault, Fault::none) << told[0].message;
    return told[0].fault == Fault::none ? classes_in(told[0].answers) : std::vector<int>{};
  }

  std::vector<std::size_t> sent;
};

TEST(EndpointModels, FindHowManyInputsARequestMayHave) {
  Limited there(2);
  const std::vector<int> classes = {0, 1, 2, 2, 1, 0, 1};
  EXPECT_EQ(there.asked(classes), classes);
  EXPECT_EQ(there.sent.front(), 7U);
  there.sent.clear();
  EXPECT_EQ(there.asked(classes), classes);  // and it is remembered
  EXPECT_EQ(*std::max_element(there.sent.begin(), there.sent.end()), 2U);
  EXPECT_EQ(there.calls->statistics().failures, 0);
  EXPECT_EQ(there.state(), State::closed);
}

TEST(EndpointModels, WhatIsRefusedByItselfLimitsNobodyElse) {
  Limited there(100);
  EXPECT_EQ(there.asked({0, 1, 2}).size(), 3U);
  const auto well = there.server.infer;
  there.server.infer = [](const HttpRequest&) { return testing::status(400, 1, "no"); };
  there.told.clear();
  there.ask(1000, 3);
  there.run(1);
  EXPECT_EQ(there.told[0].fault, Fault::unfit);
  EXPECT_TRUE(contains(there.told[0].message, "400, no"));
  there.server.infer = well;
  there.sent.clear();
  EXPECT_EQ(there.asked({0, 1, 2}).size(), 3U);
  EXPECT_EQ(there.sent.front(), 3U);
}

/// The model's metadata with its input's shape and datatype.
HttpReply describing(const nlohmann::json& shape, const std::string& datatype = "FP32") {
  auto reply = testing::described();
  auto told = nlohmann::json::parse(reply.response.body);
  told["inputs"][0]["shape"] = shape;
  told["inputs"][0]["datatype"] = datatype;
  reply.response.body = told.dump();
  return reply;
}

TEST(EndpointModels, FillUpABatchThatIsFixed) {
  Limited there(4, 4);
  there.server.metadata = [](const HttpRequest&) { return describing({4, 1, 2, 2}); };
  const std::vector<int> classes = {0, 1, 2, 2, 1, 0};
  EXPECT_EQ(there.asked(classes), classes);
  EXPECT_EQ(there.sent, (std::vector<std::size_t>{4, 4}));
}

TEST(EndpointModels, AModelWithoutAnAxisForSeveralIsSentOneWithoutIt) {
  Limited there(1);
  there.server.metadata = [](const HttpRequest&) { return describing({1, 2, 2}); };
  const auto well = there.server.infer;
  there.server.infer = [&](const HttpRequest& request) {
    const auto [json, bytes] = testing::opened(request);
    EXPECT_EQ(json.at("inputs").at(0).at("shape"), nlohmann::json({1, 2, 2}));
    auto reply = well(request);
    // Nor has its answer such an axis.
    auto& body = reply.response.body;
    body.replace(body.find("[1,3]"), 5, "[3]  ");
    return reply;
  };
  EXPECT_EQ(there.asked({2, 0, 1}), (std::vector<int>{2, 0, 1}));
}

TEST(EndpointModels, AskAServerThatSaysNothingOfItsModel) {
  for (const char* said : {R"({"name": "m", "inputs": [], "outputs": []})", R"({"name": "m"})",
                           R"({"name": "m", "inputs": null, "outputs": null})"}) {
    Limited there(9);
    there.server.metadata = [&](const HttpRequest&) { return testing::status(200, 1, said); };
    const auto well = there.server.infer;
    there.server.infer = [&](const HttpRequest& request) {
      const auto [json, bytes] = testing::opened(request);
      EXPECT_EQ(json.at("inputs").at(0).at("datatype"), "FP32");
      EXPECT_FALSE(json.contains("outputs"));
      EXPECT_TRUE(json.at("parameters").at("binary_data_output"));
      return well(request);
    };
    EXPECT_EQ(there.asked({2, 1}), (std::vector<int>{2, 1}));
  }
}

TEST(EndpointModels, SendAndReadHalfPrecision) {
  Elsewhere there;
  there.server.metadata = [](const HttpRequest&) { return describing({-1, 1, 2, 2}, "FP16"); };
  there.server.infer = [](const HttpRequest& request) {
    const auto [json, bytes] = testing::opened(request);
    EXPECT_EQ(bytes, std::string("\0\x3C\0\0\0\0\0\0", 8));  // 1, 0, 0, 0
    const nlohmann::json answer = {{"outputs",
                                    {{{"name", "y"},
                                      {"datatype", "FP16"},
                                      {"shape", {1, 3}},
                                      {"parameters", {{"binary_data_size", 6}}}}}}};
    auto reply = testing::status(200, 1, answer.dump());
    reply.response.headers["inference-header-content-length"] =
        std::to_string(reply.response.body.size());
    reply.response.body += std::string("\0\x38\0\x34\0\x34", 6);  // 0.5, 0.25, 0.25
    return reply;
  };
  Tensor image({1, 1, 2, 2});
  image.data<float>()[0] = 1;
  there.calls->add(
      {image, 1000, [&](EndpointAnswer found) { there.told.push_back(std::move(found)); }});
  there.run(1);
  ASSERT_EQ(there.told[0].answers.shape(), (Shape{1, 3})) << there.told[0].message;
  EXPECT_EQ(there.told[0].answers.span<float>()[0], 0.5F);
  EXPECT_EQ(there.told[0].answers.span<float>()[2], 0.25F);
}

TEST(EndpointModels, VectorsAreSentAsTheyAre) {
  Elsewhere there;
  there.server.metadata = [](const HttpRequest&) { return describing({-1, 5}, "FP64"); };
  there.server.infer = [](const HttpRequest& request) {
    const auto [json, bytes] = testing::opened(request);
    EXPECT_EQ(json.at("inputs").at(0).at("shape"), nlohmann::json({2, 5}));
    EXPECT_EQ(bytes.size(), 80U);
    return rows_of(request, {1, 0, 0, 0, 1, 0}, 2);
  };
  there.calls->add({Tensor({2, 5}), 1000,
                    [&](EndpointAnswer found) { there.told.push_back(std::move(found)); }});
  there.run(1);
  EXPECT_EQ(there.told[0].answers.shape(), (Shape{2, 3})) << there.told[0].message;
}

TEST(EndpointModels, LabelsBecomeRows) {
  const auto answered = [](const nlohmann::json& shape, std::int64_t classes) {
    Elsewhere there({.classes = classes});
    there.server.infer = [&](const HttpRequest& request) {
      const auto [json, bytes] = testing::opened(request);
      const nlohmann::json answer = {
          {"id", json.at("id")},
          {"outputs",
           {{{"name", "y"}, {"datatype", "INT64"}, {"shape", shape}, {"data", {2, 0}}}}}};
      return testing::status(200, 1, answer.dump());
    };
    there.ask();
    there.run(1);
    return there.told[0];
  };
  for (const nlohmann::json& shape : {nlohmann::json{2}, nlohmann::json{2, 1}}) {
    const auto found = answered(shape, 3);
    ASSERT_EQ(found.answers.shape(), (Shape{2, 3})) << found.message;
    EXPECT_EQ(classes_in(found.answers), (std::vector<int>{2, 0}));
  }
  EXPECT_TRUE(contains(answered({2}, 0).message, "by which a label"));
  EXPECT_TRUE(contains(answered({2}, 2).message, "labels of 2 classes, received 2"));
}

TEST(EndpointModels, OneNumberMaySpeakForTwoClasses) {
  for (const std::int64_t classes : {0, 2, 3}) {
    RemoteModelOptions options;
    options.classes = classes;
    Elsewhere there(options);
    there.server.infer = [](const HttpRequest& request) { return rows_of(request, {0.2F, 1}, 2); };
    there.ask();
    there.run(1);
    const EndpointAnswer& found = there.told[0];
    if (classes == 3) {
      EXPECT_TRUE(contains(found.message, "shape (2, 3), received (2, 1)")) << found.message;
    } else {
      EXPECT_EQ(found.answers.shape(), (Shape{2, 1})) << found.message;
    }
  }
}

TEST(EndpointModels, NumbersThatAByteHasNotAreRefused) {
  Elsewhere there;
  there.server.metadata = [](const HttpRequest&) { return describing({-1, 1, 2, 2}, "UINT8"); };
  Tensor image({1, 1, 2, 2});
  image.data<float>()[0] = -2;  // normalised
  there.calls->add(
      {image, 1000, [&](EndpointAnswer found) { there.told.push_back(std::move(found)); }});
  there.run(1);
  EXPECT_TRUE(contains(there.told[0].message, "numbers 0 .. 1 for 0 .. 255, received -2"));
  EXPECT_EQ(there.server.inferred, 0);
}

}  // namespace
}  // namespace muxnet
