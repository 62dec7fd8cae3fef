#include "muxnet/server/saved_model.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/core/safetensors.hpp"
#include "muxnet/networks/network.hpp"
#include "muxnet/networks/projection.hpp"
#include "muxnet/networks/weights.hpp"
#include "muxnet/onnx/description.hpp"
#include "muxnet/runtime/endpoint_model.hpp"

namespace muxnet {
namespace {

using Json = nlohmann::ordered_json;
using Path = std::filesystem::path;

constexpr const char* projection = "projection.weight";  // of one trained by the contrastive loss
constexpr std::int64_t most_extent = 1 << 17, most_values = 1 << 26;
constexpr std::array kinds{std::pair{AnswerKind::probabilities, "probabilities"},
                           std::pair{AnswerKind::logits, "logits"},
                           std::pair{AnswerKind::scores, "scores"}};

const char* name_of(AnswerKind kind) { return kinds.at(static_cast<std::size_t>(kind)).second; }

AnswerKind kind_of(const std::string& name) {
  for (const auto& [kind, known] : kinds) {
    if (name == known) return kind;
  }
  throw std::invalid_argument(error_text("answers", "probabilities, logits or scores", name));
}

void copy_into(const Path& from, const Path& to) {
  std::filesystem::create_directories(to.parent_path());
  write_atomically(to, read_file(from, std::numeric_limits<std::uint64_t>::max()));
}

/// A file that nobody but its owner may read, at no time.
std::string keep_secret(const std::string& content, const Path& folder, const std::string& name) {
  using std::filesystem::perms;
  const Path path = folder / name;
  std::filesystem::create_directories(path.parent_path());
  std::filesystem::permissions(path.parent_path(), perms::owner_all);
  write_atomically(path, content);
  std::filesystem::permissions(path, perms::owner_read | perms::owner_write);
  return name;
}

Json network_json(const Model& model, const Path& folder, const std::string& place) {
  const Graph& graph = model.graph;
  const Shape& input = graph.shape(graph.input());
  const std::string file = place + "/weights.safetensors";
  std::filesystem::create_directories(folder / place);
  const auto held = model.access.read("export");
  save_weights(model, folder / file);
  return {{"name", model.name},
          {"channels", input[1]},
          {"height", input[2]},
          {"width", input[3]},
          {"classes", graph.shape(graph.output("logits"))[1]},
          {"weights", file}};
}

/// What a network is built for, within what no network of the zoo needs more of.
NetworkOptions options_from(const nlohmann::json& said) {
  NetworkOptions options;
  const auto count = [&](const char* key, std::int64_t& value) {
    said.at(key).get_to(value);
    require(value > 0 && value <= most_extent, key, text("1 .. ", most_extent), text(value));
  };
  count("channels", options.channels);
  count("height", options.height);
  count("width", options.width);
  count("classes", options.classes);
  const std::int64_t values = volume({options.channels, options.height, options.width});
  require(values <= most_values, "network", text("images of at most ", most_values, " values"),
          text(values));
  return options;
}

/// No memory is asked for that the weights do not take in their file.
std::shared_ptr<Model> network_from(const nlohmann::json& said, const Path& folder) {
  const auto name = said.at("name").get<std::string>();
  Graph graph = build_network(name, options_from(said));
  const Path weights = inside(folder, said.at("weights").get<std::string>());
  const auto tensors = load_safetensors(weights).tensors;
  if (const auto found = tensors.find(projection); found != tensors.end()) {
    require(found->second.shape().size() == 2, projection, "a matrix",
            to_string(found->second.shape()));
    add_projection(graph, found->second.dim(0));
  }
  std::int64_t numbers = 0;
  for (const auto& [key, tensor] : tensors) numbers += tensor.size();
  require(graph.parameter_count() <= numbers, name, text("at most ", numbers, " parameters"),
          text(graph.parameter_count()));
  auto parameters = Parameters::zeros(graph, DType::f32);
  auto model = std::make_shared<Model>(name, std::move(graph), std::move(parameters));
  load_weights(*model, weights);
  return model;
}

Json onnx_json(const OnnxSource& source, const Path& folder, const std::string& place) {
  const std::string file = place + "/" + source.path.filename().string();
  for (const std::string& name : describe_onnx(source.path).external_files) {
    copy_into(source.path.parent_path() / name, inside(folder / place, name));
  }
  copy_into(source.path, folder / file);
  const OnnxOptions& options = source.options;
  return {{"file", file},
          {"engine", options.engine},
          {"output", options.output},
          {"layout", options.layout},
          {"embedding", options.embedding},
          {"threads", options.threads}};
}

OnnxSource onnx_from(const nlohmann::json& said, const Path& folder) {
  OnnxSource source;
  source.path = inside(folder, said.at("file").get<std::string>());
  said.at("engine").get_to(source.options.engine);
  said.at("output").get_to(source.options.output);
  said.at("layout").get_to(source.options.layout);
  said.at("embedding").get_to(source.options.embedding);
  said.at("threads").get_to(source.options.threads);
  return source;
}

Json endpoint_json(const RemoteModelOptions& options, const Path& folder,
                   const std::string& place) {
  const ConnectionOptions& server = options.server;
  const auto kept = [&](const Path& path, const char* name) {
    return path.empty() ? "" : keep_secret(read_file(path), folder, place + "/" + name);
  };
  const bool token = !server.bearer_token.empty();
  return {{"url", server.url},
          {"token", token ? keep_secret(server.bearer_token, folder, place + "/token") : ""},
          {"ca", kept(server.ca_file, "ca.pem")},
          {"certificate", kept(server.certificate, "certificate.pem")},
          {"key", kept(server.key, "key.pem")},
          {"proxy", server.proxy},
          {"connect_timeout_ms", server.connect_timeout_ms},
          {"max_response_bytes", server.max_response_bytes},
          {"model", options.endpoint.model},
          {"version", options.endpoint.version},
          {"input", options.endpoint.input},
          {"output", options.endpoint.output},
          {"payload", options.endpoint.payload},
          {"jpeg_quality", options.endpoint.jpeg_quality},
          {"retries", options.retry.most},
          {"timeout_ms", options.timeout_ms},
          {"probe_timeout_ms", options.probe_timeout_ms},
          {"in_flight", options.in_flight}};
}

RemoteModelOptions endpoint_from(const nlohmann::json& said, const Path& folder) {
  RemoteModelOptions options;
  const auto file = [&](const char* key) {
    const auto name = said.at(key).get<std::string>();
    return name.empty() ? Path() : inside(folder, name);
  };
  said.at("url").get_to(options.server.url);
  const Path token = file("token");
  if (!token.empty()) options.server.bearer_token = read_file(token);
  options.server.ca_file = file("ca");
  options.server.certificate = file("certificate");
  options.server.key = file("key");
  said.at("proxy").get_to(options.server.proxy);
  said.at("connect_timeout_ms").get_to(options.server.connect_timeout_ms);
  said.at("max_response_bytes").get_to(options.server.max_response_bytes);
  said.at("model").get_to(options.endpoint.model);
  said.at("version").get_to(options.endpoint.version);
  said.at("input").get_to(options.endpoint.input);
  said.at("output").get_to(options.endpoint.output);
  said.at("payload").get_to(options.endpoint.payload);
  said.at("jpeg_quality").get_to(options.endpoint.jpeg_quality);
  said.at("retries").get_to(options.retry.most);
  said.at("timeout_ms").get_to(options.timeout_ms);
  said.at("probe_timeout_ms").get_to(options.probe_timeout_ms);
  said.at("in_flight").get_to(options.in_flight);
  return options;
}

/// What is told of it, whatever runs it.
HostedModel described(const nlohmann::json& said) {
  HostedModel model;
  said.at("name").get_to(model.name);
  said.at("cost").get_to(model.cost);
  said.at("shape").get_to(model.image_shape);
  model.image_shape.insert(model.image_shape.begin(), 1);
  said.at("classes").get_to(model.classes);
  said.at("mean").get_to(model.normalization.mean);
  said.at("deviation").get_to(model.normalization.deviation);
  said.at("places").get_to(model.places);
  said.at("reversed").get_to(model.reversed);
  const nlohmann::json& images = said.at("images");
  if (!images.is_null()) model.images = image_format_from_json(images.dump());
  return model;
}

}  // namespace

Path inside(const Path& folder, const std::string& name) {
  const Path path(name);
  const bool out = path.is_absolute() || std::find(path.begin(), path.end(), "..") != path.end();
  require(!out && !name.empty(), "file", "one in the deployment's folder", shown(name));
  return folder / path;
}

Json save_model(const HostedModel& model, const Path& folder, const std::string& place) {
  const Shape shape(model.image_shape.begin() + 1, model.image_shape.end());
  Json said{{"name", model.name},
            {"cost", model.cost},
            {"shape", shape},
            {"classes", model.classes},
            {"mean", model.normalization.mean},
            {"deviation", model.normalization.deviation},
            {"places", model.places},
            {"reversed", model.reversed},
            {"images", model.images ? Json(parse_json(to_json(*model.images))) : Json()},
            {"answers", name_of(model.answers)}};
  if (const auto* network = std::get_if<std::shared_ptr<Model>>(&model.made_of)) {
    said["network"] = network_json(**network, folder, place);
  } else if (const auto* file = std::get_if<OnnxSource>(&model.made_of)) {
    said["onnx"] = onnx_json(*file, folder, place);
  } else {
    require(model.elsewhere != nullptr, model.name,
            "a network, an ONNX file, or a model behind an endpoint",
            "one that only this process has, as a Python function");
    said["endpoint"] = endpoint_json(model.elsewhere->options(), folder, place);
  }
  return said;
}

HostedModel load_model(const nlohmann::json& said, const Path& folder) {
  HostedModel model = described(said);
  const AnswerKind kind = kind_of(said.at("answers").get<std::string>());
  if (said.contains("network")) {
    model = host_network(std::move(model), network_from(said.at("network"), folder), kind);
  } else if (said.contains("onnx")) {
    model = host_onnx(std::move(model), onnx_from(said.at("onnx"), folder), kind);
  } else {
    model = host_endpoint(std::move(model), endpoint_from(said.at("endpoint"), folder), kind);
  }
  return model;
}

}  // namespace muxnet
