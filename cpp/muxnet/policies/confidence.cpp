#include "muxnet/policies/confidence.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "muxnet/core/error.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/core/sigmoid.hpp"
#include "muxnet/policies/cross_fit.hpp"
#include "muxnet/routing/input_groups.hpp"

namespace muxnet {
namespace {

constexpr float smallest = smallest_probability;
constexpr std::size_t own_features = 3;  // log-odds, margin, entropy
constexpr double indicator_spread = 2.0;
constexpr std::array<double, 2> ridges{1.0, 10.0};
constexpr Eigen::Index few_rows = 5000;  // above, the second never was the better one

double logarithm(float probability) { return std::log(std::max(probability, smallest)); }

/// Log-odds and margin of the top class, entropy, of probabilities and of `others` classes that
/// have `other` each.
void describe(std::span<const float> probabilities, float other, std::size_t others,
              double* values) {
  float top = 0, second = others > 0 ? other : 0;
  double entropy = 0;
  for (const float p : probabilities) {
    if (p > top) {
      second = std::max(second, top);
      top = p;
    } else if (p > second) {
      second = p;
    }
    entropy -= p > smallest ? p * std::log(p) : 0.0;
  }
  if (others > 0 && other > smallest) {
    entropy -= static_cast<double>(others) * other * std::log(other);
  }
  values[0] = logarithm(top) - logarithm(1.0F - top);
  values[1] = logarithm(top) - logarithm(second);
  values[2] = entropy;
}

/// The likeliest class but `first`, of those listed, all where none are.
std::size_t second_class(std::span<const float> values, std::span<const std::int32_t> classes,
                         std::int32_t first) {
  auto second = static_cast<std::size_t>(first == 0 ? 1 : 0);
  float highest = -1;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::int32_t k = classes.empty() ? static_cast<std::int32_t>(i) : classes[i];
    if (k == first || values[i] <= highest) continue;
    highest = values[i];
    second = static_cast<std::size_t>(k);
  }
  return second;
}

/// What a regression expects of an input with these features.
double worth_of(const std::vector<double>& features, const std::vector<double>& coefficients) {
  return sigmoid(std::inner_product(features.begin(), features.end(), coefficients.begin(), 0.0));
}

}  // namespace

JointConfidence::JointConfidence(const OutcomeTable& table, std::vector<std::size_t> models,
                                 std::span<const double> target)
    : models_(std::move(models)),
      classes_(static_cast<std::size_t>(table.class_count())),
      among_answers_(table.by_quality()),
      given_(table, models_),
      exponents_(models_.size(), 1.0) {
  require(!models_.empty(), "joint confidence", "at least one model", "none");
  if (models_.size() > 1 && table.labelled()) exponents_ = fit_exponents(table, models_);
  fit_confidence(table, target);
}

nlohmann::json JointConfidence::to_json() const {
  nlohmann::json gains = nlohmann::json::array();
  for (const auto& [next, gain] : gains_) gains.push_back({next, gain.coefficients});
  return {{"gains", std::move(gains)},       {"models", models_},         {"classes", classes_},
          {"among_answers", among_answers_}, {"given", given_.to_json()}, {"exponents", exponents_},
          {"coefficients", coefficients_}};
}

JointConfidence::JointConfidence(const nlohmann::json& content)
    : models_(content.at("models").get<std::vector<std::size_t>>()),
      classes_(content.at("classes").get<std::size_t>()),
      among_answers_(content.at("among_answers").get<bool>()),
      given_(content.at("given"), models_),
      exponents_(content.at("exponents").get<std::vector<double>>()),
      coefficients_(content.at("coefficients").get<std::vector<double>>()) {
  require(!models_.empty() && exponents_.size() == models_.size() &&
              coefficients_.size() == feature_count() &&
              *std::max_element(models_.begin(), models_.end()) <
                  static_cast<std::size_t>(max_pool_models),
          "joint confidence", "an exponent for each model and a coefficient for each feature",
          text(exponents_.size(), " and ", coefficients_.size()));
  for (const auto& entry : content.at("gains")) {
    auto& coefficients = gains_[entry.at(0).get<std::size_t>()].coefficients;
    coefficients = entry.at(1).get<std::vector<double>>();
    require(coefficients.size() == feature_count(), "joint confidence",
            "a coefficient for each feature", text(coefficients.size()));
  }
}

std::uint64_t JointConfidence::set() const {
  std::uint64_t result = 0;
  for (const std::size_t model : models_) result |= model_bit(model);
  return result;
}

void JointConfidence::multiply(const Evidence& evidence, Experts& experts) const {
  if (evidence.classes != classes_ || evidence.probabilities.empty()) {
    throw std::invalid_argument(error_text(
        "joint confidence", text("probabilities of ", classes_, " classes, as it has learnt"),
        text(evidence.probabilities.empty() ? "none" : "some", " of ", evidence.classes)));
  }
  muxnet::multiply(evidence, models_, exponents_, experts);
}

std::int32_t JointConfidence::choose(const Evidence& evidence, const Mixture& joint) const {
  if (!among_answers_) return joint.class_at(joint.top());
  thread_local Mixture kept;
  kept = joint;
  keep_answers(evidence, set(), kept);
  return kept.class_at(kept.top());
}

std::int32_t JointConfidence::answer(const Evidence& evidence,
                                     std::span<float> probabilities) const {
  if (models_.size() == 1) return answer_alone(evidence, models_[0], probabilities);
  thread_local Experts experts;
  multiply(evidence, experts);
  if (among_answers_) keep_answers(evidence, set(), experts.joint);
  if (!probabilities.empty()) experts.joint.expand(probabilities);
  return experts.joint.class_at(experts.joint.top());
}

std::size_t JointConfidence::feature_count() const {
  const std::size_t models = models_.size();
  const std::size_t opinions = models == 1 ? 1 : models + 1;
  return own_features * opinions + models * (models - 1) / 2 + given_.count() + class_features() +
         1;
}

std::size_t JointConfidence::class_features() const {
  return classes_ <= most_dense_classes ? 2 * classes_ : 0;
}

std::int32_t JointConfidence::features(const Evidence& evidence, std::span<double> values) const {
  double* at = values.data();
  const auto add = [&at](std::span<const float> probabilities, float other, std::size_t others) {
    describe(probabilities, other, others, at);
    at += own_features;
  };
  for (const std::size_t model : models_) {
    const Distribution said = evidence.distribution(model);
    add(said.values, said.other(), said.others());
  }
  thread_local Experts experts;
  std::int32_t answered = evidence.predictions[models_[0]];
  Distribution joint = evidence.distribution(models_[0]);
  if (models_.size() > 1) {
    multiply(evidence, experts);
    answered = choose(evidence, experts.joint);
    joint = {experts.joint.values, experts.joint.classes, classes_};
    add(joint.values, experts.joint.other, experts.joint.others());
  }
  for (std::size_t a = 0; a < models_.size(); ++a) {
    for (std::size_t b = a + 1; b < models_.size(); ++b) {
      *at++ = evidence.predictions[models_[a]] == evidence.predictions[models_[b]] ? 1.0 : 0.0;
    }
  }
  at = given_.add(evidence, at);
  if (class_features() > 0) {
    std::fill_n(at, class_features(), 0.0);
    at[answered] = 1.0;
    at += classes_;
    at[second_class(joint.values, joint.classes, answered)] = 1.0;
    at += classes_;
  }
  *at = 1.0;
  return answered;
}

struct JointConfidence::Design {
  Eigen::MatrixXd x;
  Eigen::RowVectorXd mean, spread;
  Decisions decisions;  ///< the joint answers

  /// Coefficients of the features as they are.
  std::vector<double> plain(const Eigen::VectorXd& coefficients) const {
    const Eigen::RowVectorXd scaled = coefficients.transpose().array() / spread.array();
    std::vector<double> result(scaled.data(), scaled.data() + scaled.size());
    const Eigen::Index constant = scaled.size() - 1;
    result.back() = coefficients[constant] - scaled.head(constant).dot(mean.head(constant));
    return result;
  }
};

JointConfidence::Design JointConfidence::design_of(const OutcomeTable& table) const {
  const OutcomeRows inputs(table);
  const auto rows = static_cast<Eigen::Index>(table.size());
  const auto columns = static_cast<Eigen::Index>(feature_count());
  Design design{Eigen::MatrixXd(rows, columns), {}, {}, {}};
  std::vector<double> values(feature_count());
  for (Eigen::Index row = 0; row < rows; ++row) {
    design.decisions.answers.push_back(features(inputs.at(static_cast<std::size_t>(row)), values));
    design.decisions.answered_from.push_back(set());
    design.x.row(row) = Eigen::Map<const Eigen::RowVectorXd>(values.data(), columns);
  }
  // One penalty suits all columns only where they vary alike; a shift goes into the constant.
  Eigen::MatrixXd& x = design.x;
  design.mean = x.colwise().mean();
  design.spread =
      ((x.rowwise() - design.mean).colwise().squaredNorm() / static_cast<double>(rows)).cwiseSqrt();
  design.mean[columns - 1] = 0;
  design.spread = (design.spread.array() > 1e-9).select(design.spread, 1.0);
  // A class that few inputs have would learn what happened to those: a penalty of its own.
  const auto classes = static_cast<Eigen::Index>(class_features());
  design.spread.segment(columns - 1 - classes, classes).setConstant(indicator_spread);
  x = (x.rowwise() - design.mean).array().rowwise() / design.spread.array();
  return design;
}

void JointConfidence::fit_confidence(const OutcomeTable& table, std::span<const double> target) {
  const Design design = design_of(table);
  const InputGroups groups(table);
  const auto rows = static_cast<Eigen::Index>(table.size());
  quality_ = design.decisions.quality(table);
  const Eigen::VectorXd y =
      Eigen::Map<const Eigen::VectorXd>(target.empty() ? quality_.data() : target.data(), rows);
  ridge_ = ridges.front();
  CrossFit best = cross_fit(design.x, y, groups, ridge_);
  if (rows <= few_rows) {
    CrossFit other = cross_fit(design.x, y, groups, ridges.back());
    if (other.loss < best.loss) {
      best = std::move(other);
      ridge_ = ridges.back();
    }
  }
  cross_fitted_ = std::move(best.confidences);
  coefficients_ = design.plain(best.coefficients);
  fitted_.resize(quality_.size());
  show(table);
}

void JointConfidence::show(const OutcomeTable& table) {
  const OutcomeRows inputs(table);
  std::vector<double> values(feature_count());
  for (std::size_t row = 0; row < fitted_.size(); ++row) {
    features(inputs.at(row), values);
    fitted_[row] = worth_of(values, coefficients_);
    for (auto& [next, gain] : gains_) {
      gain.fitted[row] = worth_of(values, gain.coefficients) - fitted_[row];
    }
  }
}

void JointConfidence::learn_gains(const OutcomeTable& table,
                                  const std::map<std::size_t, std::span<const double>>& with_next) {
  const Design design = design_of(table);
  const InputGroups groups(table);
  const auto rows = static_cast<Eigen::Index>(table.size());
  for (const auto& [next, worth] : with_next) {
    CrossFit found =
        cross_fit(design.x, Eigen::Map<const Eigen::VectorXd>(worth.data(), rows), groups, ridge_);
    Gain& gain = gains_[next];
    gain.coefficients = design.plain(found.coefficients);
    gain.cross_fitted = std::move(found.confidences);
    const Eigen::VectorXd z = design.x * found.coefficients;
    for (std::size_t row = 0; row < gain.cross_fitted.size(); ++row) {
      gain.cross_fitted[row] -= cross_fitted_[row];
      gain.fitted.push_back(sigmoid(z[static_cast<Eigen::Index>(row)]) - fitted_[row]);
    }
  }
}

double JointConfidence::gain(const Evidence& evidence, std::size_t next) const {
  thread_local std::vector<double> values;
  values.resize(coefficients_.size());
  features(evidence, values);
  return worth_of(values, gains_.at(next).coefficients) - worth_of(values, coefficients_);
}

double JointConfidence::confidence(const Evidence& evidence) const {
  thread_local std::vector<double> values;
  values.resize(coefficients_.size());
  features(evidence, values);
  return worth_of(values, coefficients_);
}

nlohmann::json confidences_json(const Confidences& confidences) {
  nlohmann::json sets = nlohmann::json::array();
  for (const auto& [set, joint] : confidences) sets.push_back(joint.to_json());
  return sets;
}

void check_joint(const JointConfidence& joint, const Policy& policy) {
  const std::size_t models = policy.costs().size();
  require((joint.set() & ~all_models(models)) == 0, policy.name(), text("models below ", models),
          text("a set ", joint.set()));
  require(std::cmp_equal(joint.classes(), policy.classes()), policy.name(),
          text(policy.classes(), " classes, as it has"), text(joint.classes(), " learnt from"));
}

std::shared_ptr<const Confidences> read_confidences(const nlohmann::json& sets,
                                                    const Policy& policy) {
  auto confidences = std::make_shared<Confidences>();
  for (const auto& entry : sets) {
    JointConfidence joint(entry);
    check_joint(joint, policy);
    confidences->emplace(joint.set(), std::move(joint));
  }
  return confidences;
}

}  // namespace muxnet
