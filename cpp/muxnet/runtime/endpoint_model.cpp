#include "muxnet/runtime/endpoint_model.hpp"

#include <future>
#include <limits>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

class EndpointClassifier final : public Classifier {
 public:
  explicit EndpointClassifier(std::shared_ptr<EndpointClient> client)
      : client_(std::move(client)) {}

  Tensor answer(const Tensor& images) override {
    const auto promise = std::make_shared<std::promise<Answered>>();
    auto answered = promise->get_future();
    // A copy: letting go of the caller's may need a lock of another language, which the caller has.
    send(images.clone(), std::numeric_limits<double>::infinity(), true,
         [promise](Answered found) { promise->set_value(std::move(found)); });
    Answered found = answered.get();
    if (found.failure) std::rethrow_exception(found.failure);
    return std::move(found.answers);
  }

  void begin(const Tensor& images, double within_ms, const Done& done) override {
    send(images, within_ms, false, done);
  }

 private:
  void send(const Tensor& images, double within_ms, bool patient, const Done& done) {
    require(images.dtype() == DType::f32 && images.shape().size() > 1 && images.dim(0) > 0,
            client_->options().name, "inputs f32 (n, ...)",
            text(muxnet::name_of(images.dtype()), ' ', to_string(images.shape())));
    const auto tell = [done](EndpointAnswer found) {
      if (found.fault == Fault::none) return done({std::move(found.answers), nullptr});
      done({{}, std::make_exception_ptr(EndpointError(found.message))});
    };
    client_->begin(images, within_ms, tell, patient);
  }

  std::shared_ptr<EndpointClient> client_;
};

}  // namespace

std::unique_ptr<Classifier> make_endpoint_classifier(std::shared_ptr<EndpointClient> client) {
  return std::make_unique<EndpointClassifier>(std::move(client));
}

HostedModel host_elsewhere(HostedModel outside, std::shared_ptr<EndpointClient> client) {
  outside.at_once = static_cast<std::size_t>(client->options().in_flight);
  outside.elsewhere = client;
  outside.open = [client] { return make_endpoint_classifier(client); };
  return outside;
}

HostedModel host_endpoint(HostedModel outside, RemoteModelOptions options, AnswerKind kind) {
  options.name = outside.name;
  options.endpoint.logits = kind == AnswerKind::logits;
  options.classes = outside.places.empty() ? outside.classes : std::ssize(outside.places);
  return host(host_elsewhere(std::move(outside), make_endpoint_client(options)), kind);
}

std::shared_ptr<EndpointClient> make_endpoint_client(const RemoteModelOptions& options) {
  return std::make_shared<EndpointClient>([options] { return make_transport(options.server); },
                                          std::make_shared<SteadyClock>(), options);
}

}  // namespace muxnet
