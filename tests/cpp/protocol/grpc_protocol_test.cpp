#include "muxnet/protocol/grpc_protocol.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "muxnet/core/random.hpp"
#include "muxnet/protocol/checks.hpp"
#include "support/damage.hpp"
#include "support/grpc_server.hpp"

namespace muxnet {
namespace {

using testing::message_answer;

const ExpectedOutput expected{"7", "y", 3, false};

Checked<InferAnswer> judged(const inference::ModelInferResponse& message,
                            const ExpectedOutput& wanted = expected) {
  Reply<InferResponse> reply;
  decode_into(reply, [&] { return read_answer(message, wanted.output); });
  return testing::judged(reply, wanted);
}

TEST(GrpcProtocol, WritesRawContents) {
  const auto message =
      infer_message({"7", "m", "2", "x", "y", "FP32", {1, 2}, std::string(8, '\1')});
  EXPECT_EQ(message.id(), "7");
  EXPECT_EQ(message.model_name(), "m");
  EXPECT_EQ(message.model_version(), "2");
  ASSERT_EQ(message.inputs_size(), 1);
  EXPECT_EQ(message.inputs(0).name(), "x");
  EXPECT_EQ(message.inputs(0).datatype(), "FP32");
  EXPECT_EQ(message.inputs(0).shape_size(), 2);
  EXPECT_EQ(message.inputs(0).shape(1), 2);
  EXPECT_EQ(message.outputs(0).name(), "y");
  EXPECT_EQ(message.raw_input_contents(0), std::string(8, '\1'));
  EXPECT_EQ(infer_message({"1", "m", "", "x", "y", "BYTES", {1}, "abc"}).raw_input_contents(0),
            std::string("\3\0\0\0abc", 7));
}

TEST(GrpcProtocol, TheWireIsTheProtocols) {
  // Field numbers by hand: model_name 1, id 3, inputs 5 (name 1, datatype 2, shape 3), outputs 6
  // (name 1), raw_input_contents 7.
  const std::string wire =
      infer_message({"7", "m", "", "x", "y", "UINT8", {1, 2}, "ab"}).SerializeAsString();
  const std::string by_hand(
      "\x0A\1m\x1A\1"
      "7\x2A\x0E\x0A\1x\x12\5UINT8\x1A\2\1\2\x32\3\x0A\1y\x3A\2ab",
      31);
  EXPECT_EQ(wire, by_hand);
}

TEST(GrpcProtocol, ReadsBothFormsOfAnAnswer) {
  const auto raw = judged(message_answer("7", {0.25F, 0.5F, 0.25F}));
  ASSERT_TRUE(raw.value) << raw.error;
  EXPECT_EQ(raw.value->probabilities.shape(), (Shape{1, 3}));
  EXPECT_EQ(raw.value->probabilities.span<float>()[1], 0.5F);
  EXPECT_EQ(raw.value->server_ms, 2.0);
  auto typed = message_answer("", {});
  typed.clear_raw_output_contents();
  for (const float value : {0.25F, 0.5F, 0.25F}) {
    typed.mutable_outputs(0)->mutable_contents()->add_fp32_contents(value);
  }
  typed.mutable_outputs(0)->set_shape(1, 3);
  const auto read = judged(typed);
  ASSERT_TRUE(read.value) << read.error;
  EXPECT_EQ(read.value->probabilities.span<float>()[2], 0.25F);
}

TEST(GrpcProtocol, FindsItsOutputAmongOthers) {
  inference::ModelInferResponse message;
  for (const char* name : {"z", "y"}) {
    auto* output = message.add_outputs();
    output->set_name(name);
    output->set_datatype(*name == 'z' ? "INT64" : "FP64");
    output->add_shape(3);
    message.add_raw_output_contents("");
  }
  const std::vector<double> values{0, 1, 0};
  message.mutable_raw_output_contents(1)->assign(reinterpret_cast<const char*>(values.data()), 24);
  const auto answer = judged(message);
  ASSERT_TRUE(answer.value) << answer.error;
  EXPECT_EQ(answer.value->probabilities.span<float>()[1], 1.0F);
  ExpectedOutput other = expected;
  other.output = "z";
  EXPECT_EQ(judged(message, other).error, "[output z] expected 3 numbers, received 0");
  other.output = "";  // none was named: the first of scores
  EXPECT_EQ(judged(message, other).value->probabilities.span<float>()[1], 1.0F);
  message.mutable_outputs(0)->set_datatype("BYTES");
  other.output = "z";
  EXPECT_EQ(judged(message, other).error, "[output] expected numbers, as of FP32, received BYTES");
}

TEST(GrpcProtocol, ReadsNumbersOfEveryDatatype) {
  for (const char* datatype : {"INT32", "INT64", "UINT32", "UINT64", "FP64"}) {
    inference::ModelInferResponse message;
    auto* output = message.add_outputs();
    output->set_name("y");
    output->set_datatype(datatype);
    output->add_shape(1);
    output->add_shape(3);
    auto* contents = output->mutable_contents();
    for (const int value : {0, 1, 0}) {
      const std::string name = datatype;
      if (name == "INT32") contents->add_int_contents(value);
      if (name == "INT64") contents->add_int64_contents(value);
      if (name == "UINT32") contents->add_uint_contents(static_cast<std::uint32_t>(value));
      if (name == "UINT64") contents->add_uint64_contents(static_cast<std::uint64_t>(value));
      if (name == "FP64") contents->add_fp64_contents(value);
    }
    const auto answer = judged(message);
    ASSERT_TRUE(answer.value) << datatype << answer.error;
    EXPECT_EQ(answer.value->probabilities.span<float>()[1], 1.0F) << datatype;
  }
}

TEST(GrpcProtocol, ReadsTheServersTimeInEveryForm) {
  auto message = message_answer("7", {1, 0, 0});
  auto* said = message.mutable_parameters(0)->mutable_value();
  said->set_int64_param(3);
  EXPECT_EQ(judged(message).value->server_ms, 3.0);
  said->set_string_param("1.5");
  EXPECT_EQ(judged(message).value->server_ms, 1.5);
  for (const char* wrong : {"soon", "", "nan", "-1", "1.5 ms"}) {
    said->set_string_param(wrong);
    EXPECT_EQ(judged(message).value->server_ms, std::nullopt) << wrong;
  }
}

TEST(GrpcProtocol, SaysWhatDoesNotFit) {
  EXPECT_EQ(judged(message_answer("8", {1, 0, 0})).error, "[answer] expected id 7, received 8");
  EXPECT_EQ(judged(message_answer("7", {1, 0})).error,
            "[output y] expected shape (1, 3), received (1, 2)");
  EXPECT_EQ(judged(message_answer("7", {std::numeric_limits<float>::infinity(), 0, 0})).error,
            "[output y] expected finite numbers, received NaN or infinity");
  EXPECT_EQ(judged(inference::ModelInferResponse()).error,
            "[answer] expected an output y, received none");
  auto cut = message_answer("7", {1, 0, 0});
  cut.mutable_raw_output_contents(0)->pop_back();
  EXPECT_EQ(judged(cut).error, "[output] expected bytes in groups of 4, received 11");
  cut.add_raw_output_contents("");
  EXPECT_EQ(judged(cut).error, "[answer, raw contents] expected 1 as outputs, received 2");
  cut.clear_raw_output_contents();
  EXPECT_EQ(judged(cut).error, "[output y] expected 3 numbers, received 0");
  cut.mutable_outputs(0)->set_shape(0, -1);
  EXPECT_EQ(judged(cut).error, "[shape] expected extents of at least 0, received -1");
}

TEST(GrpcProtocol, DamagedAnswersAreErrorsOrAnswersAndNothingElse) {
  Random random(1);
  const std::string whole = message_answer("7", {0.2F, 0.3F, 0.5F}).SerializeAsString();
  int taken = 0, parsed = 0;
  for (int i = 0; i < 5'000; ++i) {
    const std::string wire = testing::damaged_or_cut(whole, random);
    inference::ModelInferResponse message;
    if (!message.ParseFromString(wire)) continue;
    ++parsed;
    const auto answer = judged(message);
    ASSERT_NE(answer.value.has_value(), !answer.error.empty());
    if (!answer.value) continue;
    ++taken;
    double sum = 0;
    for (const float p : answer.value->probabilities.span<float>()) sum += p;
    ASSERT_NEAR(sum, 1, 0.02);
  }
  EXPECT_GT(taken, 0);
  EXPECT_GT(parsed, taken);
}

TEST(GrpcProtocol, HostileAnswersAreRefusedInFewWords) {
  const std::string name(1 << 20, 'n');
  auto wide = message_answer("7", {1, 0, 0});
  for (int i = 0; i < 50'000; ++i) wide.mutable_outputs(0)->add_shape(std::int64_t{1} << 62);
  auto huge = message_answer("7", {1, 0, 0});
  for (int i = 0; i < 3; ++i) huge.mutable_outputs(0)->add_shape(std::int64_t{1} << 32);
  auto many = message_answer("7", {1, 0, 0});
  for (int i = 0; i < 20'000; ++i) many.add_outputs()->set_name("y");
  auto named = message_answer("7", {1, 0, 0});
  named.mutable_outputs(0)->set_datatype(name);
  auto other = message_answer(name, {1, 0, 0});
  for (const auto& message : {wide, huge, many, named, other}) {
    const auto answer = judged(message);
    EXPECT_FALSE(answer.value);
    EXPECT_LT(answer.error.size(), 1500U);
  }
}

TEST(GrpcProtocol, ReadsMetadata) {
  const auto metadata = read_metadata(testing::described_message());
  EXPECT_EQ(metadata.name, "large");
  EXPECT_EQ(metadata.inputs.at(0).shape, (Shape{-1, 1, 2, 2}));
  EXPECT_EQ(metadata.outputs.at(0).name, "y");
}

}  // namespace
}  // namespace muxnet
