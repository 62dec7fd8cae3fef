#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "muxnet/protocol/endpoint_calls.hpp"
#include "support/rest_server.hpp"

namespace muxnet::testing {

/// Rows (n, 3) of the output "y", by the id of the request.
inline HttpReply rows_of(const HttpRequest& request, const std::vector<float>& values,
                         std::int64_t n, double after_ms = 10) {
  const auto [json, bytes] = opened(request);
  const std::string id = json.is_null() ? "" : json.at("id").get<std::string>();
  HttpReply reply{after_ms, binary_answer(id, values)};
  // The same with its own shape.
  auto& body = reply.response.body;
  auto length = std::stoul(reply.response.headers["inference-header-content-length"]);
  auto head = nlohmann::json::parse(body.substr(0, length));
  head["outputs"][0]["shape"] = {n, std::ssize(values) / n};
  const std::string written = head.dump();
  body = written + body.substr(length);
  reply.response.headers["inference-header-content-length"] = std::to_string(written.size());
  return reply;
}

/// A model elsewhere, images (n, 1, 2, 2), and what was told of calls to it.
struct Elsewhere {
  explicit Elsewhere(RemoteModelOptions chosen = {}) {
    chosen.name = "large";
    chosen.server.url = "http://cloud:8000";
    chosen.endpoint.model = "m";
    server.infer = [](const HttpRequest& request) {
      return rows_of(request, {1, 0, 0, 0, 1, 0}, 2);
    };
    calls = std::make_unique<EndpointCalls>(
        [this] { return make_rest_transport(std::make_unique<FakeClient>(clock, server)); }, clock,
        chosen);
  }

  void ask(double within_ms = 1000, std::int64_t n = 2) {
    calls->add({Tensor({n, 1, 2, 2}), clock->now + within_ms,
                [this](EndpointAnswer found) { told.push_back(std::move(found)); }});
  }

  /// Until `count` calls are told of.
  void run(std::size_t count) {
    for (int turn = 0; told.size() < count && turn < 1000; ++turn) {
      calls->step();
      if (told.size() < count) calls->work();
    }
    ASSERT_EQ(told.size(), count);
  }

  CircuitBreaker::State state() {
    calls->step();
    return calls->statistics().state;
  }

  std::shared_ptr<VirtualClock> clock = std::make_shared<VirtualClock>();
  FakeServer server;
  std::vector<EndpointAnswer> told;
  std::unique_ptr<EndpointCalls> calls;
};

}  // namespace muxnet::testing
