#include <algorithm>
#include <bit>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <utility>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "muxnet/core/json.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/routing/policy.hpp"

namespace muxnet {

using Json = nlohmann::json;

NLOHMANN_JSON_SERIALIZE_ENUM(Unsure, {{Unsure::dearest, "dearest"}, {Unsure::cheapest, "cheapest"}})
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PolicyOptions, cost_kind, seed, model, max_models, bins, gate,
                                   unsure)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(OperatingPoint, parameters, accuracy, cost, called_shares)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Abstention, threshold, at_least, delta, coverage, accuracy,
                                   inputs, groups)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TableIdentity, source, split, places, keys)

namespace {

constexpr const char* format_name = "muxnet-policy-5";
constexpr std::uint64_t policy_bytes = std::uint64_t{256} << 20;  // kNN keeps all its rows
constexpr std::int64_t most_unnamed = std::int64_t{1} << 20;      // a number of four bytes each

}  // namespace

Json Policy::learnt() const { return nullptr; }

void Policy::restore(const Json& learnt) {
  require(learnt.is_null(), name(), "nothing learnt", learnt.type_name());
}

Json Policy::to_json() const {
  return {{"format", format_name},
          {"policy", name()},
          {"options", options_},
          {"models", models_},
          {"costs", costs_},
          {"prices", prices_},
          {"multiplexer_cost", multiplexer_cost_},
          {"accuracies", accuracies_},
          {"by_quality", by_quality_},
          {"dropped", dropped_},
          {"called_first", called_first_},
          {"candidates", candidates_},
          {"allowed_loss", allowed_loss_},
          {"point", point_},
          {"abstention", abstention_ ? Json(*abstention_) : Json()},
          {"learnt", learnt()},
          {"calibration", calibration_ ? calibration_->to_json() : Json()},
          {"fitted_on", *identity_},
          {"classes", classes_},
          {"class_names", class_names_},
          {"score_kinds", score_kinds_}};
}

/// Answers take memory for each class, which a file should not get for a number in it.
void Policy::check_classes() const {
  const std::int64_t named = std::ssize(class_names_);
  const std::int64_t least = std::max<std::int64_t>(named, 1), most = named + most_unnamed;
  require(classes_ >= least && classes_ <= most, name() + ", classes",
          text(least, " to ", most, ", of which ", named, " have names"), text(classes_));
}

void Policy::read_models(const Json& content) {
  content.at("models").get_to(models_);
  content.at("costs").get_to(costs_);
  content.at("prices").get_to(prices_);
  content.at("multiplexer_cost").get_to(multiplexer_cost_);
  content.at("accuracies").get_to(accuracies_);
  content.at("by_quality").get_to(by_quality_);
  content.at("dropped").get_to(dropped_);
  content.at("classes").get_to(classes_);
  content.at("class_names").get_to(class_names_);
  content.at("score_kinds").get_to(score_kinds_);
  check_classes();
  for (const auto& costs : {costs_, prices_, std::vector{multiplexer_cost_}}) {
    for (const double cost : costs) {
      require(std::isfinite(cost) && cost >= 0, name(), "costs of at least 0", text(cost));
    }
  }
}

void Policy::from_json(const Json& content) {
  read_models(content);
  content.at("candidates").get_to(candidates_);
  content.at("allowed_loss").get_to(allowed_loss_);
  require(allowed_loss_ >= 0 && allowed_loss_ <= 1, name(), "an allowed loss in [0, 1]",
          text(allowed_loss_));
  const std::size_t count = models_.size();
  require(count > 0 && count <= max_pool_models && costs_.size() == count &&
              prices_.size() == count && accuracies_.size() == count && !candidates_.empty(),
          name(), "models, costs, prices and an accuracy of each, operating points",
          text(count, " models, ", costs_.size(), " costs, ", prices_.size(), " prices, ",
               accuracies_.size(), " accuracies, ", candidates_.size(), " points"));
  require((~dropped_ & all_models(count)) != 0, name(), "a model that may be called", "none");
  content.at("called_first").get_to(called_first_);
  require((called_first_ & ~all_models(count)) == 0 && std::popcount(called_first_) <= 1, name(),
          "one of its models to be called first", text(called_first_));
  restore(content.at("learnt"));
  for (const auto& point : candidates_) {
    make_rule(point.parameters);
    require(point.called_shares.size() == count, name(), text(count, " called shares"),
            text(point.called_shares.size()));
  }
  choose_again();
  content.at("point").get_to(point_);
  make_rule(point_.parameters);
  read_extras(content);
  auto identity = content.at("fitted_on").get<TableIdentity>();
  require(identity.keys.size() == identity.places.size(), name(),
          text(identity.places.size(), " keys of inputs"), text(identity.keys.size()));
  identity_ = std::make_shared<const TableIdentity>(std::move(identity));
}

/// What only some policies have.
void Policy::read_extras(const Json& content) {
  calibration_.reset();
  if (const Json& calibration = content.at("calibration"); !calibration.is_null()) {
    calibration_ = std::make_shared<const AnswerCalibration>(calibration);
    require(calibration_->models() == models_.size() &&
                std::cmp_equal(calibration_->classes(), classes_),
            name(), text("calibrations of ", models_.size(), " models, ", classes_, " classes"),
            text(calibration_->models(), " of ", calibration_->classes()));
  }
  abstention_.reset();
  if (const Json& abstention = content.at("abstention"); !abstention.is_null()) {
    abstention_ = abstention.get<Abstention>();
    require(std::isfinite(abstention_->threshold), name(), "a finite threshold to abstain below",
            text(abstention_->threshold));
  }
}

std::string Policy::file_content() const { return to_json().dump(1) + "\n"; }

void Policy::save(const std::filesystem::path& path) const {
  const auto hold = reading(name() + ".save");
  require_fitted();
  check_classes();
  write_atomically(path, file_content());
}

std::string Policy::version() const {
  const auto hold = reading(name() + ".version");
  require_fitted();
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char byte : file_content()) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3U;
  }
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016" PRIx64, hash);
  return digits;
}

std::unique_ptr<Policy> read_policy(const std::filesystem::path& path, const PolicyMaker& make) {
  const auto refusal = [&](const std::exception& error) {
    return std::invalid_argument(error_text(path.string(), "a saved policy", error.what()));
  };
  try {
    const Json json = read_json(path, {.bytes = policy_bytes, .values = policy_bytes / 2});
    require(json.is_object(), "policy", "an object", json.type_name());
    const auto format = json.at("format").get<std::string>();
    require(format == format_name, "policy", text("format ", format_name), format);
    auto policy =
        make(json.at("policy").get<std::string>(), json.at("options").get<PolicyOptions>());
    policy->from_json(json);
    return policy;
  } catch (const Json::exception& error) {
    throw refusal(error);
  } catch (const JsonError& error) {
    throw refusal(error);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(text(error.what(), " (", path.string(), ")"));
  }
}

}  // namespace muxnet
