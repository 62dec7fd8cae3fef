#include "muxnet/front/front.hpp"

#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <thread>

#include "muxnet/core/error.hpp"
#include "muxnet/front/asked.hpp"
#include "muxnet/front/grpc_server.hpp"
#include "muxnet/front/http_server.hpp"
#include "muxnet/front/routes.hpp"
#include "muxnet/front/without_signals.hpp"

namespace muxnet {
namespace {

HttpOptions http_options(const FrontOptions& options) {
  HttpOptions http;
  http.host = options.host;
  http.port = options.http_port;
  http.certificate = options.certificate;
  http.key = options.key;
  http.body_bytes = static_cast<std::uint64_t>(options.body_bytes);
  http.requests = static_cast<std::size_t>(options.requests);
  http.connections.head_s = options.head_seconds;
  http.connections.body_s = options.body_seconds;
  http.connections.held_bytes = std::max(options.held_bytes, options.body_bytes);
  http.connections.connections = static_cast<std::size_t>(options.connections);
  return http;
}

/// Threads for what is too long for those that others wait for.
std::unique_ptr<boost::asio::thread_pool> slow_threads() {
  const WithoutSignals blocked;
  return std::make_unique<boost::asio::thread_pool>(
      std::max(2U, std::thread::hardware_concurrency()));
}

}  // namespace

class Front::Implementation {
 public:
  explicit Implementation(const FrontOptions& from)
      : options_(from),
        refusals_(events_),
        inference_({from.images, from.max_pixels}, from.noted, events_),
        handed_(events_),
        slow_(slow_threads()),
        routes_(options_, inference_, handed_, *slow_),
        asked_(static_cast<std::uint64_t>(options_.body_bytes),
               static_cast<std::size_t>(options_.requests), handlers(), refusals_, events_) {
    if (options_.listens) http_.emplace(http_options(options_), refusals_, handlers());
  }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;
  ~Implementation() {
    if (inference_.is_open()) inference_.service().close(0);
    handed_.end();
    if (http_) http_->stop();
    grpc_.reset();
    slow_->join();
  }

  void open(std::shared_ptr<Service> service, std::shared_ptr<const ServedModels> models) {
    inference_.open(std::move(service), std::move(models));
    if (!options_.listens) return;
    grpc_ = make_grpc_server(options_, inference_, handed_, refusals_, *slow_);
    swept_ = grpc_.get();
  }

  FrontOptions options_;
  FrontEvents events_;
  Refusals refusals_;
  Inference inference_;
  Handed handed_;
  std::unique_ptr<boost::asio::thread_pool> slow_;
  Routes routes_;
  std::atomic<GrpcServer*> swept_{nullptr};  // by the thread of what follows
  AskedRequests asked_;
  std::optional<HttpServer> http_;
  std::unique_ptr<GrpcServer> grpc_;

 private:
  HttpHandlers handlers() {
    HttpHandlers found;
    found.refusal = [this](const auto& request) { return routes_.refusal(request); };
    found.always_let_in = [](const auto& request) { return Routes::is_health(request); };
    found.handler = [this](ReceivedHttp request, HttpHandlers::Reply reply) {
      routes_.answer(std::move(request), std::move(reply));
    };
    found.sweep = [this] {
      if (GrpcServer* swept = swept_) swept->sweep();
    };
    return found;
  }
};

Front::Front(const FrontOptions& options)
    : implementation_(std::make_unique<Implementation>(options)) {}
Front::~Front() = default;

void Front::open(std::shared_ptr<Service> service, std::shared_ptr<const ServedModels> models) {
  implementation_->open(std::move(service), std::move(models));
}

std::uint64_t Front::deploy(Deployment deployment, std::shared_ptr<const ServedModels> models) {
  return implementation_->inference_.deploy(std::move(deployment), std::move(models));
}

int Front::http_port() const { return implementation_->http_ ? implementation_->http_->port() : 0; }
int Front::grpc_port() const { return implementation_->grpc_ ? implementation_->grpc_->port() : 0; }
int Front::descriptor() const { return implementation_->events_.descriptor(); }
std::vector<FrontEvent> Front::take() { return implementation_->events_.take(); }

void Front::answer(std::uint64_t ticket, int status, std::string content_type, std::string body,
                   HeaderList headers) {
  implementation_->handed_.answer(
      ticket, {status, std::move(body), std::move(content_type), std::move(headers)});
}

std::uint64_t Front::ask(std::string method, std::string path, HeaderList headers,
                         std::string body) {
  ReceivedHttp request;
  request.method = std::move(method);
  request.path = std::move(path);
  request.headers = std::move(headers);
  *request.body = std::move(body);
  request.began_ns = now_ns();
  return implementation_->asked_.ask(std::move(request));
}

std::map<std::string, std::int64_t> Front::refusals() const {
  return implementation_->refusals_.counts();
}

std::int64_t Front::learn(const std::vector<std::int64_t>& inputs,
                          const std::vector<std::int64_t>& labels) {
  require(inputs.size() == labels.size(), "labels", text(inputs.size(), " of them"),
          text(labels.size()));
  return implementation_->inference_.labels().learn(inputs, labels);
}

std::map<std::uint64_t, LabelTally> Front::labels() const {
  return implementation_->inference_.labels().by_version();
}

void Front::drain(double within_ms) {
  implementation_->inference_.drain();
  if (implementation_->http_) implementation_->http_->drain();
  if (implementation_->grpc_) implementation_->grpc_->drain(within_ms);
}

bool Front::wait_drained(double within_ms) {
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::duration<double, std::milli>(within_ms);
  const auto left_ms = [&] {
    const std::chrono::duration<double, std::milli> left = end - std::chrono::steady_clock::now();
    return std::max(left.count(), 0.0);
  };
  const bool asked = implementation_->asked_.wait_answered(left_ms());
  const bool rest = !implementation_->http_ || implementation_->http_->wait_drained(left_ms());
  const bool grpc = !implementation_->grpc_ || implementation_->grpc_->wait_drained(left_ms());
  return asked && rest && grpc;
}

}  // namespace muxnet
