#include "muxnet/front/grpc_server.hpp"

#include "muxnet/core/error.hpp"

#ifdef MUXNET_WITH_GRPC
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <boost/asio/post.hpp>
#include <condition_variable>
#include <limits>
#include <list>
#include <nlohmann/json.hpp>
#include <thread>

#include "muxnet/core/file.hpp"
#include "muxnet/front/answer_messages.hpp"
#include "muxnet/front/grpc_methods.hpp"
#include "muxnet/front/http_connections.hpp"
#include "muxnet/front/without_signals.hpp"
#include "muxnet/protocol/grpc_channel.hpp"

namespace muxnet {
namespace {

using grpc::StatusCode;

constexpr std::string_view service_path = "/inference.GRPCInferenceService/";
constexpr const char* pushback = "grpc-retry-pushback-ms";  // what Retry-After is to REST (A6)
constexpr std::uint64_t most_pem_bytes = 1 << 20;
constexpr int handshake_ms = 5'000;
constexpr int idle_ms = 300'000;  // until a client that asks nothing is told to connect anew
constexpr int metadata_bytes = 16 << 10;
constexpr std::chrono::milliseconds hold_answers{50};
constexpr std::size_t quick_bytes = 1 << 20;
constexpr std::int64_t quick_values = 1 << 14;

StatusCode code_of(int status) {
  switch (status) {
    case 400:
      return StatusCode::INVALID_ARGUMENT;
    case 404:
      return StatusCode::NOT_FOUND;
    case 501:
      return StatusCode::UNIMPLEMENTED;
    case 503:
      return StatusCode::UNAVAILABLE;
    case 504:
      return StatusCode::DEADLINE_EXCEEDED;
    default:
      return StatusCode::INTERNAL;
  }
}

std::string address_of(const std::string& host, int port) {
  const bool bare = host.find(':') != host.npos && !host.starts_with('[');
  return bare ? text("[", host, "]:", port) : text(host, ":", port);
}

std::string_view view_of(grpc::string_ref written) { return {written.data(), written.size()}; }

/// "127.0.0.1" of "ipv4:127.0.0.1:4711".
std::string client_of(const grpc::CallbackServerContext& context) {
  const std::string peer = context.peer();
  const auto begin = peer.find(':');
  const auto end = peer.rfind(':');
  return begin == end ? peer : peer.substr(begin + 1, end - begin - 1);
}

class Call;

/// What all calls share.
struct Shared {
  const FrontOptions& options;
  Inference& inference;
  Handed& handed;
  Refusals& refusals;
  boost::asio::thread_pool& slow;

  std::mutex mutex{};
  std::list<Call*> coming{};  ///< whose message has not come, the oldest first
  std::size_t inside = 0;     ///< calls that are worked on
  bool holding = false;       ///< answers wait a moment
  std::vector<std::function<void()>> held{};

  bool has_room() {
    const std::lock_guard lock(mutex);
    if (inside >= static_cast<std::size_t>(options.requests)) return false;
    ++inside;
    return true;
  }
  void leave() {
    const std::lock_guard lock(mutex);
    --inside;
  }
  /// Lets `send` go now, or with the others that are held.
  void send(std::function<void()> send) {
    {
      const std::lock_guard lock(mutex);
      if (holding) return held.push_back(std::move(send));
    }
    send();
  }
};

/// One call: a message comes, one goes. As handlers of streams calls can bound the time in which
/// the message comes; on the wire a call with one message is the same. It lives until it is
/// finished.
class Call : public grpc::ServerGenericBidiReactor {
 public:
  Call(Shared& shared, grpc::GenericCallbackServerContext& context)
      : shared_(shared), context_(context), method_(context.method()) {
    if (allowed()) {
      wait_for_message();
    } else {
      shared_.refusals.add("token", client_of(context_));
      Finish({StatusCode::UNAUTHENTICATED, std::string(token_error)});
    }
  }

  void OnReadDone(bool ok) override {
    if (!take()) return;
    if (!ok) return refuse({400, error_text("grpc", "a message", "none")});
    auto body = std::make_shared<std::string>();
    std::vector<grpc::Slice> slices;
    if (!message_.Dump(&slices).ok()) return refuse({500, std::string(own_error)});
    body->reserve(message_.Length());
    for (const grpc::Slice& slice : slices) {
      body->append(reinterpret_cast<const char*>(slice.begin()), slice.size());
    }
    message_.Clear();
    if (method_ == "ModelInfer") return infer(std::move(body));
    answer_small(*body);
  }
  void OnDone() override { delete this; }

  /// Ends a call whose message takes too long.
  void give_up() {
    shared_.refusals.add("body_late", client_of(context_));
    const std::string expected = text("a message within ", shared_.options.body_seconds, " s");
    refuse({504, error_text("grpc", expected, "a part")});
  }
  double began_s() const { return began_s_; }
  /// It is not among the coming any more.
  void drop() { coming_ = false; }

 private:
  bool allowed() {
    const std::string_view path(method_);
    method_ = path.starts_with(service_path) ? std::string(path.substr(service_path.size())) : "";
    if (shared_.options.token.empty() || is_open_method(method_)) return true;
    const auto& metadata = context_.client_metadata();
    const auto found = metadata.find("authorization");
    return found != metadata.end() && token_matches(view_of(found->second), shared_.options.token);
  }

  void wait_for_message() {
    Call* slowest = nullptr;
    {
      const std::lock_guard lock(shared_.mutex);
      at_ = shared_.coming.insert(shared_.coming.end(), this);
      coming_ = true;
      if (shared_.coming.size() > static_cast<std::size_t>(shared_.options.requests)) {
        slowest = shared_.coming.front();
        slowest->drop();
        shared_.coming.pop_front();
      }
    }
    StartRead(&message_);
    if (slowest != nullptr) slowest->give_up();
  }

  /// False: the call has been given up.
  bool take() {
    const std::lock_guard lock(shared_.mutex);
    if (!coming_) return false;
    coming_ = false;
    shared_.coming.erase(at_);
    return true;
  }

  void infer(std::shared_ptr<std::string> body) {
    if (!shared_.has_room()) {
      shared_.refusals.add("busy", client_of(context_));
      return Finish({StatusCode::RESOURCE_EXHAUSTED, std::string(full_error)});
    }
    InferenceRequested asked;
    asked.from_grpc = true;
    asked.began_ns = now_ns();
    asked.received.body = std::move(body);
    if (shared_.inference.noted()) {
      for (const auto& [name, value] : context_.client_metadata()) {
        asked.headers.emplace_back(view_of(name), view_of(value));
      }
    }
    asked.done = [this](const std::shared_ptr<InferenceOutcome>& outcome) {
      if (outcome->answer.probabilities.size() <= quick_values) return finish(outcome);
      boost::asio::post(shared_.slow, [this, outcome] { finish(outcome); });
    };
    const auto kept = std::make_shared<InferenceRequested>(std::move(asked));
    // The bytes of tensors are not looked at: nothing is longer than its message.
    if (kept->received.body->size() <= quick_bytes) return read(kept);
    boost::asio::post(shared_.slow, [this, kept] { read(kept); });
  }

  void read(const std::shared_ptr<InferenceRequested>& asked) {
    Inference& inference = shared_.inference;
    try {
      RequestLimits limits;
      limits.images = static_cast<std::size_t>(inference.limits().images);
      ReceivedRequest& received = asked->received;
      received.request = read_grpc_request(*received.body, limits);
      require_utf8(received.request);
      asked->name = received.request.model_name;
      if (received.quick()) return inference.answer(std::move(*asked));
      boost::asio::post(shared_.slow, [&inference, asked] { inference.answer(std::move(*asked)); });
    } catch (const std::exception& error) {
      inference.refuse(std::move(*asked), {400, error.what()});
    }
  }

  void finish(const std::shared_ptr<InferenceOutcome>& outcome) {
    shared_.leave();
    if (outcome->refused) return refuse(*outcome->refused);
    std::string message;
    try {
      message = grpc_answer(*outcome);
    } catch (const RequestRefused& refused) {
      return refuse(refused);
    }
    shared_.send([this, kept = std::move(message)] { give(kept); });
  }

  void answer_small(const std::string& message) {
    try {
      const auto loaded = [this](const std::string& answer) { load(answer); };
      const auto answer =
          answer_method(method_, message, shared_.options, shared_.inference, loaded);
      if (answer) give(*answer);
    } catch (const RequestRefused& refused) {
      refuse(refused);
    }
  }

  /// Lets the owner read all anew.
  void load(const std::string& answer) {
    shared_.handed.hand({0, "POST", load_path, "", "", ""}, [this, answer](const HttpReply& reply) {
      if (reply.status == 200) return give(answer);
      const auto said = nlohmann::json::parse(reply.body, nullptr, false);
      const bool told = said.is_object() && said.contains("error");
      refuse({reply.status, told ? said["error"].get<std::string>() : std::string(own_error)});
    });
  }

  void give(const std::string& message) {
    const grpc::Slice slice(message);
    answer_ = grpc::ByteBuffer(&slice, 1);
    StartWriteAndFinish(&answer_, grpc::WriteOptions(), grpc::Status::OK);
  }

  void refuse(const RequestRefused& refused) {
    constexpr int ms_per_s = 1000;
    if (refused.retry_after_s > 0) {
      context_.AddTrailingMetadata(pushback, std::to_string(ms_per_s * refused.retry_after_s));
    }
    Finish({code_of(refused.status), refused.what()});
  }

  Shared& shared_;
  grpc::GenericCallbackServerContext& context_;
  std::string method_;
  double began_s_ = steady_s();
  bool coming_ = false;  ///< guarded by the mutex that they share, as is at_
  std::list<Call*>::iterator at_;
  grpc::ByteBuffer message_, answer_;
};

class Server : public GrpcServer, private grpc::CallbackGenericService {
 public:
  Server(const FrontOptions& options, Inference& inference, Handed& handed, Refusals& refusals,
         boost::asio::thread_pool& slow)
      : shared_{options, inference, handed, refusals, slow} {
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
    std::vector<Call*> late;
    {
      const std::lock_guard lock(shared_.mutex);
      const double oldest_s = steady_s() - shared_.options.body_seconds;
      auto& coming = shared_.coming;
      while (!coming.empty() && coming.front()->began_s() < oldest_s) {
        late.push_back(coming.front());
        coming.front()->drop();
        coming.pop_front();
      }
    }
    for (Call* call : late) call->give_up();
  }

 private:
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    return new Call(shared_, *context);  // it deletes itself when it is done
  }

  void hold(bool holding) {
    std::vector<std::function<void()>> held;
    {
      const std::lock_guard lock(shared_.mutex);
      shared_.holding = holding;
      held.swap(shared_.held);
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

  Shared shared_;
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
