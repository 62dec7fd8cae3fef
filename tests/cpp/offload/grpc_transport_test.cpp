// The offload client over gRPC, against a server in this process and real sockets.
#include "muxnet/protocol/grpc_transport.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "muxnet/core/error.hpp"
#include "muxnet/protocol/grpc_protocol.hpp"
#include "scene.hpp"
#include "support/errors.hpp"
#include "support/grpc_server.hpp"

namespace muxnet {
namespace {

using testing::GrpcAnswer;
using testing::GrpcServer;
using testing::image_of;

constexpr double patience_ms = 10'000;  // of what has to come, however busy the machine is
constexpr double waited_ms = 100;       // where it is waited for

OffloadOptions sending(double deadline_ms) {
  OffloadOptions options;
  options.objective.threshold = 0;
  options.deadline_ms = deadline_ms;
  options.breaker = {.failures = 1'000'000, .cooldown_ms = 20, .max_cooldown_ms = 50};
  options.retry.most = 0;
  return options;
}

std::unique_ptr<OffloadClient> client_of(const std::string& url, const OffloadOptions& options) {
  ConnectionOptions connection;
  connection.url = url;
  connection.bearer_token = "secret";
  auto models = std::make_unique<testing::FakeLocal>(std::make_shared<testing::VirtualClock>());
  return std::make_unique<OffloadClient>(
      std::move(models), [connection] { return make_transport(connection); },
      std::make_shared<SteadyClock>(), options);
}

OffloadAnswer until(OffloadClient& client, OffloadReason reason) {
  const SteadyClock clock;
  const double limit = clock.now_ms() + patience_ms;
  for (;;) {
    OffloadAnswer answer = client.answer(image_of(1, 2));
    if (answer.reason == reason) return answer;
    if (clock.now_ms() > limit) {
      ADD_FAILURE() << "never " << name_of(reason) << ", but " << name_of(answer.reason) << ": "
                    << answer.detail;
      return answer;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

TEST(GrpcTransport, AnswersAndMeasures) {
  GrpcServer server;
  const auto client = client_of(server.url(), sending(patience_ms));
  ASSERT_EQ(client->connect(patience_ms), "");
  const auto answer = client->answer(image_of(1, 2));
  EXPECT_EQ(answer.reason, OffloadReason::offloaded) << answer.detail;
  EXPECT_EQ(answer.answer, 2);
  EXPECT_EQ(answer.server_ms, 2.0);
  EXPECT_EQ(server.authorization(), "Bearer secret");
  const std::string message =
      testing::right_message(
          infer_message({"1", "", "", "x", "y", "FP32", {1, 1, 2, 2}, std::string(16, '\0')})
              .SerializeAsString())
          .bytes;
  EXPECT_EQ(answer.received_bytes, 5 + static_cast<double>(message.size()));
  EXPECT_TRUE(client->link().rtt_ms.known());
  EXPECT_TRUE(client->server_ms().known());
}

struct Case {
  const char* name;
  OffloadReason reason;
  GrpcServer::Behaviour behaviour;
};

class GrpcFault : public ::testing::TestWithParam<Case> {};

TEST_P(GrpcFault, IsNamedAndPasses) {
  GrpcServer server;
  const Case& fault = GetParam();
  const bool hangs = fault.reason == OffloadReason::timed_out;
  const auto client = client_of(server.url(), sending(hangs ? waited_ms : patience_ms));
  ASSERT_EQ(client->connect(patience_ms), "");
  until(*client, OffloadReason::offloaded);
  server.order(fault.behaviour);
  const auto answer = until(*client, fault.reason);
  EXPECT_EQ(answer.answer, 0);
  EXPECT_FALSE(answer.detail.empty());
  EXPECT_EQ(client->answer(image_of(1, 2)).answer, 0);
  server.order(&testing::right_message);
  EXPECT_EQ(until(*client, OffloadReason::offloaded).answer, 2);
}

GrpcServer::Behaviour always(const GrpcAnswer& answer) {
  return [answer](const std::string&) { return answer; };
}

GrpcServer::Behaviour says(grpc::StatusCode code) {
  return always({"", grpc::Status(code, "no \1")});
}

INSTANTIATE_TEST_SUITE_P(
    Every, GrpcFault,
    ::testing::Values(
        Case{"hung", OffloadReason::timed_out, always({"", grpc::Status::OK, true})},
        Case{"internal", OffloadReason::refused, says(grpc::StatusCode::INTERNAL)},
        Case{"unavailable", OffloadReason::refused, says(grpc::StatusCode::UNAVAILABLE)},
        Case{"not_found", OffloadReason::refused, says(grpc::StatusCode::NOT_FOUND)},
        Case{"exhausted", OffloadReason::refused, says(grpc::StatusCode::RESOURCE_EXHAUSTED)},
        Case{"token", OffloadReason::refused, says(grpc::StatusCode::UNAUTHENTICATED)},
        Case{"empty", OffloadReason::invalid, always({""})},
        Case{"garbage", OffloadReason::invalid, always({"\x7F\xFFnothing"})},
        Case{"other_id", OffloadReason::invalid,
             always({testing::message_answer("other", {1, 0, 0}).SerializeAsString()})},
        Case{"endless", OffloadReason::invalid, always({std::string(2 << 20, ' ')})}),
    [](const auto& fault) { return fault.param.name; });

TEST(GrpcTransport, AServerThatGoesAwayIsFoundAgain) {
  GrpcServer server;
  const auto client = client_of(server.url(), sending(patience_ms));
  ASSERT_EQ(client->connect(patience_ms), "");
  until(*client, OffloadReason::offloaded);
  server.order(always({"", grpc::Status::OK, true}));
  std::thread killer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    server.stop();
  });
  const OffloadReason reason = client->answer(image_of(1, 2)).reason;
  EXPECT_TRUE(reason == OffloadReason::cut || reason == OffloadReason::refused) << name_of(reason);
  killer.join();
  until(*client, OffloadReason::unreachable);
  server.order(&testing::right_message);
  server.start();
  until(*client, OffloadReason::offloaded);
  EXPECT_EQ(client->account().late, 0);
}

TEST(GrpcTransport, ABusyServerIsLeftAlone) {
  GrpcServer server;
  const auto client = client_of(server.url(), sending(patience_ms));
  ASSERT_EQ(client->connect(patience_ms), "");
  server.order(always({"", grpc::Status(grpc::StatusCode::UNAVAILABLE, "full"), false, "60000"}));
  until(*client, OffloadReason::refused);
  EXPECT_EQ(client->answer(image_of(1, 2)).reason, OffloadReason::link_down);
  EXPECT_EQ(client->state(), CircuitBreaker::State::open);
}

TEST(GrpcTransport, SaysWhyThereIsNoConnection) {
  EXPECT_TRUE(testing::contains(
      client_of("grpc://127.0.0.1:1", sending(waited_ms))->connect(patience_ms), "refused"));
  EXPECT_TRUE(testing::contains(
      client_of("grpc://no-such-host.invalid:1", sending(waited_ms))->connect(patience_ms),
      "[server]"));
  GrpcServer plain;
  const std::string secure = "grpcs" + plain.url().substr(4);
  EXPECT_NE(client_of(secure, sending(waited_ms))->connect(patience_ms), "");
}

TEST(GrpcTransport, RefusesWhatCannotBe) {
  const auto error_of = [](const std::string& url) {
    return testing::error_of<std::invalid_argument>([&] { client_of(url, sending(waited_ms)); });
  };
  EXPECT_EQ(error_of("grpc://host"),
            "[server] expected a URL grpc(s)://HOST:PORT, received grpc://host");
  for (const char* url : {"grpc://:1", "grpcs://host:", "grpc://host:1/path", "grpc://h:1x"}) {
    EXPECT_TRUE(testing::contains(error_of(url), "HOST:PORT")) << url;
  }
  EXPECT_TRUE(testing::contains(error_of("ftp://host"), "a URL http(s)://"));
  ConnectionOptions options;
  options.url = "grpcs://host:1";
  options.ca_file = "/nowhere/ca.pem";
  EXPECT_THROW(make_transport(options), FileError);
}

}  // namespace
}  // namespace muxnet
