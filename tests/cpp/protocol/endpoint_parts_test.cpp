// What calls to a model on a server are made of, each by itself.
#include <gtest/gtest.h>

#include "muxnet/protocol/circuit_breaker.hpp"
#include "muxnet/protocol/endpoint.hpp"
#include "muxnet/protocol/retry_policy.hpp"
#include "support/tables.hpp"

namespace muxnet {
namespace {

using State = CircuitBreaker::State;

TEST(CircuitBreaker, OpensProbesAndCloses) {
  CircuitBreaker breaker({.failures = 2, .cooldown_ms = 100, .max_cooldown_ms = 400}, 1);
  breaker.failed(0);
  breaker.succeeded();
  breaker.failed(0);
  EXPECT_TRUE(breaker.allows());
  breaker.failed(0);
  EXPECT_EQ(breaker.state(), State::open);
  EXPECT_FALSE(breaker.probe_due(49));
  EXPECT_TRUE(breaker.probe_due(150));
  breaker.probe_succeeded();
  EXPECT_EQ(breaker.state(), State::half_open);
  breaker.failed(1000);  // one is enough now, and the wait is twice as long
  EXPECT_FALSE(breaker.probe_due(1099));
  EXPECT_TRUE(breaker.probe_due(1300));
  for (int i = 0; i < 10; ++i) breaker.probe_failed(2000);
  EXPECT_TRUE(breaker.probe_due(2000 + 1.5 * 400));
  breaker.probe_succeeded();
  breaker.succeeded();
  EXPECT_EQ(breaker.state(), State::closed);
  EXPECT_THROW(CircuitBreaker({.failures = 0}, 1), std::invalid_argument);
}

TEST(CircuitBreaker, HalfOpenLetsOneRequestGoAtATime) {
  CircuitBreaker breaker({.failures = 1, .cooldown_ms = 100, .max_cooldown_ms = 1000}, 1);
  EXPECT_TRUE(breaker.enter(0));
  EXPECT_TRUE(breaker.enter(0));
  breaker.failed(0);
  EXPECT_FALSE(breaker.enter(0));
  breaker.failed(0);  // of the other one: the wait is as long as it was
  EXPECT_TRUE(breaker.probe_due(150));
  breaker.probe_succeeded();
  EXPECT_TRUE(breaker.enter(200));
  EXPECT_FALSE(breaker.enter(200));
  EXPECT_TRUE(breaker.enter(400));  // nobody has said what became of the first
  breaker.succeeded();
  EXPECT_TRUE(breaker.enter(400));
}

TEST(RetryPolicy, WaitsAtRandomWithinABudget) {
  RetryPolicy policy({.most = 3, .base_ms = 10, .share = 0.5, .burst = 3}, 1);
  policy.begin();
  for (int made = 1; made <= 3; ++made) {
    const auto wait = policy.next_ms(made);
    ASSERT_TRUE(wait);
    EXPECT_LT(*wait, 10 << (made - 1));
  }
  EXPECT_FALSE(policy.next_ms(1));  // the budget is spent
  policy.begin();
  policy.begin();
  EXPECT_TRUE(policy.next_ms(1));
  EXPECT_FALSE(policy.next_ms(4));
  RetryPolicy one({}, 5), other({}, 5);
  EXPECT_EQ(one.next_ms(1), other.next_ms(1));
}

TEST(Endpoint, ChoosesWhatFitsThePayload) {
  const ModelMetadata metadata{
      "m",
      {{"f", "FP32", {-1, 3, 4, 4}}, {"u", "UINT8", {-1, 3, 4, 4}}, {"b", "BYTES", {-1, 1}}},
      {{"called", "INT64", {-1}}, {"logits", "FP32", {-1, 5}}, {"probabilities", "FP32", {-1, 5}}}};
  const Shape image{1, 3, 4, 4};
  EndpointOptions options;
  EXPECT_EQ(settle(options, metadata, image).value->input.name, "f");
  EXPECT_EQ(settle(options, metadata, image).value->output, "probabilities");
  options.input = "u";
  options.output = "logits";
  EXPECT_EQ(settle(options, metadata, image).value->input.name, "u");
  EXPECT_EQ(settle(options, metadata, image).value->output, "logits");
  options.payload = "jpeg";  // to the one named, which may take it although it lists pixels
  EXPECT_EQ(settle(options, metadata, image).value->input.name, "u");
  EXPECT_EQ(settle(options, metadata, image).value->input.datatype, "BYTES");
  options.input = "";
  EXPECT_EQ(settle(options, metadata, image).value->input.name, "b");
  EXPECT_EQ(settle(options, metadata, image).value->payload, "jpeg");
  EXPECT_FALSE(settle({}, metadata, {1, 3, 8, 8}).value);
  options.payload = "";  // pixels where they are taken
  EXPECT_EQ(settle(options, metadata, image).value->input.name, "f");
  EXPECT_EQ(settle(options, metadata, image).value->payload, "raw");
  EXPECT_EQ(settle(options, metadata, {1, 3, 8, 8}).value->input.name, "b");
  EXPECT_EQ(settle(options, metadata, {1, 3, 8, 8}).value->payload, "png");
  EXPECT_FALSE(settle({}, metadata, image).value->channels_last);
  const ModelMetadata last{"m", {{"f", "FP32", {-1, 4, 4, 3}}}, {{"y", "FP32", {-1, 5}}}};
  EXPECT_TRUE(settle({}, last, image).value->channels_last);
  const auto half = settle({}, {"m", {{"f", "FP16", {3, 4, 4}}}, {{"y", "FP16", {5}}}}, image);
  EXPECT_TRUE(half.value->single);
  EXPECT_EQ(half.value->batch, 1);
  const auto fixed = settle({}, {"m", {{"f", "FP64", {8, 4, 4, 3}}}, {{"l", "INT64", {8}}}}, image);
  EXPECT_TRUE(fixed.value->channels_last);
  EXPECT_EQ(fixed.value->batch, 8);
  EXPECT_EQ(fixed.value->output, "l");
  const auto silent = settle({.output = "y"}, {"m", {}, {}}, {1, 7});
  EXPECT_EQ(silent.value->input.datatype, "FP32");
  EXPECT_EQ(silent.value->output, "y");
  EXPECT_EQ(settle({}, {"m", {{"v", "FP32", {-1, 7}}}, {}}, {1, 7}).value->input.name, "v");
  EXPECT_FALSE(settle({}, {"m", {{"v", "FP32", {-1, 7}}}, {}}, {1, 8}).value);
  Tensor pixels({1, 3, 1, 2}, DType::u8);
  for (std::uint8_t i = 0; i < 6; ++i) pixels.data<std::uint8_t>()[i] = i;
  const Tensor moved = with_channels_last(pixels);
  EXPECT_EQ(moved.shape(), (Shape{1, 1, 2, 3}));
  const auto found = moved.span<std::uint8_t>();
  EXPECT_EQ(std::vector<int>(found.begin(), found.end()), (std::vector<int>{0, 2, 4, 1, 3, 5}));
  options.output = "other";
  EXPECT_EQ(settle(options, metadata, image).error,
            "[server, model ] expected an output other, received called INT64 (-1), logits FP32 "
            "(-1, 5), probabilities FP32 (-1, 5)");
}

TEST(Endpoint, AnswersByTheOutputOfWhichThereIsNoDoubt) {
  const Shape image{1, 7};
  const auto output_of = [&](std::vector<TensorSpec> outputs, std::int64_t classes) {
    const auto found = settle({.model = "m"}, {"m", {}, std::move(outputs)}, image, classes);
    return found.value ? found.value->output : found.error;
  };
  const TensorSpec features{"features", "FP32", {-1, 512}}, logits{"logits", "FP32", {-1, 10}},
      maps{"maps", "FP16", {-1, 64, 7, 7}}, pooled{"pooled", "FP32", {-1, 10, 1, 1}},
      label{"label", "INT64", {-1}}, boxes{"boxes", "INT32", {-1, 4}};
  EXPECT_EQ(output_of({features, logits}, 10), "logits");
  EXPECT_EQ(output_of({maps, logits, label}, 0), "logits");
  const TensorSpec sigmoid{"sigmoid", "FP32", {-1, 1}};
  EXPECT_EQ(output_of({features, sigmoid}, 2), "sigmoid");
  EXPECT_EQ(output_of({features}, 10), "features");  // for its answer to be refused
  EXPECT_EQ(output_of({label}, 10), "label");
  for (const auto& doubt : {output_of({features, logits}, 0), output_of({logits, pooled}, 10),
                            output_of({features, logits}, 7), output_of({label, boxes}, 0),
                            output_of({features, sigmoid}, 0)}) {
    testing::expect_text(doubt, {"[server, model m]", "one output", "`output_tensor`"});
  }
  testing::expect_text(output_of({features, logits}, 0),
                       {"features FP32 (-1, 512), logits FP32 (-1, 10)"});
}

}  // namespace
}  // namespace muxnet
