// Calls to a model elsewhere over gRPC, against a server in this process and real sockets.
#include <gtest/gtest.h>

#include <future>

#include "ended_requests.hpp"
#include "muxnet/protocol/endpoint_client.hpp"
#include "support/grpc_server.hpp"

namespace muxnet {
namespace {

using testing::GrpcAnswer;
using testing::GrpcServer;

constexpr double patience_ms = 10'000;

/// Answers class 1 for every input of a request.
GrpcAnswer rows_of(const std::string& request) {
  inference::ModelInferRequest message;
  message.ParseFromString(request);
  const auto rows = static_cast<std::size_t>(message.inputs(0).shape(0));
  std::vector<float> values;
  for (std::size_t row = 0; row < rows; ++row) values.insert(values.end(), {0, 1, 0});
  auto answer = testing::message_answer(message.id(), values);
  answer.mutable_outputs(0)->set_shape(0, static_cast<std::int64_t>(rows));
  answer.mutable_outputs(0)->set_shape(1, 3);
  return {answer.SerializeAsString()};
}

TEST(GrpcEndpoint, FindsHowManyInputsARequestMayHave) {
  for (const auto code :
       {grpc::StatusCode::INVALID_ARGUMENT, grpc::StatusCode::RESOURCE_EXHAUSTED}) {
    GrpcServer server;
    server.order([code](const std::string& request) {
      constexpr std::size_t most_bytes = 100;  // of two inputs and what is around them
      const grpc::Status no(code, "SERVER: Received message larger than max (150 vs. 100)");
      return request.size() > most_bytes ? GrpcAnswer{"", no} : rows_of(request);
    });
    RemoteModelOptions options;
    options.name = "large";
    options.endpoint.model = "m";
    options.server.url = server.url();
    EndpointClient client([options] { return make_transport(options.server); },
                          std::make_shared<SteadyClock>(), options);
    for (int turn = 0; turn < 2; ++turn) {
      std::promise<EndpointAnswer> promise;
      client.begin(Tensor({7, 1, 2, 2}), patience_ms,
                   [&](EndpointAnswer found) { promise.set_value(std::move(found)); });
      const EndpointAnswer found = promise.get_future().get();
      ASSERT_EQ(found.answers.shape(), (Shape{7, 3})) << found.message;
      for (std::int64_t row = 0; row < 7; ++row) {
        EXPECT_EQ(found.answers.data<float>()[3 * row + 1], 1);
      }
    }
    EXPECT_EQ(client.statistics().failures, 0);
    // 7, 4, 3, 2, 2, 2, 1 or so, and then no more than the four that are needed.
    EXPECT_LT(client.statistics().requests, 14);
  }
}

TEST(GrpcEndpoint, SeesWhatWorkOnAnotherRequestHasEnded) {
  GrpcServer server;
  server.order([](const std::string&) { return GrpcAnswer{"", grpc::Status::OK, true}; });
  testing::expect_ended_are_told(server.url());
}

}  // namespace
}  // namespace muxnet
