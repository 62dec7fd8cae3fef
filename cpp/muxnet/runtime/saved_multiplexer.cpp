#include "muxnet/runtime/saved_multiplexer.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "muxnet/core/fingerprint.hpp"
#include "muxnet/core/json.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/core/safetensors.hpp"
#include "muxnet/networks/weights.hpp"
#include "muxnet/routing/outcome_table.hpp"
#include "muxnet/runtime/multiplexer_input.hpp"

namespace muxnet {

using Json = nlohmann::json;

namespace {

constexpr auto format_name = "muxnet multiplexer 1";
constexpr std::int64_t most_values = 1 << 26;  // of one input, of a layer

/// An enumerator by its name, both ways: what a file calls otherwise is refused.
template <class Enum>
struct Names {
  const char* key;
  std::array<std::pair<Enum, const char*>, 2> all;

  std::string of(Enum value) const { return value == all[0].first ? all[0].second : all[1].second; }
  Enum read(const Json& content) const {
    const auto name = content.at(key).get<std::string>();
    for (const auto& [value, known] : all) {
      if (name == known) return value;
    }
    throw std::invalid_argument(error_text(key, text(all[0].second, " or ", all[1].second), name));
  }
};
constexpr Names<Objective> objectives = {
    "objective", {{{Objective::correctness, "correctness"}, {Objective::ensemble, "ensemble"}}}};
constexpr Names<Formulation> formulations = {
    "formulation", {{{Formulation::bounded, "bounded"}, {Formulation::paper, "paper"}}}};

Json network_json(const MultiplexerOptions& network) {
  return {{"channels", network.channels}, {"height", network.height},
          {"width", network.width},       {"resolution", network.resolution},
          {"filters", network.filters},   {"hidden", network.hidden},
          {"meta_dim", network.meta_dim}, {"shared_meta", network.shared_meta},
          {"offload", network.offload}};
}

MultiplexerOptions network_from(const Json& content) {
  MultiplexerOptions network;
  const auto count = [&](const char* key, std::int64_t& value) {
    content.at(key).get_to(value);
    require(value >= 0 && value <= most_values, text("network, ", key), text("0 .. ", most_values),
            text(value));
  };
  count("channels", network.channels);
  count("height", network.height);
  count("width", network.width);
  count("resolution", network.resolution);
  count("filters", network.filters);
  count("hidden", network.hidden);
  count("meta_dim", network.meta_dim);
  content.at("shared_meta").get_to(network.shared_meta);
  content.at("offload").get_to(network.offload);
  require(volume({network.channels, network.height, network.width}) <= most_values &&
              volume({network.filters, network.filters}) <= most_values,
          "network", text("at most ", most_values, " values of an input and of a layer"), "more");
  return network;
}

Json encoder_json(const Encoder& encoder) {
  return {{"model", encoder.model}, {"output", encoder.output}};
}

Json to_json(const SavedMultiplexer& saved, const std::string& weights) {
  const Multiplexer& own = saved.multiplexer;
  return {{"format", format_name},
          {"kind", own.kind},
          {"images", own.images ? parse_json(to_json(*own.images)) : Json()},
          {"encoder", own.encoder ? encoder_json(*own.encoder) : Json()},
          {"network", network_json(saved.network)},
          {"objective", objectives.of(own.objective)},
          {"formulation", formulations.of(own.weights.formulation)},
          {"lambda_cost", own.weights.lambda_cost},
          {"models", saved.models},
          {"classes", saved.classes},
          {"costs", own.costs},
          {"cost", cost_of(own)},
          {"cost_kind", saved.cost_kind},
          {"learnt_from", saved.learnt_from},
          {"weights", weights}};
}

void check(const SavedMultiplexer& saved) {
  const Multiplexer& own = saved.multiplexer;
  const std::set<std::string> names(saved.models.begin(), saved.models.end());
  const auto count = saved.models.size();
  const auto positive = [](double cost) { return std::isfinite(cost) && cost > 0; };
  require(count > 0 && count <= max_pool_models && names.size() == count, "models",
          text("1 to ", max_pool_models, " different names"), text(count));
  require(own.costs.size() == count && std::all_of(own.costs.begin(), own.costs.end(), positive),
          "costs", text(count, " numbers above 0"), text(own.costs.size(), " numbers"));
  require(own.price && std::isfinite(*own.price) && *own.price >= 0, "cost",
          "a number of at least 0", own.price ? text(*own.price) : "none");
  const bool known = !own.encoder || names.contains(own.encoder->model);
  require(known, "encoder", "one of its models", known ? "" : own.encoder->model);
  require(saved.classes > 0, "classes", "at least 1", text(saved.classes));
  require(std::isfinite(own.weights.lambda_cost) && own.weights.lambda_cost >= 0, "lambda_cost",
          "a number of at least 0", text(own.weights.lambda_cost));
}

/// The model that the options tell, with the weights of the file: no memory is asked for that the
/// file does not hold.
std::shared_ptr<Model> read_model(const MultiplexerOptions& network,
                                  const std::filesystem::path& path) {
  std::int64_t numbers = 0;
  for (const auto& [name, tensor] : load_safetensors(path).tensors) numbers += tensor.size();
  Graph graph = build_multiplexer(network);
  require(graph.parameter_count() <= numbers, "network",
          text("at most ", numbers, " parameters, as in ", path.filename().string()),
          text(graph.parameter_count()));
  auto weights = Parameters::zeros(graph, DType::f32);
  auto model = std::make_shared<Model>("multiplexer", std::move(graph), std::move(weights));
  load_weights(*model, path);
  return model;
}

/// Whether it has what its kind is shown, and fits that.
void check_source(const SavedMultiplexer& saved) {
  const Multiplexer& own = saved.multiplexer;
  const MultiplexerSource source = multiplexer_kinds().find(own.kind).source;
  const bool vectors = source != MultiplexerSource::images;
  require(own.images.has_value() != vectors, "images", vectors ? "none for vectors" : "a format",
          vectors ? "one" : "none");
  const bool embeds = source == MultiplexerSource::embeddings;
  require(own.encoder.has_value() == embeds, "encoder",
          embeds ? "the model that it looks at" : text("none for ", own.kind),
          embeds ? "none" : "one");
  const Shape vector{saved.network.channels};
  Shape input = vectors ? vector : own.images->shape();
  require(volume(input) <= most_values, "images", text("at most ", most_values, " values"),
          to_string(input));
  input.insert(input.begin(), 1);
  const MultiplexerInput fits(own, input);
}

std::optional<Encoder> encoder_from(const Json& content) {
  const Json encoder = content.value("encoder", Json());  // of those that have one
  if (encoder.is_null()) return {};
  return Encoder{encoder.at("model").get<std::string>(), encoder.at("output").get<std::string>()};
}

SavedMultiplexer from_json(const Json& content, const std::filesystem::path& weights) {
  const auto format = content.at("format").get<std::string>();
  require(format == format_name, "format", format_name, format);
  SavedMultiplexer saved;
  Multiplexer& own = saved.multiplexer;
  content.at("kind").get_to(own.kind);
  if (!content.at("images").is_null()) {
    own.images = image_format_from_json(content.at("images").dump());
  }
  own.encoder = encoder_from(content);
  own.objective = objectives.read(content);
  own.weights.formulation = formulations.read(content);
  content.at("lambda_cost").get_to(own.weights.lambda_cost);
  content.at("models").get_to(saved.models);
  content.at("classes").get_to(saved.classes);
  content.at("costs").get_to(own.costs);
  own.price = content.at("cost").get<double>();
  content.at("cost_kind").get_to(saved.cost_kind);
  content.at("learnt_from").get_to(saved.learnt_from);
  check(saved);
  saved.network = network_from(content.at("network"));
  saved.network.body = multiplexer_kinds().find(own.kind).body;
  saved.network.models = static_cast<std::int64_t>(saved.models.size());
  const auto digest = fingerprint::digest_file(weights);
  require(content.at("weights").get<std::string>() == digest, weights.filename().string(),
          "the weights that were written with it", "others");
  own.model = read_model(saved.network, weights);
  check_source(saved);
  return saved;
}

}  // namespace

void save_multiplexer(const SavedMultiplexer& saved, const std::filesystem::path& folder) {
  SavedMultiplexer whole = saved;
  whole.multiplexer.price = cost_of(saved.multiplexer);
  check(whole);
  check_source(whole);
  const auto weights = folder / multiplexer_weights_file;
  save_weights(*saved.multiplexer.model, weights);
  write_atomically(folder / multiplexer_file,
                   to_json(whole, fingerprint::digest_file(weights)).dump(1) + "\n");
}

SavedMultiplexer load_multiplexer(const std::filesystem::path& folder) {
  const auto path = folder / multiplexer_file;
  const auto refusal = [&](const std::exception& error) {
    return std::invalid_argument(error_text(path.string(), "a saved multiplexer", error.what()));
  };
  try {
    return from_json(read_json(path, {.bytes = 1 << 20}), folder / multiplexer_weights_file);
  } catch (const Json::exception& error) {
    throw refusal(error);
  } catch (const std::invalid_argument& error) {
    throw refusal(error);
  }
}

}  // namespace muxnet
