#include "muxnet/runtime/remote_call.hpp"

#include <cstring>

#include "muxnet/core/error.hpp"
#include "muxnet/runtime/endpoint_model.hpp"

namespace muxnet {
namespace {

constexpr const char* input_name = "inputs";
constexpr const char* output_name = "probabilities";

Tensor tensor_of(const InferInput& input) {
  Tensor tensor(input.shape);
  require(input.bytes.size() == tensor.size() * sizeof(float), "remote call",
          text("the ", tensor.size(), " numbers f32 of its shape"),
          text(input.bytes.size(), " bytes"));
  std::memcpy(tensor.data<float>(), input.bytes.data(), input.bytes.size());
  return tensor;
}

template <class Value>
Reply<Value> failed(const std::string& why, bool may_pass) {
  Reply<Value> reply;
  reply.fault = may_pass ? Fault::unavailable : Fault::other;
  reply.message = why;
  return reply;
}

Shape any_number(Shape shape) {
  shape.front() = -1;
  return shape;
}

}  // namespace

RemoteCall::RemoteCall(ModelMetadata metadata, TakesReply<ModelMetadata> take)
    : metadata_(std::move(metadata)), described_(std::move(take)) {}

RemoteCall::RemoteCall(const InferInput& input, TakesReply<InferResponse> take)
    : inputs_(tensor_of(input)), inferred_(std::move(take)) {}

void RemoteCall::answer(const Tensor& probabilities) const {
  require(inputs_.has_value(), "remote call", "here(), as there are no inputs", "answers");
  const bool fits = probabilities.dtype() == DType::f32 && probabilities.shape().size() == 2 &&
                    probabilities.dim(0) == inputs_->dim(0);
  require(fits, "remote call", text("answers f32 (", inputs_->dim(0), ", K)"),
          text(name_of(probabilities.dtype()), ' ', to_string(probabilities.shape())));
  Reply<InferResponse> reply;
  reply.value.shape = probabilities.shape();
  const auto values = probabilities.span<float>();
  reply.value.values.assign(values.begin(), values.end());
  inferred_(std::move(reply));
}

void RemoteCall::here() const {
  require(!inputs_, "remote call", "answers to its inputs", "here()");
  Reply<ModelMetadata> reply;
  reply.value = metadata_;
  described_(std::move(reply));
}

void RemoteCall::fail(const std::string& why, bool may_pass) const {
  if (inputs_) {
    inferred_(failed<InferResponse>(why, may_pass));
  } else {
    described_(failed<ModelMetadata>(why, may_pass));
  }
}

HostedModel host_elsewhere(const HostedModel& local, const AskRemote& ask,
                           RemoteModelOptions options) {
  options.name = local.name;
  options.endpoint.model = local.name;
  options.classes = local.classes;
  const ModelMetadata metadata{
      local.name,
      {{input_name, "FP32", any_number(local.image_shape)}},
      {{output_name, "FP32", {-1, local.classes}}},
  };
  FunctionServer server;
  server.describe = [ask, metadata](TakesReply<ModelMetadata> take) {
    return ask(std::make_shared<RemoteCall>(metadata, std::move(take)));
  };
  server.infer = [ask](const InferInput& input, TakesReply<InferResponse> take) {
    return ask(std::make_shared<RemoteCall>(input, std::move(take)));
  };
  auto client =
      std::make_shared<EndpointClient>([server] { return make_function_transport(server); },
                                       std::make_shared<SteadyClock>(), options);
  return host(host_elsewhere(as_served(local), std::move(client)), AnswerKind::probabilities);
}

}  // namespace muxnet
