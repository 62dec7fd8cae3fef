#include "muxnet/protocol/grpc_transport.hpp"

#include "muxnet/core/error.hpp"

#ifdef MUXNET_WITH_GRPC
#include <grpcpp/alarm.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <mutex>
#include <utility>

#include "muxnet/protocol/checks.hpp"
#include "muxnet/protocol/clock.hpp"
#include "muxnet/protocol/grpc_channel.hpp"
#include "muxnet/protocol/grpc_protocol.hpp"

namespace muxnet {
namespace {

constexpr double prefix_bytes = 5;  // of each message: whether it is compressed, and its length
constexpr const char* service = "/inference.GRPCInferenceService/";

/// One call. gRPC hands its event back even when nobody waits any more: until then it keeps itself.
struct Call {
  grpc::ClientContext context;
  grpc::ByteBuffer request, response;
  grpc::Status status;
  std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader;
  bool over = false;
  bool told = false;  ///< or nobody wants to know
  double end_ms = 0;
  std::shared_ptr<Call> itself;
};

/// The events of a transport's calls, worked on by whoever waits for one of them.
class Events {
 public:
  Events() = default;
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;
  ~Events() {
    alarm_.Cancel();
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) finish(tag);
  }

  double now_ms() const { return clock_.now_ms(); }

  void start(const std::shared_ptr<Call>& call, grpc::GenericStub& stub,
             const std::string& method) {
    call->reader = stub.PrepareUnaryCall(&call->context, method, call->request, &queue_);
    call->reader->StartCall();
    call->itself = call;
    call->reader->Finish(&call->response, &call->status, call.get());
  }

  /// Works for at most `for_ms`, until something is over; without waiting for 0.
  void work(double for_ms) {
    constexpr double us_per_ms = 1000;
    const auto span =
        gpr_time_from_micros(static_cast<std::int64_t>(us_per_ms * for_ms), GPR_TIMESPAN);
    void* tag = nullptr;
    bool ok = false;
    const auto event =
        queue_.AsyncNext(&tag, &ok, gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), span));
    if (event == grpc::CompletionQueue::GOT_EVENT) finish(tag);
  }

  /// The same, unless a call is over already, whose wait() has not said so yet.
  void await(double for_ms) {
    if (untold_ == 0) work(for_ms);
  }

  /// Whether a call is over, which is then known.
  bool tell(Call& call) {
    if (call.over && !std::exchange(call.told, true)) --untold_;
    return call.over;
  }

  /// A call that nobody waits for any more.
  void give_up(Call& call) {
    if (tell(call)) return;
    call.told = true;
    call.context.TryCancel();
  }

  /// From any thread: the present or next work() returns at once.
  void wake() {
    const std::lock_guard lock(waking_);
    if (woken_) return;
    woken_ = true;
    alarm_.Set(&queue_, gpr_time_0(GPR_CLOCK_MONOTONIC), nullptr);
  }

 private:
  void finish(void* tag) {
    if (tag == nullptr) {
      const std::lock_guard lock(waking_);
      woken_ = false;
      return;
    }
    auto& call = *static_cast<Call*>(tag);
    call.over = true;
    if (!call.told) ++untold_;
    call.end_ms = clock_.now_ms();
    const auto last = std::move(call.itself);
  }

  SteadyClock clock_;
  int untold_ = 0;
  grpc::CompletionQueue queue_;
  std::mutex waking_;
  bool woken_ = false;
  grpc::Alarm alarm_;
};

/// The connection in use; `doubtful` once a call was given up on it: it may be dead without
/// telling, and gRPC would hold on to it for as long as TCP does.
struct Connection {
  std::shared_ptr<const GrpcChannels> channels;
  std::shared_ptr<Events> events;
  std::shared_ptr<grpc::Channel> channel = channels->open();
  bool doubtful = false;

  grpc_connectivity_state state() const { return channel->GetState(false); }
};

template <class Value, class Message>
class GrpcTransfer : public Transfer<Value> {
 public:
  using Read = std::function<Value(const Message&)>;

  GrpcTransfer(std::shared_ptr<Connection> connection, const char* method,
               const google::protobuf::MessageLite& request, const std::string& token, Read read)
      : connection_(std::move(connection)), read_(std::move(read)) {
    bool own = false;
    using Traits = grpc::SerializationTraits<google::protobuf::MessageLite>;
    const grpc::Status written = Traits::Serialize(request, &call_->request, &own);
    if (!written.ok()) throw std::bad_alloc();
    sent_bytes_ = prefix_bytes + static_cast<double>(call_->request.Length());
    if (!token.empty()) call_->context.AddMetadata("authorization", "Bearer " + token);
    connected_ = connection_->state() == GRPC_CHANNEL_READY;
    start_ms_ = connection_->events->now_ms();
    grpc::GenericStub stub(connection_->channel);
    connection_->events->start(call_, stub, std::string(service) + method);
  }
  GrpcTransfer(const GrpcTransfer&) = delete;
  GrpcTransfer& operator=(const GrpcTransfer&) = delete;
  ~GrpcTransfer() override {
    if (!call_->over) connection_->doubtful = true;
    connection_->events->give_up(*call_);
  }

  bool wait(double until_ms) override {
    constexpr int steps =
        8;  // of a connection and a call, each of which may need a look of its own
    for (int done = 0; !connection_->events->tell(*call_); ++done) {
      const double left = until_ms - connection_->events->now_ms();
      if (left <= 0 && done >= steps) return false;
      connection_->events->work(std::max(left, 0.0));
    }
    return true;
  }

  double sent_bytes() const override { return sent_bytes_; }

  Reply<Value> take() override {
    Reply<Value> reply;
    const bool stands = connection_->state() == GRPC_CHANNEL_READY;
    reply.fault = connection_->channels->fault_of(call_->status, stands);
    reply.rest_ms = rest_ms(call_->context);
    // With HTTP/2's frames and compressed headers gRPC keeps its counts, and when bytes came and
    // went, to itself: messages are counted, and the time of a call that found a connection.
    if (connected_) reply.exchange_ms = call_->end_ms - start_ms_;
    if (reply.fault != Fault::none) {
      reply.message = text("[server] ", shown(call_->status.error_message()));
      return reply;
    }
    reply.received_bytes = prefix_bytes + static_cast<double>(call_->response.Length());
    decode_into(reply, [&] {
      Message message;
      const grpc::Status parsed =
          grpc::SerializationTraits<Message>::Deserialize(&call_->response, &message);
      expect(parsed.ok(), "answer", "a message of the protocol", "other bytes");
      return read_(message);
    });
    return reply;
  }

 private:
  std::shared_ptr<Connection> connection_;
  Read read_;
  std::shared_ptr<Call> call_ = std::make_shared<Call>();
  double sent_bytes_ = 0;
  bool connected_ = false;
  double start_ms_ = 0;
};

class GrpcTransport : public Transport {
 public:
  explicit GrpcTransport(const ConnectionOptions& options)
      : channels_(std::make_shared<GrpcChannels>(options)), token_(options.bearer_token) {}

  std::unique_ptr<Transfer<ModelMetadata>> describe(const std::string& model,
                                                    const std::string& version) override {
    using Answer = GrpcTransfer<ModelMetadata, inference::ModelMetadataResponse>;
    return std::make_unique<Answer>(connection(), "ModelMetadata", metadata_message(model, version),
                                    token_, &read_metadata);
  }

  std::unique_ptr<Transfer<InferResponse>> infer(const InferInput& input) override {
    using Answer = GrpcTransfer<InferResponse, inference::ModelInferResponse>;
    return std::make_unique<Answer>(
        connection(), "ModelInfer", infer_message(input), token_,
        [output = input.output, classes = input.classes](const auto& message) {
          return read_answer(message, output, classes);
        });
  }

  void work(double until_ms) override {
    events_->await(std::max(until_ms - events_->now_ms(), 0.0));
  }
  void wake() override { events_->wake(); }

 private:
  /// A new one after a failure: gRPC's own waits before it tries again, and answers in its place.
  std::shared_ptr<Connection> connection() {
    const bool usable = connection_ && !connection_->doubtful &&
                        connection_->state() != GRPC_CHANNEL_TRANSIENT_FAILURE;
    if (!usable) connection_ = std::make_shared<Connection>(Connection{channels_, events_});
    return connection_;
  }

  std::shared_ptr<const GrpcChannels> channels_;
  std::string token_;
  std::shared_ptr<Events> events_ = std::make_shared<Events>();
  std::shared_ptr<Connection> connection_;
};

}  // namespace

std::unique_ptr<Transport> make_grpc_transport(const ConnectionOptions& options) {
  return std::make_unique<GrpcTransport>(options);
}

}  // namespace muxnet

#else

namespace muxnet {

std::unique_ptr<Transport> make_grpc_transport(const ConnectionOptions&) {
  throw std::runtime_error(error_text("grpc", "muxnet built with gRPC (libgrpc++-dev)", "none"));
}

}  // namespace muxnet

#endif
