#include <algorithm>
#include <stdexcept>

#include "fuzz/targets.hpp"
#include "muxnet/protocol/inference_request.hpp"
#include "muxnet/protocol/rest_protocol.hpp"
#ifdef MUXNET_WITH_GRPC
#include "muxnet/protocol/grpc_protocol.hpp"
#endif

namespace muxnet::fuzz {
namespace {

// How much of a body is JSON, in its first two bytes: of a request and of an answer.
constexpr std::size_t length_bytes = 2;

std::size_t json_length(std::string_view bytes) {
  const auto low = static_cast<unsigned char>(bytes[0]),
             high = static_cast<unsigned char>(bytes[1]);
  return low | static_cast<std::size_t>(high) << 8U;
}

void read_rest(std::string_view bytes) {
  if (bytes.size() < length_bytes) return;
  const auto body = bytes.substr(length_bytes);
  read_rest_request(body, std::min(json_length(bytes), body.size()));
}

HttpResponse response(std::string_view bytes) {
  HttpResponse made;
  made.status = 200;
  made.body = bytes.substr(length_bytes);
  const std::size_t json = json_length(bytes);
  if (json != 0) made.headers["inference-header-content-length"] = std::to_string(json);
  return made;
}

/// What a client's reader, which may throw any exception for what it refuses, says of bytes.
std::string refusal(const std::function<void()>& read) {
  try {
    read();
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::length_error&) {
    throw;
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

void read_or_refuse(const std::function<void()>& read) {
  const std::string text = refusal(read);
  if (!text.empty()) throw std::invalid_argument(text);
}

void judge(const InferResponse& answer) {
  check_answer(answer, {answer.id, "y", 3, false});
  check_rows(answer, {answer.id, "y", 2, 0, 2});
}

void read_rest_answers(std::string_view bytes) {
  if (bytes.size() < length_bytes) return;
  refusal([&] { judge(parse_answer(response(bytes), "y")); });
  read_or_refuse([&] { judge(parse_answer(response(bytes), "")); });
}

void read_rest_metadata(std::string_view bytes) {
  if (bytes.size() < length_bytes) return;
  read_or_refuse([&] { parse_metadata(response(bytes)); });
}

#ifdef MUXNET_WITH_GRPC
template <class Message>
Message parsed(std::string_view bytes) {
  Message message;
  if (message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return message;
  throw std::invalid_argument("no message");
}

void read_grpc_answers(std::string_view bytes) {
  const auto message = parsed<inference::ModelInferResponse>(bytes);
  refusal([&] { judge(read_answer(message, "y")); });
  read_or_refuse([&] { judge(read_answer(message, "")); });
}

void read_grpc_metadata(std::string_view bytes) {
  const auto message = parsed<inference::ModelMetadataResponse>(bytes);
  read_or_refuse([&] { read_metadata(message); });
}
#endif

}  // namespace

void add_protocol(Targets& targets) {
  targets["rest_request"] = read_rest;
  targets["grpc_request"] = [](std::string_view bytes) { read_grpc_request(bytes); };
  targets["rest_answer"] = read_rest_answers;
  targets["rest_metadata"] = read_rest_metadata;
#ifdef MUXNET_WITH_GRPC
  targets["grpc_answer"] = read_grpc_answers;
  targets["grpc_metadata"] = read_grpc_metadata;
#endif
}

}  // namespace muxnet::fuzz
