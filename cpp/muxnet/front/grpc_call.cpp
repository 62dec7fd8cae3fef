#include "muxnet/front/grpc_call.hpp"

#include <boost/asio/post.hpp>

#include "muxnet/core/error.hpp"
#include "muxnet/core/json.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/front/answer_messages.hpp"
#include "muxnet/front/grpc_methods.hpp"
#include "muxnet/front/http_connections.hpp"

namespace muxnet {
namespace {

using grpc::StatusCode;

constexpr std::string_view service_path = "/inference.GRPCInferenceService/";
constexpr const char* pushback = "grpc-retry-pushback-ms";  // what Retry-After is to REST (A6)
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

std::string_view view_of(grpc::string_ref written) { return {written.data(), written.size()}; }

/// "127.0.0.1" of "ipv4:127.0.0.1:4711".
std::string client_of(const grpc::CallbackServerContext& context) {
  const std::string peer = context.peer();
  const auto begin = peer.find(':');
  const auto end = peer.rfind(':');
  return begin == end ? peer : peer.substr(begin + 1, end - begin - 1);
}

/// What the owner says of a request that it refuses.
std::string refusal_in(const std::string& body) {
  try {
    return parse_json(body).at("error").get<std::string>();
  } catch (const std::exception&) {
    return std::string(own_error);
  }
}

}  // namespace

GrpcCall::GrpcCall(GrpcCalls& calls, grpc::GenericCallbackServerContext& context)
    : calls_(calls), context_(context), method_(context.method()), began_s_(steady_s()) {
  if (allowed()) {
    wait_for_message();
  } else {
    calls_.refusals.add("token", client_of(context_));
    Finish({StatusCode::UNAUTHENTICATED, std::string(token_error)});
  }
}

void GrpcCall::OnReadDone(bool ok) {
  if (!take()) return;
  if (!ok) return refuse({400, error_text("grpc", "a message", "none")});
  auto body = take_message();
  if (!body) return refuse({500, std::string(own_error)});
  if (method_ == "ModelInfer") return infer(std::move(body));
  answer_small(*body);
}

std::shared_ptr<std::string> GrpcCall::take_message() {
  std::vector<grpc::Slice> slices;
  if (!message_.Dump(&slices).ok()) return nullptr;
  auto body = std::make_shared<std::string>();
  body->reserve(message_.Length());
  for (const grpc::Slice& slice : slices) {
    body->append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  message_.Clear();
  return body;
}

void GrpcCall::give_up() {
  calls_.refusals.add("body_late", client_of(context_));
  const std::string expected = text("a message within ", calls_.options.body_seconds, " s");
  refuse({504, error_text("grpc", expected, "a part")});
}

bool GrpcCall::allowed() {
  const std::string_view path(method_);
  method_ = path.starts_with(service_path) ? std::string(path.substr(service_path.size())) : "";
  if (calls_.options.token.empty() || is_open_method(method_)) return true;
  const auto& metadata = context_.client_metadata();
  const auto found = metadata.find("authorization");
  return found != metadata.end() && token_matches(view_of(found->second), calls_.options.token);
}

void GrpcCall::wait_for_message() {
  GrpcCall* slowest = nullptr;
  {
    const std::lock_guard lock(calls_.mutex);
    at_ = calls_.coming.insert(calls_.coming.end(), this);
    coming_ = true;
    if (calls_.coming.size() > static_cast<std::size_t>(calls_.options.requests)) {
      slowest = calls_.coming.front();
      slowest->drop();
      calls_.coming.pop_front();
    }
  }
  StartRead(&message_);
  if (slowest != nullptr) slowest->give_up();
}

bool GrpcCall::take() {
  const std::lock_guard lock(calls_.mutex);
  if (!coming_) return false;
  coming_ = false;
  calls_.coming.erase(at_);
  return true;
}

void GrpcCall::infer(std::shared_ptr<std::string> body) {
  if (!calls_.has_room()) {
    calls_.refusals.add("busy", client_of(context_));
    return Finish({StatusCode::RESOURCE_EXHAUSTED, std::string(full_error)});
  }
  InferenceRequested asked;
  asked.from_grpc = true;
  asked.began_ns = now_ns();
  asked.received.body = std::move(body);
  if (calls_.inference.noted()) {
    for (const auto& [name, value] : context_.client_metadata()) {
      asked.headers.emplace_back(view_of(name), view_of(value));
    }
  }
  asked.done = [this](const std::shared_ptr<InferenceOutcome>& outcome) {
    if (outcome->answer.probabilities.size() <= quick_values) return finish(outcome);
    boost::asio::post(calls_.slow, [this, outcome] { finish(outcome); });
  };
  const auto kept = std::make_shared<InferenceRequested>(std::move(asked));
  // The bytes of tensors are not looked at: nothing is longer than its message.
  if (kept->received.body->size() <= quick_bytes) return read(kept);
  boost::asio::post(calls_.slow, [this, kept] { read(kept); });
}

void GrpcCall::read(const std::shared_ptr<InferenceRequested>& asked) {
  Inference& inference = calls_.inference;
  try {
    RequestLimits limits;
    limits.images = static_cast<std::size_t>(inference.limits().images);
    ReceivedRequest& received = asked->received;
    received.request = read_grpc_request(*received.body, limits);
    require_utf8(received.request);
    asked->name = received.request.model_name;
    asked->version = received.request.model_version;
    if (received.quick()) return inference.answer(std::move(*asked));
    boost::asio::post(calls_.slow, [&inference, asked] { inference.answer(std::move(*asked)); });
  } catch (const std::exception& error) {
    inference.refuse(std::move(*asked), {400, error.what()});
  }
}

void GrpcCall::finish(const std::shared_ptr<InferenceOutcome>& outcome) {
  calls_.leave();
  if (outcome->refused) return refuse(*outcome->refused);
  std::string message;
  try {
    message = grpc_answer(*outcome);
  } catch (const RequestRefused& refused) {
    return refuse(refused);
  }
  calls_.send([this, kept = std::move(message)] { give(kept); });
}

void GrpcCall::answer_small(const std::string& message) {
  try {
    const auto loaded = [this](const std::string& answer) { load(answer); };
    const auto answer = answer_method(method_, message, calls_.options, calls_.inference, loaded);
    if (answer) give(*answer);
  } catch (const RequestRefused& refused) {
    refuse(refused);
  }
}

void GrpcCall::load(const std::string& answer) {
  calls_.handed.hand({0, "POST", load_path, "", ""}, [this, answer](const HttpReply& reply) {
    if (reply.status == 200) return give(answer);
    refuse({reply.status, refusal_in(reply.body)});
  });
}

void GrpcCall::give(const std::string& message) {
  const grpc::Slice slice(message);
  answer_ = grpc::ByteBuffer(&slice, 1);
  StartWriteAndFinish(&answer_, grpc::WriteOptions(), grpc::Status::OK);
}

void GrpcCall::refuse(const RequestRefused& refused) {
  constexpr int ms_per_s = 1000;
  if (refused.retry_after_s > 0) {
    context_.AddTrailingMetadata(pushback, std::to_string(ms_per_s * refused.retry_after_s));
  }
  Finish({code_of(refused.status), refused.what()});
}

}  // namespace muxnet
