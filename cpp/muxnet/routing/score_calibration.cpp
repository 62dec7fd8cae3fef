#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>

#include "muxnet/core/error.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/core/sigmoid.hpp"
#include "muxnet/routing/answer_calibration.hpp"

namespace muxnet {
namespace {

constexpr std::size_t most_bins = 16;
constexpr double prior_answers = 2;       // of a bin, at the model's mean
constexpr double class_answers = 20;      // of a class and of its bins, at the model's curve
constexpr double confusion_answers = 20;  // wrong ones of a class, at the labels' shares
constexpr double surest = 1 - 1e-4;

double logit(double p) {
  const double inside = std::clamp(p, 1e-6, 1 - 1e-6);
  return std::log(inside) - std::log1p(-inside);
}

/// Of the classes that an answer may be where it is wrong, the likeliest that fill a list, as the
/// answer may be less likely than all of them; where too few were met the first of the others,
/// which share the rest evenly anyway.
void keep_listed(std::int32_t answer, std::size_t count, std::vector<std::int32_t>& classes,
                 std::vector<double>& shares) {
  std::vector<std::pair<double, std::int32_t>> likely;
  for (std::size_t i = 0; i < classes.size(); ++i) likely.emplace_back(-shares[i], classes[i]);
  std::sort(likely.begin(), likely.end());
  likely.resize(std::min(likely.size(), kept_classes));
  double rest = 1;
  std::set<std::int32_t> listed{answer};
  for (std::size_t i = 0; i < likely.size(); ++i) {
    listed.insert(likely[i].second);
    rest += likely[i].first;
  }
  const double each = rest / static_cast<double>(count - listed.size());
  for (std::int32_t k = 0; likely.size() < kept_classes; ++k) {
    if (listed.count(k) == 0) likely.emplace_back(-each, k);
  }
  classes.clear();
  shares.clear();
  for (const auto& [share, k] : likely) {
    classes.push_back(k);
    shares.push_back(-share);
  }
}

}  // namespace

ScoreCalibration::ScoreCalibration(std::span<const std::int32_t> answers,
                                   std::span<const float> scores, std::span<const float> quality,
                                   std::span<const std::int32_t> labels, std::size_t classes)
    : classes_(classes) {
  require(!answers.empty(), "calibration", "at least one answer", "none");
  find_bins(scores);
  learn_curves(answers, scores, quality);
  if (!labels.empty()) learn_confusion(answers, labels);
  remember_others();
}

/// Between at most 16 different scores, else at quantiles.
void ScoreCalibration::find_bins(std::span<const float> scores) {
  std::vector<double> sorted;
  for (const float score : scores) {
    if (!std::isnan(score)) sorted.push_back(static_cast<double>(score));
  }
  std::sort(sorted.begin(), sorted.end());
  std::vector<double> different = sorted;
  different.erase(std::unique(different.begin(), different.end()), different.end());
  if (different.size() <= most_bins) {
    for (std::size_t i = 1; i < different.size(); ++i) {
      cuts_.push_back(0.5 * (different[i - 1] + different[i]));
    }
  } else {
    std::set<double> cuts;
    for (std::size_t i = 1; i < most_bins; ++i) cuts.insert(sorted[i * sorted.size() / most_bins]);
    cuts.erase(different.front());
    cuts_.assign(cuts.begin(), cuts.end());
  }
  std::vector<double> sums(cuts_.size() + 1, 0.0), counts(cuts_.size() + 1, 0.0);
  for (const double score : sorted) {
    const auto bin = static_cast<std::size_t>(std::upper_bound(cuts_.begin(), cuts_.end(), score) -
                                              cuts_.begin());
    sums[bin] += score;
    counts[bin] += 1;
  }
  centres_.resize(sums.size(), 0.0);
  for (std::size_t b = 0; b < sums.size(); ++b) {
    if (counts[b] > 0) centres_[b] = sums[b] / counts[b];
  }
}

std::size_t ScoreCalibration::bin_of(float score) const {
  if (std::isnan(score)) return centres_.size();
  return static_cast<std::size_t>(
      std::upper_bound(cuts_.begin(), cuts_.end(), static_cast<double>(score)) - cuts_.begin());
}

/// Pools neighbours that fall: the rising curve nearest by weighted squares. The last bin, of
/// answers without a score, stays as it is.
ScoreCalibration::Curve ScoreCalibration::monotone(Curve values, const Curve& weights) const {
  struct Block {
    double value, weight;
    std::size_t bins;
  };
  std::vector<Block> blocks;
  for (std::size_t b = 0; b < centres_.size(); ++b) {
    blocks.push_back({values[b], weights[b], 1});
    while (blocks.size() > 1 && blocks[blocks.size() - 2].value > blocks.back().value) {
      const Block last = blocks.back();
      blocks.pop_back();
      Block& before = blocks.back();
      const double weight = before.weight + last.weight;
      before.value = (before.value * before.weight + last.value * last.weight) / weight;
      before.weight = weight;
      before.bins += last.bins;
    }
  }
  auto at = values.begin();
  for (const Block& block : blocks) {
    at = std::fill_n(at, block.bins, block.value);
  }
  return values;
}

void ScoreCalibration::learn_curves(std::span<const std::int32_t> answers,
                                    std::span<const float> scores, std::span<const float> quality) {
  struct Counts {
    Curve all, worth;
  };
  const std::size_t bins = centres_.size() + 1;
  const Counts none{Curve(bins, 0.0), Curve(bins, 0.0)};
  Counts total = none;
  std::map<std::int32_t, Counts> by_class;
  for (std::size_t row = 0; row < answers.size(); ++row) {
    const std::size_t b = bin_of(scores[row]);
    Counts& own = by_class.try_emplace(answers[row], none).first->second;
    for (Counts* counts : {&total, &own}) {
      counts->all[b] += 1;
      counts->worth[b] += static_cast<double>(quality[row]);
    }
  }
  const double mean = std::accumulate(total.worth.begin(), total.worth.end(), 0.0) /
                      static_cast<double>(answers.size());
  own_.resize(bins);
  Curve weights(bins);
  for (std::size_t b = 0; b < bins; ++b) {
    weights[b] = total.all[b] + prior_answers;
    own_[b] = (total.worth[b] + prior_answers * mean) / weights[b];
  }
  own_ = monotone(std::move(own_), weights);
  for (const auto& [answer, counts] : by_class) {
    const double n = std::accumulate(counts.all.begin(), counts.all.end(), 0.0);
    const double worth = std::accumulate(counts.worth.begin(), counts.worth.end(), 0.0);
    const double expected =
        std::inner_product(counts.all.begin(), counts.all.end(), own_.begin(), 0.0) / n;
    const double level = (worth + class_answers * expected) / (n + class_answers);
    const double shift = logit(level) - logit(expected);
    Curve curve(bins);
    for (std::size_t b = 0; b < bins; ++b) {
      weights[b] = counts.all[b] + class_answers;
      const double prior = sigmoid(logit(own_[b]) + shift);
      curve[b] = (counts.worth[b] + class_answers * prior) / weights[b];
    }
    curves_[answer] = monotone(std::move(curve), weights);
  }
}

void ScoreCalibration::learn_confusion(std::span<const std::int32_t> answers,
                                       std::span<const std::int32_t> labels) {
  labels_.assign(classes_, 0.0);
  for (std::size_t row = 0; row < answers.size(); ++row) {
    labels_[static_cast<std::size_t>(labels[row])] += 1;
    if (answers[row] != labels[row]) wrong_[answers[row]][labels[row]] += 1;
  }
}

double ScoreCalibration::confidence(std::int32_t answer, float score) const {
  const auto found = curves_.find(answer);
  const Curve& curve = found == curves_.end() ? own_ : found->second;
  double sure = curve.back();
  if (!std::isnan(score)) {
    const double s = score;
    const auto above = std::upper_bound(centres_.begin(), centres_.end(), s) - centres_.begin();
    const auto b = static_cast<std::size_t>(above);
    if (b == 0 || b == centres_.size()) {
      sure = curve[b == 0 ? 0 : b - 1];
    } else {
      const double share = (s - centres_[b - 1]) / (centres_[b] - centres_[b - 1]);
      sure = curve[b - 1] + share * (curve[b] - curve[b - 1]);
    }
  }
  return std::clamp(sure, 1 - surest, surest);
}

/// How often a class is the label, of all equally before any was seen.
double ScoreCalibration::share_of(std::int32_t k) const {
  if (labels_.empty()) return 1 / static_cast<double>(classes_);
  return (labels_[static_cast<std::size_t>(k)] + 1) /
         (label_count_ + static_cast<double>(classes_));
}

ScoreCalibration::Others ScoreCalibration::find_others(std::int32_t answer) const {
  static const std::map<std::int32_t, double> none;
  const auto found = wrong_.find(answer);
  const auto& counts = found == wrong_.end() ? none : found->second;
  double all = confusion_answers;
  for (const auto& [label, count] : counts) all += count;
  const auto prior = [&](std::int32_t k) {
    return confusion_answers * share_of(k) / (1 - share_of(answer));
  };
  Others result;
  if (classes_ <= most_dense_classes) {
    result.shares.assign(classes_, 0.0);
    for (std::int32_t k = 0; k < static_cast<std::int32_t>(classes_); ++k) {
      if (k != answer) result.shares[static_cast<std::size_t>(k)] = prior(k) / all;
    }
    for (const auto& [label, count] : counts) {
      result.shares[static_cast<std::size_t>(label)] += count / all;
    }
    return result;
  }
  for (const auto& [label, count] : counts) {
    result.classes.push_back(label);
    result.shares.push_back((count + prior(label)) / all);
  }
  keep_listed(answer, classes_, result.classes, result.shares);
  return result;
}

void ScoreCalibration::remember_others() {
  label_count_ = std::accumulate(labels_.begin(), labels_.end(), 0.0);
  for (const auto& [answer, curve] : curves_) others_[answer] = find_others(answer);
}

std::int32_t ScoreCalibration::fill(std::int32_t answer, float score,
                                    std::span<std::int32_t> listed, std::span<float> values) const {
  const double sure = confidence(answer, score);
  const auto found = others_.find(answer);
  const Others strange = found == others_.end() ? find_others(answer) : Others{};
  const Others& others = found == others_.end() ? strange : found->second;
  if (listed.empty()) {
    for (std::size_t k = 0; k < values.size(); ++k) {
      values[k] = static_cast<float>((1 - sure) * others.shares[k]);
    }
    values[static_cast<std::size_t>(answer)] = classes_ > 1 ? static_cast<float>(sure) : 1.0F;
    return static_cast<std::int32_t>(std::max_element(values.begin(), values.end()) -
                                     values.begin());
  }
  std::array<std::pair<float, std::int32_t>, kept_classes + 1> likely;
  likely[0] = {-static_cast<float>(sure), answer};
  for (std::size_t i = 0; i + 1 < likely.size(); ++i) {
    likely[i + 1] = {-static_cast<float>((1 - sure) * others.shares[i]), others.classes[i]};
  }
  std::sort(likely.begin(), likely.end());
  for (std::size_t i = 0; i < listed.size(); ++i) {
    listed[i] = likely[i].second;
    values[i] = -likely[i].first;
  }
  return listed.front();
}

nlohmann::json ScoreCalibration::to_json() const {
  nlohmann::json curves = nlohmann::json::array(), wrong = nlohmann::json::array();
  for (const auto& [answer, curve] : curves_) curves.push_back({answer, curve});
  for (const auto& [answer, counts] : wrong_) {
    for (const auto& [label, count] : counts) wrong.push_back({answer, label, count});
  }
  return {{"cuts", cuts_},    {"centres", centres_}, {"own", own_},
          {"curves", curves}, {"wrong", wrong},      {"labels", labels_}};
}

ScoreCalibration::ScoreCalibration(const nlohmann::json& content, std::size_t classes)
    : classes_(classes),
      cuts_(content.at("cuts").get<std::vector<double>>()),
      centres_(content.at("centres").get<std::vector<double>>()),
      own_(content.at("own").get<Curve>()),
      labels_(content.at("labels").get<std::vector<double>>()) {
  const auto inside = [&](std::int32_t k) {
    return k >= 0 && static_cast<std::size_t>(k) < classes_;
  };
  bool fits = centres_.size() == cuts_.size() + 1 && own_.size() == centres_.size() + 1 &&
              (labels_.empty() || labels_.size() == classes_);
  for (const auto& entry : content.at("curves")) {
    const auto answer = entry.at(0).get<std::int32_t>();
    fits = fits && inside(answer);
    const Curve& curve = curves_[answer] = entry.at(1).get<Curve>();
    fits = fits && curve.size() == own_.size();
  }
  for (const auto& entry : content.at("wrong")) {
    const auto answer = entry.at(0).get<std::int32_t>(), label = entry.at(1).get<std::int32_t>();
    fits = fits && inside(answer) && inside(label);
    wrong_[answer][label] = entry.at(2).get<double>();
  }
  require(fits, "calibration", text("curves of all bins and classes below ", classes_), "others");
  remember_others();
}

}  // namespace muxnet
