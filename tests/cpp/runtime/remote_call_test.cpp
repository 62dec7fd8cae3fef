#include "muxnet/runtime/remote_call.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "support/errors.hpp"
#include "support/pool.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;

RemoteModelOptions options() {
  RemoteModelOptions made;
  made.server.url = "next door";
  made.retry.base_ms = 1;
  return made;
}

Tensor some_images(std::int64_t n) {
  Tensor images({n, 1, testing::side, testing::side});
  float next = 0;
  for (float& pixel : images.span<float>()) pixel = std::exchange(next, next + 0.01F);
  return images;
}

std::vector<float> values(const Tensor& tensor) {
  const auto span = tensor.span<float>();
  return {span.begin(), span.end()};
}

TEST(RemoteCall, AnswersWhatTheModelItselfWould) {
  const HostedModel local = host(testing::tiny_model("small", 2, 1));
  std::atomic<int> asked{0};
  const AskRemote ask = [&](const std::shared_ptr<RemoteCall>& call) {
    ++asked;
    call->inputs() ? call->answer(local.open()->answer(*call->inputs())) : call->here();
    return [] {};
  };
  const HostedModel remote = host_elsewhere(local, ask, options());
  EXPECT_EQ(remote.name, "small");
  EXPECT_EQ(remote.cost, local.cost);
  ASSERT_NE(remote.elsewhere, nullptr);
  const Tensor images = some_images(3);
  EXPECT_EQ(values(remote.open()->answer(images)), values(local.open()->answer(images)));
  EXPECT_EQ(asked, 2);  // whether it is there, and for the answers
}

TEST(RemoteCall, IsAskedAgainAfterWhatMayPass) {
  const HostedModel local = host(testing::tiny_model("small", 0, 1));
  std::atomic<int> asked{0};
  const AskRemote ask = [&](const std::shared_ptr<RemoteCall>& call) {
    if (!call->inputs()) {
      call->here();
    } else if (++asked == 1) {
      call->fail("killed", true);
    } else {
      call->answer(local.open()->answer(*call->inputs()));
    }
    return [] {};
  };
  const HostedModel remote = host_elsewhere(local, ask, options());
  EXPECT_EQ(remote.open()->answer(some_images(1)).dim(0), 1);
  EXPECT_EQ(remote.elsewhere->statistics().retries, 1);
}

TEST(RemoteCall, SaysWhoFailedAndWhy) {
  const AskRemote ask = [](const std::shared_ptr<RemoteCall>& call) {
    call->inputs() ? call->fail("does not like this one", false) : call->here();
    return [] {};
  };
  const HostedModel local = host(testing::tiny_model("small", 0, 1));
  const auto remote = host_elsewhere(local, ask, options()).open();
  try {
    remote->answer(some_images(1));
    FAIL() << "answered";
  } catch (const EndpointError& error) {
    const std::string said = error.what();
    EXPECT_NE(said.find("small, model small at next door: does not like"), said.npos) << said;
  }
}

InferInput two_rows() {
  InferInput input;
  input.shape = {2, 1};
  input.bytes = std::string(8, '\0');
  return input;
}

TEST(RemoteCall, RefusesAnswersThatDoNotFit) {
  int told = 0;
  const RemoteCall call(two_rows(), [&](const Reply<InferResponse>&) { ++told; });
  const auto refused = [&](const Tensor& answers) {
    return error_of<std::invalid_argument>([&] { call.answer(answers); });
  };
  EXPECT_EQ(refused(Tensor({3, 2})),
            "[remote call] expected answers f32 (2, K), received f32 (3, 2)");
  EXPECT_TRUE(contains(refused(Tensor({2, 2}, DType::f64)), "received f64 (2, 2)"));
  EXPECT_TRUE(contains(error_of<std::invalid_argument>([&] { call.here(); }), "answers to its"));
  EXPECT_EQ(told, 0);
  call.answer(Tensor({2, 2}));
  EXPECT_EQ(told, 1);
}

TEST(RemoteCall, WithoutInputsAsksWhetherTheModelIsThere) {
  int told = 0;
  const RemoteCall question({}, [&](const Reply<ModelMetadata>&) { ++told; });
  EXPECT_TRUE(contains(error_of<std::invalid_argument>([&] {
                         question.answer(Tensor({2, 2}));
                       }),
                       "expected here()"));
  question.here();
  EXPECT_EQ(told, 1);
}

TEST(RemoteCall, RefusesInputsOfAnotherSizeThanTheirShape) {
  InferInput input = two_rows();
  input.bytes = "short";
  const auto refused = error_of<std::invalid_argument>(
      [&] { RemoteCall(input, [](const Reply<InferResponse>&) {}); });
  EXPECT_TRUE(contains(refused, "the 2 numbers f32 of its shape, received 5 bytes"));
}

}  // namespace
}  // namespace muxnet
