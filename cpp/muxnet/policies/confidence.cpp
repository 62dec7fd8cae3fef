#include "muxnet/policies/confidence.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "muxnet/core/error.hpp"
#include "muxnet/core/random.hpp"
#include "muxnet/policies/logistic.hpp"
#include "muxnet/routing/input_groups.hpp"

namespace muxnet {
namespace {

constexpr float smallest = 1e-6F;        // a probability of 0 has no logarithm
constexpr std::size_t own_features = 3;  // log-odds, margin, entropy
constexpr double indicator_spread = 2.0;
constexpr std::uint64_t folds = 5;
constexpr std::array<double, 2> ridges{1.0, 10.0};
constexpr Eigen::Index few_rows = 5000;  // above, the second never was the better one
constexpr int exponent_steps = 12;
constexpr std::size_t enough_cells = 4'000'000;  // rows times classes, for a few exponents

double sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }

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

/// Those of -log p(label) in the exponents.
void add_derivatives(const Experts& experts, std::int32_t label, Eigen::VectorXd& gradient,
                     Eigen::MatrixXd& curvature) {
  const auto count = gradient.size();
  const Mixture& joint = experts.joint;
  Eigen::VectorXd mean = Eigen::VectorXd::Zero(count), logs(count);
  Eigen::MatrixXd second = Eigen::MatrixXd::Zero(count, count);
  bool listed = false;
  const auto add = [&](float p, bool is_label) {
    mean += p * logs;
    second += p * logs * logs.transpose();
    if (is_label) gradient -= logs;
    listed = listed || is_label;
  };
  for (std::size_t i = 0; i < joint.values.size(); ++i) {
    for (Eigen::Index m = 0; m < count; ++m) {
      logs[m] = experts.logarithms[static_cast<std::size_t>(m)][i];
    }
    add(joint.values[i], joint.class_at(i) == label);
  }
  if (joint.others() > 0) {
    for (Eigen::Index m = 0; m < count; ++m) logs[m] = experts.other[static_cast<std::size_t>(m)];
    add(joint.other * static_cast<float>(joint.others()), !listed);
  }
  gradient += mean;
  curvature += second - mean * mean.transpose();
}

std::vector<std::uint64_t> folds_of(const InputGroups& groups) {
  Random random(0xF01D);
  std::vector<std::uint64_t> drawn(groups.count());
  for (auto& fold : drawn) fold = random.below(folds);
  std::vector<std::uint64_t> result(groups.inputs());
  for (std::size_t row = 0; row < result.size(); ++row) result[row] = drawn[groups[row]];
  return result;
}

/// A regression on all rows, what those that left a row out say of it, and their log loss.
struct CrossFit {
  Eigen::VectorXd coefficients;
  std::vector<double> confidences;
  double loss = 0;
};

CrossFit cross_fit(const Eigen::MatrixXd& x, const Eigen::VectorXd& y, const InputGroups& groups,
                   double ridge) {
  const Eigen::VectorXd everyone = Eigen::VectorXd::Ones(x.rows());
  CrossFit result;
  result.coefficients = fit_logistic(x, y, everyone, ridge, Eigen::VectorXd::Zero(x.cols()));
  const auto fold_of = folds_of(groups);
  result.confidences.resize(fold_of.size());
  for (std::uint64_t fold = 0; fold < folds; ++fold) {
    Eigen::VectorXd others = everyone;
    for (Eigen::Index row = 0; row < x.rows(); ++row) {
      if (fold_of[static_cast<std::size_t>(row)] == fold) others[row] = 0;
    }
    const Eigen::VectorXd without = fit_logistic(x, y, others, ridge, result.coefficients);
    for (Eigen::Index row = 0; row < x.rows(); ++row) {
      const auto at = static_cast<std::size_t>(row);
      if (fold_of[at] != fold) continue;
      const double p = sigmoid(x.row(row).dot(without));
      result.confidences[at] = p;
      const auto cost = [](double q) { return -std::log(std::max(q, double{smallest})); };
      result.loss += y[row] * cost(p) + (1 - y[row]) * cost(1 - p);
    }
  }
  return result;
}

}  // namespace

JointConfidence::JointConfidence(const OutcomeTable& table, std::vector<std::size_t> models,
                                 std::span<const double> target)
    : models_(std::move(models)),
      classes_(static_cast<std::size_t>(table.class_count())),
      among_answers_(!table.fields().quality.empty()),
      exponents_(models_.size(), 1.0) {
  require(!models_.empty(), "joint confidence", "at least one model", "none");
  if (models_.size() > 1 && table.labelled()) fit_exponents(table);
  fit_confidence(table, target);
}

nlohmann::json JointConfidence::to_json() const {
  nlohmann::json gains = nlohmann::json::array();
  for (const auto& [next, gain] : gains_) gains.push_back({next, gain.coefficients});
  return {{"gains", std::move(gains)}, {"models", models_},
          {"classes", classes_},       {"among_answers", among_answers_},
          {"exponents", exponents_},   {"coefficients", coefficients_}};
}

JointConfidence::JointConfidence(const nlohmann::json& content)
    : models_(content.at("models").get<std::vector<std::size_t>>()),
      classes_(content.at("classes").get<std::size_t>()),
      among_answers_(content.at("among_answers").get<bool>()),
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
  thread_local std::vector<Distribution> said;
  said.clear();
  for (const std::size_t model : models_) said.push_back(evidence.distribution(model));
  Mixture& joint = experts.joint;
  list_classes(said, joint.classes);
  joint.count = classes_;
  joint.values.assign(joint.classes.empty() ? classes_ : joint.classes.size(), 0.0F);
  joint.other = 0;
  experts.logarithms.resize(models_.size());
  experts.other.resize(models_.size());
  for (std::size_t m = 0; m < models_.size(); ++m) {
    auto& own = experts.logarithms[m];
    values_of(said[m], joint.classes, own);
    const auto exponent = static_cast<float>(exponents_[m]);
    for (std::size_t i = 0; i < own.size(); ++i) {
      own[i] = std::log(std::max(own[i], smallest));
      joint.values[i] += exponent * own[i];
    }
    experts.other[m] = std::log(std::max(said[m].other(), smallest));
    joint.other += exponent * experts.other[m];
  }
  const float highest = joint.values[joint.top()];
  float sum = 0;
  for (float& value : joint.values) sum += value = std::exp(value - highest);
  joint.other = joint.others() > 0 ? std::exp(joint.other - highest) : 0;
  sum += joint.other * static_cast<float>(joint.others());
  for (float& value : joint.values) value /= sum;
  joint.other /= sum;
}

std::int32_t JointConfidence::choose(const Evidence& evidence, const Mixture& joint) const {
  if (!among_answers_) return joint.class_at(joint.top());
  const Distribution known{joint.values, joint.classes, joint.count};
  const auto likelier = [&](std::size_t a, std::size_t b) {
    return known.at(evidence.predictions[a]) < known.at(evidence.predictions[b]);
  };
  return evidence.predictions[*std::max_element(models_.begin(), models_.end(), likelier)];
}

std::int32_t JointConfidence::answer(const Evidence& evidence,
                                     std::span<float> probabilities) const {
  if (models_.size() == 1) return answer_alone(evidence, models_[0], probabilities);
  thread_local Experts experts;
  multiply(evidence, experts);
  if (!probabilities.empty()) experts.joint.expand(probabilities);
  return choose(evidence, experts.joint);
}

/// Newton's method on sum_i -log p(y_i); the gradient of one term in w_m is
/// E_p[log p_m] - log p_m(y), its curvature the covariance of the log p_m under p.
void JointConfidence::fit_exponents(const OutcomeTable& table) {
  const auto labels = table.labels();
  const auto count = static_cast<Eigen::Index>(models_.size());
  const OutcomeRows rows(table);
  const bool dense = table.fields().top_classes.empty();
  const std::size_t cells = dense ? classes_ : models_.size() * kept_classes;
  const std::size_t stride = labels.size() * cells / enough_cells + 1;
  Experts experts;
  std::fill(exponents_.begin(), exponents_.end(), 1.0 / static_cast<double>(models_.size()));
  for (int step = 0; step < exponent_steps; ++step) {
    Eigen::VectorXd gradient = Eigen::VectorXd::Zero(count);
    Eigen::MatrixXd curvature = Eigen::MatrixXd::Identity(count, count) * 1e-6;
    for (std::size_t row = 0; row < labels.size(); row += stride) {
      multiply(rows.at(row), experts);
      add_derivatives(experts, labels[row], gradient, curvature);
    }
    const Eigen::VectorXd change = curvature.ldlt().solve(gradient);
    for (Eigen::Index m = 0; m < count; ++m) {
      double& exponent = exponents_[static_cast<std::size_t>(m)];
      exponent = std::clamp(exponent - change[m], 0.0, 4.0);
    }
    if (change.norm() < 1e-4) break;
  }
  // All at nothing would answer at random.
  if (std::accumulate(exponents_.begin(), exponents_.end(), 0.0) < 1e-3) {
    std::fill(exponents_.begin(), exponents_.end(), 1.0);
  }
}

std::size_t JointConfidence::feature_count() const {
  const std::size_t models = models_.size();
  const std::size_t opinions = models == 1 ? 1 : models + 1;
  return own_features * opinions + models * (models - 1) / 2 + class_features() + 1;
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
  const OutcomeRows inputs(table);
  for (std::size_t row = 0; row < static_cast<std::size_t>(rows); ++row) {
    fitted_.push_back(confidence(inputs.at(row)));
  }
}

void JointConfidence::learn_gain(const OutcomeTable& table, std::size_t next,
                                 std::span<const double> with_next) {
  const Design design = design_of(table);
  const auto rows = static_cast<Eigen::Index>(table.size());
  CrossFit found =
      cross_fit(design.x, Eigen::Map<const Eigen::VectorXd>(with_next.data(), rows),
                InputGroups(table), ridge_);
  Gain& gain = gains_[next];
  gain.coefficients = design.plain(found.coefficients);
  gain.cross_fitted = std::move(found.confidences);
  const Eigen::VectorXd z = design.x * found.coefficients;
  for (std::size_t row = 0; row < gain.cross_fitted.size(); ++row) {
    gain.cross_fitted[row] -= cross_fitted_[row];
    gain.fitted.push_back(sigmoid(z[static_cast<Eigen::Index>(row)]) - fitted_[row]);
  }
}

double JointConfidence::gain(const Evidence& evidence, std::size_t next) const {
  thread_local std::vector<double> values;
  values.resize(coefficients_.size());
  features(evidence, values);
  const auto worth = [](const std::vector<double>& coefficients) {
    return sigmoid(std::inner_product(values.begin(), values.end(), coefficients.begin(), 0.0));
  };
  return worth(gains_.at(next).coefficients) - worth(coefficients_);
}

double JointConfidence::confidence(const Evidence& evidence) const {
  thread_local std::vector<double> values;
  values.resize(coefficients_.size());
  features(evidence, values);
  return sigmoid(std::inner_product(values.begin(), values.end(), coefficients_.begin(), 0.0));
}

nlohmann::json confidences_json(const Confidences& confidences) {
  nlohmann::json sets = nlohmann::json::array();
  for (const auto& [set, joint] : confidences) sets.push_back(joint.to_json());
  return sets;
}

std::shared_ptr<const Confidences> read_confidences(const nlohmann::json& sets, std::size_t models,
                                                    const std::string& where) {
  auto confidences = std::make_shared<Confidences>();
  for (const auto& entry : sets) {
    JointConfidence joint(entry);
    require((joint.set() & ~all_models(models)) == 0, where, text("models below ", models),
            text("a set ", joint.set()));
    confidences->emplace(joint.set(), std::move(joint));
  }
  return confidences;
}

}  // namespace muxnet
