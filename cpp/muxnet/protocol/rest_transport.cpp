#include "muxnet/protocol/rest_transport.hpp"

#include <functional>

#include "muxnet/core/error.hpp"
#include "muxnet/protocol/checks.hpp"
#include "muxnet/protocol/rest_protocol.hpp"

namespace muxnet {
namespace {

constexpr double ms_per_s = 1000;

Fault fault_of(const HttpResponse& response) {
  if (response.fault != Fault::none) return response.fault;
  switch (response.status) {
    case 200:
      return Fault::none;
    case 400:
    case 413:
    case 422:
      return Fault::unfit;
    case 429:
    case 502:
    case 503:
    case 504:
      return Fault::unavailable;
    default:
      return Fault::refused;
  }
}

/// By Retry-After, which is read in seconds and not as a date.
std::optional<double> rest_ms(const HttpResponse& response) {
  const auto found = response.headers.find("retry-after");
  if (response.status != 503 && response.status != 429) return std::nullopt;
  if (found == response.headers.end()) return std::nullopt;
  const auto seconds = sensible_time(number_written(found->second));
  return seconds ? std::optional(*seconds * ms_per_s) : std::nullopt;
}

template <class Value>
class RestTransfer : public Transfer<Value> {
 public:
  using Decode = std::function<Value(const HttpResponse&)>;

  RestTransfer(HttpClient& client, HttpRequest request, Decode decode)
      : sent_bytes_(request.size()),
        http_(client.start(std::move(request))),
        decode_(std::move(decode)) {}

  bool wait(double until_ms) override { return http_->wait(until_ms); }
  double sent_bytes() const override { return sent_bytes_; }

  Reply<Value> take() override {
    const HttpResponse response = http_->take();
    Reply<Value> reply;
    reply.fault = fault_of(response);
    reply.rest_ms = rest_ms(response);
    reply.exchange_ms = response.exchange_ms;
    reply.received_bytes = response.received_bytes;
    if (response.fault != Fault::none) {
      reply.message = text("[server] ", response.message);
    } else if (reply.fault != Fault::none) {
      const std::string received = text(response.status, ", ", shown(response.body));
      reply.message = error_text("answer", "status 200", received);
    } else {
      decode_into(reply, [&] { return decode_(response); });
    }
    return reply;
  }

 private:
  double sent_bytes_;
  std::unique_ptr<HttpTransfer> http_;
  Decode decode_;
};

class RestTransport : public Transport {
 public:
  explicit RestTransport(std::unique_ptr<HttpClient> client) : client_(std::move(client)) {}

  std::unique_ptr<Transfer<ModelMetadata>> describe(const std::string& model,
                                                    const std::string& version) override {
    return std::make_unique<RestTransfer<ModelMetadata>>(*client_, metadata_request(model, version),
                                                         &parse_metadata);
  }

  std::unique_ptr<Transfer<InferResponse>> infer(const InferInput& input) override {
    return std::make_unique<RestTransfer<InferResponse>>(
        *client_, infer_request(input),
        [output = input.output, classes = input.classes](const HttpResponse& response) {
          return parse_answer(response, output, classes);
        });
  }

  void work(double until_ms) override { client_->work(until_ms); }
  void wake() override { client_->wake(); }

 private:
  std::unique_ptr<HttpClient> client_;
};

}  // namespace

std::unique_ptr<Transport> make_rest_transport(std::unique_ptr<HttpClient> client) {
  return std::make_unique<RestTransport>(std::move(client));
}

std::unique_ptr<Transport> make_rest_transport(const ConnectionOptions& options) {
  return make_rest_transport(make_http_client(options));
}

}  // namespace muxnet
