#include "muxnet/front/grpc_server.hpp"

#include "muxnet/core/error.hpp"

#ifdef MUXNET_WITH_GRPC
#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <limits>
#include <thread>

#include "muxnet/core/file.hpp"
#include "muxnet/front/grpc_call.hpp"
#include "muxnet/front/http_connections.hpp"
#include "muxnet/front/without_signals.hpp"
#include "muxnet/protocol/grpc_channel.hpp"

namespace muxnet {
namespace {

constexpr std::uint64_t most_pem_bytes = 1 << 20;
constexpr int handshake_ms = 5'000;
constexpr int idle_ms = 300'000;  // until a client that asks nothing is told to connect anew
constexpr int metadata_bytes = 16 << 10;
constexpr std::chrono::milliseconds hold_answers{50};

std::string address_of(const std::string& host, int port) {
  const bool bare = host.find(':') != host.npos && !host.starts_with('[');
  return bare ? text("[", host, "]:", port) : text(host, ":", port);
}

class Server : public GrpcServer, private grpc::CallbackGenericService {
 public:
  Server(const FrontOptions& options, Inference& inference, Handed& handed, Refusals& refusals,
         boost::asio::thread_pool& slow)
      : calls_{options, inference, handed, refusals, slow} {
    keep_grpc_quiet();
    const WithoutSignals blocked;
    grpc::ServerBuilder builder;
    constexpr std::int64_t most_bytes = std::numeric_limits<int>::max();
    builder.SetMaxReceiveMessageSize(static_cast<int>(std::min(options.body_bytes, most_bytes)));
    builder.SetMaxSendMessageSize(-1);
    builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, metadata_bytes);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, handshake_ms);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, idle_ms);
    const std::string address = address_of(options.host, options.grpc_port);
    builder.AddListeningPort(address, credentials(options), &port_);
    builder.RegisterCallbackGenericService(this);
    server_ = builder.BuildAndStart();
    if (!server_ || port_ == 0) {
      throw FileError("[grpc] " + address + ": cannot be listened on");
    }
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() override {
    drain(0);
    stopping_.join();
  }

  int port() const override { return port_; }

  /// What comes between the end and a client's hearing of it would be lost. So answers are held for
  /// a moment: whoever is asking hears of the end before the answer.
  void drain(double within_ms) override {
    if (stopping_.joinable()) return;
    hold(true);
    std::this_thread::sleep_for(hold_answers);
    const WithoutSignals blocked;
    const auto end = std::chrono::system_clock::now() +
                     std::chrono::microseconds(static_cast<std::int64_t>(1000 * within_ms));
    stopping_ = std::thread([this, end] {
      server_->Shutdown(end);
      const std::lock_guard lock(mutex_);
      stopped_ = true;
      ended_.notify_all();
    });
    std::this_thread::sleep_for(hold_answers);
    hold(false);
  }

  bool wait_drained(double within_ms) override {
    std::unique_lock lock(mutex_);
    return ended_.wait_for(lock, std::chrono::duration<double, std::milli>(within_ms),
                           [this] { return stopped_; });
  }

  void sweep() override {
    std::vector<GrpcCall*> late;
    {
      const std::lock_guard lock(calls_.mutex);
      const double oldest_s = steady_s() - calls_.options.body_seconds;
      auto& coming = calls_.coming;
      while (!coming.empty() && coming.front()->began_s() < oldest_s) {
        late.push_back(coming.front());
        coming.front()->drop();
        coming.pop_front();
      }
    }
    for (GrpcCall* call : late) call->give_up();
  }

 private:
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    return new GrpcCall(calls_, *context);  // it deletes itself when it is done
  }

  void hold(bool holding) {
    std::vector<std::function<void()>> held;
    {
      const std::lock_guard lock(calls_.mutex);
      calls_.holding = holding;
      held.swap(calls_.held);
    }
    for (const auto& send : held) send();
  }

  static std::shared_ptr<grpc::ServerCredentials> credentials(const FrontOptions& options) {
    if (options.key.empty()) return grpc::InsecureServerCredentials();
    grpc::SslServerCredentialsOptions ssl;
    ssl.pem_key_cert_pairs.push_back(
        {read_file(options.key, most_pem_bytes), read_file(options.certificate, most_pem_bytes)});
    return grpc::SslServerCredentials(ssl);
  }

  GrpcCalls calls_;
  int port_ = 0;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool stopped_ = false;
  std::unique_ptr<grpc::Server> server_;
  std::thread stopping_;
};

}  // namespace

std::unique_ptr<GrpcServer> make_grpc_server(const FrontOptions& options, Inference& inference,
                                             Handed& handed, Refusals& refusals,
                                             boost::asio::thread_pool& slow) {
  return std::make_unique<Server>(options, inference, handed, refusals, slow);
}

}  // namespace muxnet

#else

namespace muxnet {

std::unique_ptr<GrpcServer> make_grpc_server(const FrontOptions&, Inference&, Handed&, Refusals&,
                                             boost::asio::thread_pool&) {
  throw std::runtime_error(error_text("grpc", "muxnet built with gRPC (libgrpc++-dev)", "none"));
}

}  // namespace muxnet

#endif
