#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "muxnet/protocol/inference_messages.pb.h"
#include "support/rest_server.hpp"

namespace muxnet::testing {

inline inference::ModelMetadataResponse described_message() {
  inference::ModelMetadataResponse message;
  message.set_name("large");
  const auto add = [](auto* tensor, const char* name, const Shape& shape) {
    tensor->set_name(name);
    tensor->set_datatype("FP32");
    tensor->mutable_shape()->Assign(shape.begin(), shape.end());
  };
  add(message.add_inputs(), "x", {-1, 1, 2, 2});
  add(message.add_outputs(), "y", {-1, 3});
  return message;
}

inline inference::ModelInferResponse message_answer(const std::string& id,
                                                    const std::vector<float>& values) {
  inference::ModelInferResponse message;
  message.set_id(id);
  auto* parameter = message.add_parameters();
  parameter->set_key("server_ms");
  parameter->mutable_value()->set_double_param(2);
  auto* output = message.add_outputs();
  output->set_name("y");
  output->set_datatype("FP32");
  output->add_shape(1);
  output->add_shape(static_cast<std::int64_t>(values.size()));
  message.add_raw_output_contents(reinterpret_cast<const char*>(values.data()), 4 * values.size());
  return message;
}

/// What a server does with a request: answers, says no, or does nothing until it is given up.
struct GrpcAnswer {
  std::string bytes;
  grpc::Status status = grpc::Status::OK;
  bool hangs = false;
  std::string pushback_ms = {};
};

inline GrpcAnswer right_message(const std::string& request) {
  inference::ModelInferRequest message;
  message.ParseFromString(request);
  std::vector<float> pixels(4), values(3, 0);
  std::memcpy(pixels.data(), message.raw_input_contents(0).data(), 16);
  values.at(static_cast<std::size_t>(std::lround(pixels[1]))) = 1;
  return {message_answer(message.id(), values).SerializeAsString()};
}

/// A server of bytes on the loopback, which can go away and come back at its port.
class GrpcServer {
 public:
  using Behaviour = std::function<GrpcAnswer(const std::string& request)>;

  GrpcServer() { start(); }
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;
  ~GrpcServer() { stop(); }

  std::string url() const { return "grpc://127.0.0.1:" + std::to_string(port_); }

  void order(Behaviour behaviour) {
    const std::lock_guard lock(mutex_);
    behaviour_ = std::move(behaviour);
  }

  void start() {
    grpc::ServerBuilder builder;
    const std::string place = "127.0.0.1:" + std::to_string(port_);
    builder.AddListeningPort(place, grpc::InsecureServerCredentials(), &port_);
    service_ = std::make_unique<Service>(*this);  // serves one server only
    builder.RegisterCallbackGenericService(service_.get());
    server_ = builder.BuildAndStart();
  }

  /// At once: calls under way are cut.
  void stop() {
    if (server_) server_->Shutdown(std::chrono::system_clock::now());
    server_.reset();
  }

  /// Of the last call.
  std::string authorization() const {
    const std::lock_guard lock(mutex_);
    return authorization_;
  }

 private:
  class Reactor : public grpc::ServerGenericBidiReactor {
   public:
    Reactor(GrpcServer& server, grpc::GenericCallbackServerContext& context)
        : server_(server), context_(context) {
      StartRead(&request_);
    }
    void OnReadDone(bool ok) override {
      if (!ok) return Finish(grpc::Status::CANCELLED);
      GrpcAnswer answer = server_.answer_to(context_, request_);
      if (!answer.pushback_ms.empty()) {
        context_.AddTrailingMetadata("grpc-retry-pushback-ms", answer.pushback_ms);
      }
      const std::lock_guard lock(mutex_);
      if (finished_) return;
      if (answer.hangs) return;
      finished_ = true;
      if (!answer.status.ok()) return Finish(answer.status);
      const grpc::Slice slice(answer.bytes);
      response_ = grpc::ByteBuffer(&slice, 1);
      StartWriteAndFinish(&response_, {}, answer.status);
    }
    void OnCancel() override {
      const std::lock_guard lock(mutex_);
      if (finished_) return;
      finished_ = true;
      Finish(grpc::Status::CANCELLED);
    }
    void OnDone() override { delete this; }

   private:
    GrpcServer& server_;
    grpc::GenericCallbackServerContext& context_;
    std::mutex mutex_;
    bool finished_ = false;
    grpc::ByteBuffer request_, response_;
  };

  struct Service : grpc::CallbackGenericService {
    explicit Service(GrpcServer& owner) : server(owner) {}
    grpc::ServerGenericBidiReactor* CreateReactor(
        grpc::GenericCallbackServerContext* context) override {
      return new Reactor(server, *context);
    }
    GrpcServer& server;
  };

  GrpcAnswer answer_to(const grpc::GenericCallbackServerContext& context,
                       const grpc::ByteBuffer& request) {
    std::vector<grpc::Slice> slices;
    request.Dump(&slices);
    std::string bytes;
    for (const auto& slice : slices) {
      bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    }
    const std::lock_guard lock(mutex_);
    const auto& metadata = context.client_metadata();
    const auto found = metadata.find("authorization");
    authorization_ =
        found == metadata.end() ? "" : std::string(found->second.data(), found->second.size());
    if (context.method().ends_with("/ModelMetadata")) {
      return {described_message().SerializeAsString()};
    }
    return behaviour_(bytes);
  }

  mutable std::mutex mutex_;
  Behaviour behaviour_ = &right_message;
  std::string authorization_;
  int port_ = 0;
  std::unique_ptr<Service> service_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace muxnet::testing
