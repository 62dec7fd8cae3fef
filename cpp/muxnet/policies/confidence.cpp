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

namespace muxnet {
namespace {

constexpr float smallest = 1e-6F;         // a probability of 0 has no logarithm
constexpr std::size_t own_features = 3;   // log-odds, margin, entropy
constexpr std::size_t most_classes = 64;  // above, a class has too few inputs to learn from
constexpr double indicator_spread = 2.0;
constexpr std::uint64_t folds = 5;
constexpr std::array<double, 2> ridges{1.0, 10.0};
constexpr Eigen::Index few_rows = 5000;  // above, the second never was the better one
constexpr int exponent_steps = 12;
constexpr std::size_t enough_cells = 4'000'000;  // rows times classes, for a few exponents

double logarithm(float probability) { return std::log(std::max(probability, smallest)); }

/// Log-odds and margin of the top class, entropy.
void describe(std::span<const float> probabilities, double* values) {
  float top = 0, second = 0;
  double entropy = 0;
  for (const float p : probabilities) {
    if (p > top) {
      second = top;
      top = p;
    } else if (p > second) {
      second = p;
    }
    entropy -= p > smallest ? p * std::log(p) : 0.0;
  }
  values[0] = logarithm(top) - logarithm(1.0F - top);
  values[1] = logarithm(top) - logarithm(second);
  values[2] = entropy;
}

/// The likeliest class but `first`.
std::size_t second_class(std::span<const float> probabilities, std::int32_t first) {
  std::size_t second = first == 0 ? 1 : 0;
  for (std::size_t k = 0; k < probabilities.size(); ++k) {
    const bool other = static_cast<std::int32_t>(k) != first;
    if (other && probabilities[k] > probabilities[second]) second = k;
  }
  return second;
}

std::vector<std::uint64_t> folds_of(std::size_t rows) {
  Random random(0xF01D);
  std::vector<std::uint64_t> result(rows);
  for (auto& fold : result) fold = random.below(folds);
  return result;
}

/// A regression on all rows, what those that left a row out say of it, and their log loss.
struct CrossFit {
  Eigen::VectorXd coefficients;
  std::vector<double> confidences;
  double loss = 0;
};

CrossFit cross_fit(const Eigen::MatrixXd& x, const Eigen::VectorXd& y, double ridge) {
  const Eigen::VectorXd everyone = Eigen::VectorXd::Ones(x.rows());
  CrossFit result;
  result.coefficients = fit_logistic(x, y, everyone, ridge, Eigen::VectorXd::Zero(x.cols()));
  const auto fold_of = folds_of(static_cast<std::size_t>(x.rows()));
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
      const double p = 1.0 / (1.0 + std::exp(-x.row(row).dot(without)));
      result.confidences[at] = p;
      result.loss -= std::log(std::max(y[row] > 0 ? p : 1 - p, static_cast<double>(smallest)));
    }
  }
  return result;
}

}  // namespace

JointConfidence::JointConfidence(const OutcomeTable& table, std::vector<std::size_t> models,
                                 std::span<const std::uint8_t> target)
    : models_(std::move(models)),
      classes_(static_cast<std::size_t>(table.class_count())),
      exponents_(models_.size(), 1.0) {
  require(!models_.empty(), "joint confidence", "at least one model", "none");
  if (models_.size() > 1) fit_exponents(table);
  fit_confidence(table, target);
}

nlohmann::json JointConfidence::to_json() const {
  return {{"models", models_},
          {"classes", classes_},
          {"exponents", exponents_},
          {"coefficients", coefficients_}};
}

JointConfidence::JointConfidence(const nlohmann::json& content)
    : models_(content.at("models").get<std::vector<std::size_t>>()),
      classes_(content.at("classes").get<std::size_t>()),
      exponents_(content.at("exponents").get<std::vector<double>>()),
      coefficients_(content.at("coefficients").get<std::vector<double>>()) {
  require(!models_.empty() && exponents_.size() == models_.size() &&
              coefficients_.size() == feature_count() &&
              *std::max_element(models_.begin(), models_.end()) <
                  static_cast<std::size_t>(max_pool_models),
          "joint confidence", "an exponent for each model and a coefficient for each feature",
          text(exponents_.size(), " and ", coefficients_.size()));
}

std::uint64_t JointConfidence::set() const {
  std::uint64_t result = 0;
  for (const std::size_t model : models_) result |= model_bit(model);
  return result;
}

std::int32_t JointConfidence::answer(const Evidence& evidence,
                                     std::span<float> probabilities) const {
  if (evidence.probabilities.size() != classes_ * evidence.predictions.size() ||
      probabilities.size() != classes_) {
    throw std::invalid_argument(error_text("joint confidence",
                                           text(classes_, " classes, as it has learnt"),
                                           text(evidence.probabilities.size(), " probabilities of ",
                                                evidence.predictions.size(), " models")));
  }
  if (models_.size() == 1) {
    std::copy_n(evidence.probabilities.data() + models_[0] * classes_, classes_,
                probabilities.begin());
    return evidence.predictions[models_[0]];
  }
  std::fill(probabilities.begin(), probabilities.end(), 0.0F);
  for (std::size_t m = 0; m < models_.size(); ++m) {
    const float* p = evidence.probabilities.data() + models_[m] * classes_;
    const auto exponent = static_cast<float>(exponents_[m]);
    for (std::size_t k = 0; k < classes_; ++k) {
      probabilities[k] += exponent * std::log(std::max(p[k], smallest));
    }
  }
  const auto top = std::max_element(probabilities.begin(), probabilities.end());
  const auto answer = static_cast<std::int32_t>(top - probabilities.begin());
  const float highest = *top;
  float sum = 0;
  for (float& value : probabilities) sum += value = std::exp(value - highest);
  for (float& value : probabilities) value /= sum;
  return answer;
}

/// Newton's method on sum_i -log p(y_i); the gradient of one term in w_m is
/// E_p[log p_m] - log p_m(y), its curvature the covariance of the log p_m under p.
void JointConfidence::fit_exponents(const OutcomeTable& table) {
  const auto labels = table.labels();
  const auto count = static_cast<Eigen::Index>(models_.size());
  const OutcomeRows rows(table);
  const std::size_t stride = labels.size() * classes_ / enough_cells + 1;
  std::vector<float> joint(classes_);
  std::fill(exponents_.begin(), exponents_.end(), 1.0 / static_cast<double>(models_.size()));
  for (int step = 0; step < exponent_steps; ++step) {
    Eigen::VectorXd gradient = Eigen::VectorXd::Zero(count), mean(count), logs(count);
    Eigen::MatrixXd curvature = Eigen::MatrixXd::Identity(count, count) * 1e-6;
    for (std::size_t row = 0; row < labels.size(); row += stride) {
      const Evidence evidence = rows.at(row);
      answer(evidence, joint);
      mean.setZero();
      Eigen::MatrixXd second = Eigen::MatrixXd::Zero(count, count);
      for (std::size_t k = 0; k < classes_; ++k) {
        for (Eigen::Index m = 0; m < count; ++m) {
          const std::size_t model = models_[static_cast<std::size_t>(m)];
          logs[m] = logarithm(evidence.probabilities[model * classes_ + k]);
        }
        mean += joint[k] * logs;
        second += joint[k] * logs * logs.transpose();
        if (static_cast<std::int32_t>(k) == labels[row]) gradient -= logs;
      }
      gradient += mean;
      curvature += second - mean * mean.transpose();
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
  return classes_ <= most_classes ? 2 * classes_ : 0;
}

std::int32_t JointConfidence::features(const Evidence& evidence, std::span<double> values) const {
  thread_local std::vector<float> joint;
  joint.resize(classes_);
  const std::int32_t answered = answer(evidence, joint);
  double* at = values.data();
  for (const std::size_t model : models_) {
    describe(evidence.probabilities.subspan(model * classes_, classes_), at);
    at += own_features;
  }
  if (models_.size() > 1) {
    describe(joint, at);
    at += own_features;
  }
  for (std::size_t a = 0; a < models_.size(); ++a) {
    for (std::size_t b = a + 1; b < models_.size(); ++b) {
      *at++ = evidence.predictions[models_[a]] == evidence.predictions[models_[b]] ? 1.0 : 0.0;
    }
  }
  if (classes_ <= most_classes) {
    std::fill_n(at, class_features(), 0.0);
    at[answered] = 1.0;
    at += classes_;
    at[second_class(joint, answered)] = 1.0;
    at += classes_;
  }
  *at = 1.0;
  return answered;
}

void JointConfidence::fit_confidence(const OutcomeTable& table,
                                     std::span<const std::uint8_t> target) {
  const auto labels = table.labels();
  const OutcomeRows inputs(table);
  const auto rows = static_cast<Eigen::Index>(labels.size());
  const auto columns = static_cast<Eigen::Index>(feature_count());
  Eigen::MatrixXd x(rows, columns);
  Eigen::VectorXd y(rows);
  std::vector<double> values(feature_count());
  for (Eigen::Index row = 0; row < rows; ++row) {
    const auto at = static_cast<std::size_t>(row);
    const std::int32_t answered = features(inputs.at(at), values);
    x.row(row) = Eigen::Map<const Eigen::RowVectorXd>(values.data(), columns);
    correct_.push_back(answered == labels[at] ? 1 : 0);
    y[row] = target.empty() ? correct_.back() : target[at];
  }
  // One penalty suits all columns only where they vary alike; a shift goes into the constant.
  Eigen::RowVectorXd mean = x.colwise().mean();
  Eigen::RowVectorXd spread =
      ((x.rowwise() - mean).colwise().squaredNorm() / static_cast<double>(rows)).cwiseSqrt();
  mean[columns - 1] = 0;
  spread = (spread.array() > 1e-9).select(spread, 1.0);
  // A class that few inputs have would learn what happened to those: a penalty of its own.
  const auto classes = static_cast<Eigen::Index>(class_features());
  spread.segment(columns - 1 - classes, classes).setConstant(indicator_spread);
  x = (x.rowwise() - mean).array().rowwise() / spread.array();

  CrossFit best = cross_fit(x, y, ridges.front());
  if (rows <= few_rows) {
    CrossFit other = cross_fit(x, y, ridges.back());
    if (other.loss < best.loss) best = std::move(other);
  }
  cross_fitted_ = std::move(best.confidences);
  const Eigen::RowVectorXd plain = best.coefficients.transpose().array() / spread.array();
  coefficients_.assign(plain.data(), plain.data() + columns);
  coefficients_.back() =
      best.coefficients[columns - 1] - plain.head(columns - 1).dot(mean.head(columns - 1));
  for (std::size_t row = 0; row < labels.size(); ++row) {
    fitted_.push_back(confidence(inputs.at(row)));
  }
}

double JointConfidence::confidence(const Evidence& evidence) const {
  thread_local std::vector<double> values;
  values.resize(coefficients_.size());
  features(evidence, values);
  const double z = std::inner_product(values.begin(), values.end(), coefficients_.begin(), 0.0);
  return 1.0 / (1.0 + std::exp(-z));
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
