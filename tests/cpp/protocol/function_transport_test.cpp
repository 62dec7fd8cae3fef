#include "muxnet/protocol/function_transport.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

#include "muxnet/protocol/clock.hpp"

namespace muxnet {
namespace {

constexpr double patience_ms = 60'000;

/// A server that keeps who is to be told, and counts what is given up.
struct Kept {
  TakesReply<ModelMetadata> describe;
  TakesReply<InferResponse> infer;
  std::string bytes;
  int given_up = 0;

  FunctionServer server() {
    FunctionServer made;
    made.describe = [this](TakesReply<ModelMetadata> take) {
      describe = std::move(take);
      return [this] { ++given_up; };
    };
    made.infer = [this](const InferInput& input, TakesReply<InferResponse> take) {
      bytes = input.bytes;
      infer = std::move(take);
      return [this] { ++given_up; };
    };
    return made;
  }
};

double now_ms() { return SteadyClock().now_ms(); }

Reply<InferResponse> answer() {
  Reply<InferResponse> reply;
  reply.value.shape = {1, 2};
  reply.value.values = {0.25, 0.75};
  return reply;
}

TEST(FunctionTransport, TellsWhatTheFunctionTells) {
  Kept kept;
  const auto transport = make_function_transport(kept.server());
  InferInput input;
  input.bytes = "1234";
  const auto transfer = transport->infer(input);
  EXPECT_EQ(kept.bytes, "1234");
  EXPECT_DOUBLE_EQ(transfer->sent_bytes(), 4);
  EXPECT_FALSE(transfer->wait(now_ms()));
  std::thread teller([&] { kept.infer(answer()); });
  transport->work(now_ms() + patience_ms);  // the answer ends the wait
  EXPECT_TRUE(transfer->wait(now_ms() + patience_ms));
  teller.join();
  EXPECT_EQ(transfer->take().value.values, (std::vector<double>{0.25, 0.75}));
  EXPECT_EQ(kept.given_up, 0);
}

TEST(FunctionTransport, TakesTheFirstOfTwoAnswersAndNoneAfterItsEnd) {
  Kept kept;
  const auto transport = make_function_transport(kept.server());
  auto transfer = transport->describe("", "");
  Reply<ModelMetadata> first;
  first.value.name = "first";
  kept.describe(first);
  first.value.name = "second";
  kept.describe(first);
  ASSERT_TRUE(transfer->wait(now_ms()));
  EXPECT_EQ(transfer->take().value.name, "first");
  transfer.reset();
  kept.describe(first);
  EXPECT_EQ(kept.given_up, 0);
}

TEST(FunctionTransport, GivesUpWhatNobodyWaitsFor) {
  Kept kept;
  const auto transport = make_function_transport(kept.server());
  transport->infer({}).reset();
  EXPECT_EQ(kept.given_up, 1);
  kept.infer(answer());  // too late, and no harm
}

TEST(FunctionTransport, MakesAFaultOfWhatIsThrown) {
  FunctionServer server;
  server.infer = [](const InferInput&, const TakesReply<InferResponse>&) -> FunctionServer::GiveUp {
    throw std::runtime_error("no such deployment");
  };
  const auto transfer = make_function_transport(server)->infer({});
  ASSERT_TRUE(transfer->wait(now_ms()));
  const auto reply = transfer->take();
  EXPECT_EQ(reply.fault, Fault::other);
  EXPECT_NE(reply.message.find("no such deployment"), std::string::npos);
}

TEST(FunctionTransport, WorksUntilItIsWoken) {
  Kept kept;
  const auto transport = make_function_transport(kept.server());
  transport->wake();
  const double before = now_ms();
  transport->work(before + patience_ms);
  EXPECT_LT(now_ms() - before, patience_ms / 2);
  transport->work(now_ms() + 1);  // one wake is for one work
}

}  // namespace
}  // namespace muxnet
