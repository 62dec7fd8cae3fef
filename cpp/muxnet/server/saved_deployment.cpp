#include "muxnet/server/saved_deployment.hpp"

#include <algorithm>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "muxnet/core/fingerprint.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/policies/registry.hpp"
#include "muxnet/runtime/saved_multiplexer.hpp"
#include "muxnet/server/saved_model.hpp"

namespace muxnet {
namespace {

using Json = nlohmann::ordered_json;
using Path = std::filesystem::path;

constexpr const char* format_name = "muxnet deployment 1";
constexpr const char* policy_file = "policy.json";
constexpr const char* shadow_file = "shadow.json";
constexpr const char* drift_file = "drift.json";

Json formats_json(const Served& served) {
  Json formats = Json::array();
  for (const ShownFormat& format : served.formats) {
    formats.push_back(format.images ? Json(parse_json(to_json(*format.images)))
                                    : Json{{"vector_length", format.vector_length}});
  }
  return formats;
}

std::vector<ShownFormat> formats_from(const nlohmann::json& said) {
  std::vector<ShownFormat> formats;
  for (const auto& format : said) {
    if (format.contains("vector_length")) {
      formats.push_back({std::nullopt, format.at("vector_length").get<std::int64_t>()});
    } else {
      formats.push_back({image_format_from_json(format.dump()), 0});
    }
  }
  return formats;
}

/// Digests of all files but the one that has them.
Json digests(const Path& folder) {
  std::map<std::string, std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const auto name = entry.path().lexically_relative(folder).generic_string();
    if (!entry.is_regular_file() || name == deployment_file) continue;
    found[name] = fingerprint::digest_file(entry.path());
  }
  return found;
}

void check_digests(const nlohmann::json& said, const Path& folder) {
  for (const auto& [name, digest] : said.get<std::map<std::string, std::string>>()) {
    require(fingerprint::digest_file(inside(folder, name)) == digest, name,
            "the file that was written with it", "another");
  }
}

/// A multiplexer of a run knows its images from the models; one that is kept says them itself.
SavedMultiplexer kept(const Served& served, const MultiplexerOptions& network) {
  SavedMultiplexer saved{*served.multiplexer, network,
                         names_of(served),    std::ssize(served.class_names),
                         served.cost_kind,    {}};
  const bool looks_at_images =
      multiplexer_kinds().find(saved.multiplexer.kind).source == MultiplexerSource::images;
  if (looks_at_images && !saved.multiplexer.images) {
    saved.multiplexer.images = served.formats.at(served.shown.front()).images;
  }
  return saved;
}

void check(const Served& served) {
  const auto count = served.models.size();
  const bool named = served.policy->models() == names_of(served);
  require(count > 0 && named, "models", "those of the policy", text(count));
  require(std::ssize(served.class_names) == served.policy->classes(), "class_names",
          text(served.policy->classes(), " names"), text(served.class_names.size()));
  require(served.shown.size() == count + 1 &&
              std::all_of(served.shown.begin(), served.shown.end(),
                          [&](std::size_t place) { return place < served.formats.size(); }),
          "shown", text(count + 1, " places of formats"), text(served.shown.size()));
  require(!uses_multiplexer(served) || served.multiplexer, "multiplexer",
          "one, which the policy looks at", "none");
  require(!served.monitor || served.monitor->version() == served.policy->version(), drift_file,
          "a monitor of the policy in its version", "another's");
}

std::shared_ptr<Served> from_json(const nlohmann::json& said, const Path& folder) {
  const auto format = said.at("format").get<std::string>();
  require(format == format_name, "format", format_name, format);
  check_digests(said.at("files"), folder);
  auto served = std::make_shared<Served>();
  for (const auto& model : said.at("models")) {
    served->models.push_back(load_model(model, folder));
  }
  said.at("class_names").get_to(served->class_names);
  served->formats = formats_from(said.at("formats"));
  said.at("shown").get_to(served->shown);
  said.at("cost_kind").get_to(served->cost_kind);
  served->policy = load_policy(folder / policy_file);
  if (said.at("shadow").get<bool>()) served->shadow = load_policy(folder / shadow_file);
  if (said.at("multiplexer").get<bool>()) {
    served->multiplexer = load_multiplexer(folder).multiplexer;
  }
  if (said.at("drift").get<bool>()) {
    served->monitor = std::make_shared<DriftMonitor>(DriftMonitor::load(folder / drift_file));
  }
  check(*served);
  return served;
}

}  // namespace

void save_deployment(const Served& served, const std::optional<MultiplexerOptions>& network,
                     const Path& folder) {
  check(served);
  const bool looks = uses_multiplexer(served);
  require(!looks || network, "multiplexer", "what its network is built from", "none");
  std::filesystem::create_directories(folder);
  Json models = Json::array();
  for (std::size_t i = 0; i < served.models.size(); ++i) {
    models.push_back(save_model(served.models[i], folder, "models/" + std::to_string(i)));
  }
  if (looks) save_multiplexer(kept(served, *network), folder);
  served.policy->save(folder / policy_file);
  if (served.shadow) served.shadow->save(folder / shadow_file);
  if (served.monitor) served.monitor->save(folder / drift_file);
  const Json said{{"format", format_name},
                  {"models", std::move(models)},
                  {"class_names", served.class_names},
                  {"formats", formats_json(served)},
                  {"shown", served.shown},
                  {"cost_kind", served.cost_kind},
                  {"multiplexer", looks},
                  {"shadow", served.shadow != nullptr},
                  {"drift", served.monitor != nullptr},
                  {"files", digests(folder)}};
  write_atomically(folder / deployment_file, said.dump(1) + "\n");
}

std::shared_ptr<Served> load_deployment(const Path& folder, double least_accuracy) {
  const Path path = folder / deployment_file;
  const auto refusal = [&](const std::exception& error) {
    return std::invalid_argument(error_text(path.string(), "a saved deployment", error.what()));
  };
  try {
    auto served = from_json(read_json(path), folder);
    served->least_accuracy = least_accuracy;
    return served;
  } catch (const nlohmann::json::exception& error) {
    throw refusal(error);
  } catch (const std::invalid_argument& error) {
    throw refusal(error);
  }
}

}  // namespace muxnet
