#include <cinttypes>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "muxnet/routing/policy.hpp"

namespace muxnet {

using Json = nlohmann::json;

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PolicyOptions, cost_kind, seed, model, max_models, bins)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(OperatingPoint, parameters, accuracy, cost)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TableIdentity, source, split, indices)

namespace {

constexpr const char* format_name = "muxnet-policy-1";

}  // namespace

Json Policy::learnt() const { return nullptr; }

void Policy::restore(const Json& learnt) {
  require(learnt.is_null(), name(), "nothing learnt", learnt.type_name());
}

Json Policy::to_json() const {
  return {{"format", format_name},       {"policy", name()},   {"options", options_},
          {"models", models_},           {"costs", costs_},    {"best_single", best_single_},
          {"operating_points", points_}, {"point", point_},    {"learnt", learnt()},
          {"fitted_on", *identity_},     {"classes", classes_}};
}

void Policy::from_json(const Json& content) {
  content.at("models").get_to(models_);
  content.at("costs").get_to(costs_);
  content.at("classes").get_to(classes_);
  content.at("operating_points").get_to(points_);
  require(!models_.empty() && costs_.size() == models_.size() && !points_.empty(), name(),
          "models, a cost for each and operating points",
          text(models_.size(), " models, ", costs_.size(), " costs, ", points_.size(), " points"));
  content.at("best_single").get_to(best_single_);
  require(best_single_ < models_.size(), name(), text("a best_single below ", models_.size()),
          text(best_single_));
  restore(content.at("learnt"));
  content.at("point").get_to(point_);
  for (const auto& point : points_) make_rule(point.parameters);
  make_rule(point_.parameters);
  identity_ = std::make_shared<TableIdentity>(content.at("fitted_on").get<TableIdentity>());
}

std::string Policy::file_content() const { return to_json().dump(1) + "\n"; }

void Policy::save(const std::filesystem::path& path) const {
  require_fitted();
  write_atomically(path, file_content());
}

std::string Policy::version() const {
  require_fitted();
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char byte : file_content()) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3U;
  }
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016" PRIx64, hash);
  return digits;
}

std::unique_ptr<Policy> load_policy(const std::filesystem::path& path) {
  const std::string content = read_file(path);
  try {
    const Json json = Json::parse(content);
    const auto format = json.at("format").get<std::string>();
    require(format == format_name, "policy", text("format ", format_name), format);
    auto policy =
        make_policy(json.at("policy").get<std::string>(), json.at("options").get<PolicyOptions>());
    policy->from_json(json);
    return policy;
  } catch (const Json::exception& error) {
    throw std::invalid_argument(error_text(path.string(), "a saved policy", error.what()));
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(text(error.what(), " (", path.string(), ")"));
  }
}

}  // namespace muxnet
