#include "muxnet/front/grpc_methods.hpp"

#include "muxnet/core/error.hpp"
#include "muxnet/front/answer_messages.hpp"
#include "muxnet/front/repository.hpp"
#include "muxnet/protocol/inference_messages.pb.h"

namespace muxnet {
namespace {

constexpr std::size_t most_bytes = 4096;

template <class Message>
Message parsed(const std::string& message) {
  Message result;
  if (!result.ParseFromString(message)) {
    throw bad_request("grpc", "a message of the protocol", "other bytes");
  }
  return result;
}

ServedName served_name(const Inference& inference, const std::string& name,
                       const std::string& version) {
  const auto found = inference.served()->find(name);
  if (!found) throw RequestRefused(404, error_text("model", "a served one", shown(name)));
  if (const auto refused = version_refusal(version, inference.version())) throw *refused;
  return *found;
}

template <class Tensors>
void add_specs(Tensors& tensors, const std::vector<TensorSpec>& specs) {
  for (const TensorSpec& spec : specs) {
    auto& tensor = *tensors.Add();
    tensor.set_name(spec.name);
    tensor.set_datatype(spec.datatype);
    for (const std::int64_t extent : spec.shape) tensor.add_shape(extent);
  }
}

std::string server_ready(const Inference& inference) {
  inference::ServerReadyResponse answer;
  answer.set_ready(is_ready(inference));
  return answer.SerializeAsString();
}

std::string server_metadata(const FrontOptions& options) {
  inference::ServerMetadataResponse answer;
  answer.set_name("muxnet");
  answer.set_version(options.version);
  answer.add_extensions("model_repository_extension");
  return answer.SerializeAsString();
}

std::string model_ready(const std::string& message, const Inference& inference) {
  const auto asked = parsed<inference::ModelReadyRequest>(message);
  inference::ModelReadyResponse answer;
  answer.set_ready(is_ready(inference, served_name(inference, asked.name(), asked.version())));
  return answer.SerializeAsString();
}

std::string model_metadata(const std::string& message, const Inference& inference) {
  const auto asked = parsed<inference::ModelMetadataRequest>(message);
  const ServedName name = served_name(inference, asked.name(), asked.version());
  const auto served = inference.served();
  inference::ModelMetadataResponse answer;
  answer.set_name(asked.name());
  answer.add_versions(std::to_string(inference.version()));
  answer.set_platform(std::string(platform_text));
  add_specs(*answer.mutable_inputs(), served->inputs_of(name));
  add_specs(*answer.mutable_outputs(), served->outputs_of(name));
  return answer.SerializeAsString();
}

std::string repository_index(const std::string& message, const Inference& inference) {
  const auto asked = parsed<inference::RepositoryIndexRequest>(message);
  inference::RepositoryIndexResponse answer;
  for (const ListedModel& model : listed_models(inference, asked.ready())) {
    auto& entry = *answer.add_models();
    entry.set_name(model.name);
    entry.set_version(model.version);
    entry.set_state(model.state);
    entry.set_reason(model.reason);
  }
  return answer.SerializeAsString();
}

/// Bytes that follow the first one of a character; none where it is not that of any.
std::optional<std::size_t> following(unsigned first) {
  if (first < 0x80) return 0;
  if (first < 0xC2 || first > 0xF4) return std::nullopt;
  return first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
}

bool is_second(unsigned first, unsigned second) {
  const unsigned least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  return second >= least && second <= most;
}

/// By Unicode's table 3-7, "Well-Formed UTF-8 Byte Sequences".
bool is_utf8(std::string_view written) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(written[at]); };
  for (std::size_t i = 0; i < written.size(); ++i) {
    const unsigned first = byte(i);
    const auto more = following(first);
    if (!more || *more >= written.size() - i) return false;
    if (*more > 0 && !is_second(first, byte(i + 1))) return false;
    for (std::size_t j = 2; j <= *more; ++j) {
      if ((byte(i + j) & 0xC0U) != 0x80U) return false;
    }
    i += *more;
  }
  return true;
}

bool is_utf8(const RequestParameters& parameters) {
  return std::all_of(parameters.begin(), parameters.end(), [](const auto& parameter) {
    const auto* said = std::get_if<std::string>(&parameter.second);
    return is_utf8(parameter.first) && (said == nullptr || is_utf8(*said));
  });
}

}  // namespace

bool is_open_method(std::string_view method) {
  return method == "ServerLive" || method == "ServerReady";
}

std::optional<std::string> answer_method(std::string_view method, const std::string& message,
                                         const FrontOptions& options, const Inference& inference,
                                         const std::function<void(const std::string&)>& load) {
  if (message.size() > most_bytes) {
    throw bad_request("grpc", text("at most ", most_bytes, " bytes"), text(message.size()));
  }
  if (method == "ServerLive") {
    inference::ServerLiveResponse answer;
    answer.set_live(true);
    return answer.SerializeAsString();
  }
  if (method == "ServerReady") return server_ready(inference);
  if (method == "ServerMetadata") return server_metadata(options);
  if (method == "ModelReady") return model_ready(message, inference);
  if (method == "ModelMetadata") return model_metadata(message, inference);
  if (method == "RepositoryIndex") return repository_index(message, inference);
  const bool unload = method == "RepositoryModelUnload";
  if (!unload && method != "RepositoryModelLoad") {
    throw RequestRefused(501, error_text("grpc", "a method of the protocol", "another"));
  }
  const auto asked = parsed<inference::RepositoryModelLoadRequest>(message);
  const std::string& name =
      asked.triton_model_name().empty() ? asked.model_name() : asked.triton_model_name();
  check_load(inference, name, !unload);
  inference::RepositoryModelLoadResponse answer;
  answer.set_model_name(name);
  answer.set_isloaded(true);
  load(answer.SerializeAsString());
  return std::nullopt;
}

void require_utf8(const InferenceRequest& request) {
  bool whole = is_utf8(request.id) && is_utf8(request.model_name) &&
               is_utf8(request.model_version) && is_utf8(request.parameters);
  for (const InputTensor& input : request.inputs) {
    whole = whole && is_utf8(input.name) && is_utf8(input.datatype) && is_utf8(input.parameters);
  }
  for (const RequestedTensor& output : request.outputs) {
    whole = whole && is_utf8(output.name) && is_utf8(output.parameters);
  }
  require(whole, "request", "texts in UTF-8", "other bytes");
}

std::string grpc_answer(const InferenceOutcome& outcome) {
  inference::ModelInferResponse answer;
  answer.set_model_name(outcome.asked.name);
  answer.set_model_version(std::to_string(outcome.answer.version));
  answer.set_id(outcome.asked.received.request.id);
  const auto add = [&](std::string_view name) -> inference::InferParameter& {
    auto& entry = *answer.add_parameters();
    entry.set_key(std::string(name));
    return *entry.mutable_value();
  };
  for (const auto& [name, value] : parameters_of(outcome)) {
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      add(name).set_int64_param(*number);
    } else {
      add(name).set_string_param(std::get<std::string>(value));
    }
  }
  // The SDK's messages know no floating-point parameters.
  std::ostringstream server_ms;
  server_ms.precision(3);
  server_ms << std::fixed << outcome.server_ms;
  add("server_ms").set_string_param(server_ms.str());
  for (const OutputTensor& output : outputs_of(outcome)) {
    auto& tensor = *answer.add_outputs();
    tensor.set_name(std::string(output.name));
    tensor.set_datatype(std::string(output.datatype));
    for (const std::int64_t extent : output.values.shape()) tensor.add_shape(extent);
    answer.add_raw_output_contents(static_cast<const char*>(output.values.raw()),
                                   output.values.bytes());
  }
  return answer.SerializeAsString();
}

}  // namespace muxnet
