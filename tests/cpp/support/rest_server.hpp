#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "muxnet/core/json_values.hpp"
#include "muxnet/protocol/clock.hpp"
#include "muxnet/protocol/rest_transport.hpp"

namespace muxnet::testing {

inline constexpr double never_ms = 1e18;

/// Time that passes only when somebody works or waits.
struct VirtualClock : Clock {
  double now_ms() const override { return now; }
  void sleep_ms(double duration_ms) override { now += duration_ms; }
  double now = 0;
};

struct HttpReply {
  double after_ms = 0;
  HttpResponse response;
};

inline HttpReply fault(Fault kind, double after_ms = 1) {
  HttpResponse response;
  response.fault = kind;
  response.message = name_of(kind);
  return {after_ms, response};
}

inline HttpReply status(int code, double after_ms = 1, const std::string& body = "{}") {
  HttpResponse response;
  response.status = code;
  response.body = body;
  response.exchange_ms = after_ms;
  return {after_ms, response};
}

inline HttpReply described(double after_ms = 1, const std::string& datatype = "FP32") {
  const nlohmann::json shape =
      datatype == "BYTES" ? nlohmann::json{-1} : nlohmann::json{-1, 1, 2, 2};
  const nlohmann::json content = {
      {"name", "large"},
      {"inputs",
       nlohmann::json::array({{{"name", "x"}, {"datatype", datatype}, {"shape", shape}}})},
      {"outputs",
       nlohmann::json::array({{{"name", "y"}, {"datatype", "FP32"}, {"shape", {-1, 3}}}})}};
  return status(200, after_ms, content.dump());
}

/// An answer as the protocol's binary form has it.
inline HttpResponse binary_answer(const std::string& id, const std::vector<float>& values,
                                  double server_ms = 2) {
  const nlohmann::json content = {
      {"id", id},
      {"model_name", "large"},
      {"parameters", {{"server_ms", server_ms}}},
      {"outputs",
       nlohmann::json::array({{{"name", "y"},
                               {"datatype", "FP32"},
                               {"shape", {1, values.size()}},
                               {"parameters", {{"binary_data_size", 4 * values.size()}}}}})}};
  HttpResponse response;
  response.status = 200;
  response.body = content.dump();
  response.headers["inference-header-content-length"] = std::to_string(response.body.size());
  response.body.append(reinterpret_cast<const char*>(values.data()), 4 * values.size());
  response.received_bytes = static_cast<double>(response.body.size());
  return response;
}

/// What a client makes of an answer: by the transport, then by the protocol's checks.
inline Checked<InferAnswer> judged(Reply<InferResponse> reply, const ExpectedOutput& expected) {
  if (reply.fault != Fault::none) return {std::nullopt, reply.message};
  return check_answer(std::move(reply.value), expected);
}

/// The header and the tensor of a request.
inline std::pair<nlohmann::json, std::string> opened(const HttpRequest& request) {
  const std::string name = "Inference-Header-Content-Length: ";
  for (const auto& header : request.headers) {
    if (!header.starts_with(name)) continue;
    const auto length = std::stoul(header.substr(name.size()));
    return {nlohmann::json::parse(request.body.substr(0, length)), request.body.substr(length)};
  }
  return {};
}

/// The right answer: the class that the image's second pixel names.
inline HttpReply right_answer(const HttpRequest& request, double after_ms = 10) {
  const auto [json, bytes] = opened(request);
  std::vector<float> pixels(4), values(3, 0);
  std::memcpy(pixels.data(), bytes.data(), 16);
  values.at(static_cast<std::size_t>(std::lround(pixels[1]))) = 1;
  HttpReply reply{after_ms, binary_answer(json.at("id"), values)};
  reply.response.exchange_ms = after_ms;
  return reply;
}

/// A server as a function: what it answers to a request for the metadata, and to one to infer.
struct FakeServer {
  std::function<HttpReply(const HttpRequest&)> metadata = [](const HttpRequest&) {
    return described();
  };
  std::function<HttpReply(const HttpRequest&)> infer = [](const HttpRequest& request) {
    return right_answer(request);
  };
  int asked = 0;  ///< for metadata
  int inferred = 0;
  int given_up = 0;
  int looks = 0;              ///< at requests that are over, which do not see it yet
  std::vector<double> ready;  ///< when the requests that are not over will be
};

class FakeTransfer : public HttpTransfer {
 public:
  FakeTransfer(std::shared_ptr<VirtualClock> clock, FakeServer& server, HttpReply reply)
      : clock_(std::move(clock)),
        server_(server),
        reply_(std::move(reply)),
        ready_(clock_->now + reply_.after_ms) {
    server_.ready.push_back(ready_);
  }
  ~FakeTransfer() override {
    server_.given_up += over_ ? 0 : 1;
    std::erase(server_.ready, ready_);
  }
  bool wait(double until_ms) override {
    if (server_.looks > 0) {
      --server_.looks;
      return false;
    }
    over_ = ready_ <= std::max(until_ms, clock_->now);
    clock_->now = std::max(clock_->now, over_ ? ready_ : until_ms);
    return over_;
  }
  HttpResponse take() override { return reply_.response; }

 private:
  std::shared_ptr<VirtualClock> clock_;
  FakeServer& server_;
  HttpReply reply_;
  double ready_;
  bool over_ = false;
};

class FakeClient : public HttpClient {
 public:
  FakeClient(std::shared_ptr<VirtualClock> clock, FakeServer& server)
      : clock_(std::move(clock)), server_(server) {}
  std::unique_ptr<HttpTransfer> start(HttpRequest request) override {
    const bool infers = request.method == "POST";
    ++(infers ? server_.inferred : server_.asked);
    HttpReply reply = infers ? server_.infer(request) : server_.metadata(request);
    return std::make_unique<FakeTransfer>(clock_, server_, std::move(reply));
  }
  void work(double until_ms) override {
    for (const double ready : server_.ready) until_ms = std::min(until_ms, ready);
    clock_->now = std::max(clock_->now, until_ms);
  }
  void wake() override {}

 private:
  std::shared_ptr<VirtualClock> clock_;
  FakeServer& server_;
};

inline Checked<InferAnswer> judged(const HttpResponse& response, const ExpectedOutput& expected) {
  const auto clock = std::make_shared<VirtualClock>();
  FakeServer server;
  server.infer = [&](const HttpRequest&) { return HttpReply{0, response}; };
  const auto transport = make_rest_transport(std::make_unique<FakeClient>(clock, server));
  InferInput input;
  input.output = expected.output;
  const auto transfer = transport->infer(input);
  transfer->wait(0);
  return judged(transfer->take(), expected);
}

}  // namespace muxnet::testing
