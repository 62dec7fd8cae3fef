#include "muxnet/routing/drift.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "muxnet/core/json.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/core/names.hpp"
#include "muxnet/core/random.hpp"
#include "muxnet/core/sigmoid.hpp"
#include "muxnet/routing/answer_calibration.hpp"

namespace muxnet {
namespace {

using Json = nlohmann::json;

constexpr const char* format_name = "muxnet-drift-1";
constexpr std::array bets{-1.0, 0.0, 1.0};
constexpr double jump = 0.01;
constexpr double steps_per_unit = 8;  // of log-odds
constexpr double end_of_grid = 16;    // float confidences next to 1 lie there

std::int64_t place(const std::string& name, double value) {
  require(value >= 0 && value <= 1, "drift monitor", text("a value of '", name, "' in [0, 1]"),
          text(value));
  const double odds = std::log(value) - std::log1p(-value);
  return std::lround(steps_per_unit * std::clamp(odds, -end_of_grid, end_of_grid));
}

/// What the multiplexer says at its surest; negative where none ran.
double multiplexer_value(const Evidence& evidence) {
  if (!std::isnan(evidence.offload_score)) return evidence.offload_score;
  if (!evidence.scores.empty()) {
    return sigmoid(*std::max_element(evidence.scores.begin(), evidence.scores.end()));
  }
  if (evidence.weights.empty()) return -1;
  return *std::max_element(evidence.weights.begin(), evidence.weights.end());
}

/// Probability of the answer from models, of those called; of answers alone as the rule has learnt
/// to read them.
double sureness(const Rule& rule, Evidence evidence, std::uint64_t called, std::uint64_t from) {
  evidence.called = called;
  std::vector<float> joint(evidence.classes);
  const auto answer = static_cast<std::size_t>(rule.combine(evidence, from, joint));
  return static_cast<double>(joint[answer]);
}

}  // namespace

std::map<std::string, double> monitored_values(const Rule& rule, Evidence evidence) {
  const bool distributed = !evidence.probabilities.empty();
  require(distributed || dynamic_cast<const CalibratedRule*>(&rule) != nullptr, "drift monitor",
          "models that give probabilities, or a policy that has learnt them", "neither");
  double first = 0;
  evidence.called = 0;
  const Step last = run_steps(rule, evidence, [&](const Evidence& before, const Step& step) {
    if (before.called != 0) return;
    if (!distributed) {
      first = sureness(rule, evidence, step.call, step.call);
      return;
    }
    for (const std::size_t model : models_of(step.call)) first += evidence.confidences[model];
    first /= std::popcount(step.call);
  });
  const double answer = sureness(rule, evidence, evidence.called, last.answer_from);
  std::map<std::string, double> values{{"first", std::clamp(first, 0.0, 1.0)},
                                       {"answer", std::clamp(answer, 0.0, 1.0)}};
  const double multiplexer = multiplexer_value(evidence);
  if (multiplexer >= 0) values["multiplexer"] = multiplexer;
  return values;
}

std::map<std::string, std::vector<double>> monitored_values(const Policy& policy,
                                                            const OutcomeTable& recorded) {
  require(recorded.models() == policy.models(), "monitored_values", "the models of the policy",
          text(recorded.models().size(), " others"));
  const OutcomeTable table = recorded.complete();
  const auto rule = policy.rule();
  const OutcomeRows rows(table);
  std::map<std::string, std::vector<double>> result;
  for (std::size_t row = 0; row < static_cast<std::size_t>(table.size()); ++row) {
    Evidence evidence = rows.at(row);
    // In service it runs for no policy that does not want it.
    if (!policy.uses_multiplexer()) {
      evidence.weights = evidence.scores = {};
      evidence.offload_score = std::numeric_limits<float>::quiet_NaN();
    }
    for (const auto& [name, value] : monitored_values(*rule, evidence)) {
      result[name].push_back(value);
    }
  }
  return result;
}

DriftMonitor::DriftMonitor(const std::map<std::string, std::vector<double>>& calibration,
                           std::string version, DriftOptions options)
    : options_(options), version_(std::move(version)) {
  require(options_.alpha > 0 && options_.alpha < 1, "drift monitor", "an alpha in (0, 1)",
          text(options_.alpha));
  require(!calibration.empty(), "drift monitor", "at least one value to watch", "none");
  for (const auto& [name, sample] : calibration) {
    require(!sample.empty(), "drift monitor", text("a sample of '", name, "'"), "none");
    auto& counts = streams_[name].counts;
    for (const double value : sample) ++counts[place(name, value)];
    calibrated_on_ = static_cast<std::int64_t>(sample.size());
  }
}

void DriftMonitor::bet(Stream& stream, double p) const {
  double total = 0;
  for (std::size_t e = 0; e < bets.size(); ++e) {
    double& share = stream.shares[e];
    share = (1 - jump) * share + jump / static_cast<double>(bets.size());
    share *= 1 + bets[e] * (p - 0.5);
    total += share;
  }
  for (double& share : stream.shares) share /= total;
  stream.log_capital += std::log(total);
  stream.highest = std::max(stream.highest, stream.log_capital);
}

bool DriftMonitor::observe(const std::map<std::string, double>& values) {
  take(values);
  return alarm();
}

void DriftMonitor::take(const std::map<std::string, double>& values) {
  const std::lock_guard<std::mutex> lock(mutex_);
  require(joined(values, key_of) == joined(streams_, key_of), "drift monitor",
          text("values of ", joined(streams_, key_of)), joined(values, key_of));
  std::vector<std::int64_t> places;  // all checked before any counts
  for (const auto& [name, value] : values) places.push_back(place(name, value));
  Random random(options_.seed, static_cast<std::uint64_t>(observed_));
  auto at = places.begin();
  for (auto& [name, stream] : streams_) {
    double larger = 0, all = 0;
    const std::int64_t equal = ++stream.counts[*at];
    for (const auto& [where, count] : stream.counts) {
      all += static_cast<double>(count);
      if (where > *at) larger += static_cast<double>(count);
    }
    bet(stream, (larger + random.uniform() * static_cast<double>(equal)) / all);
    ++at;
  }
  ++observed_;
}

std::int64_t DriftMonitor::observed() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return observed_;
}

std::map<std::string, DriftMonitor::Stream>::const_iterator DriftMonitor::strongest() const {
  return std::max_element(streams_.begin(), streams_.end(), [](const auto& a, const auto& b) {
    return a.second.highest < b.second.highest;
  });
}

double DriftMonitor::e_value() const {
  constexpr double largest = 700;  // beyond, a double overflows
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::exp(std::min(strongest()->second.highest, largest)) /
         static_cast<double>(streams_.size());
}

const std::string& DriftMonitor::cause() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return strongest()->first;
}

Json DriftMonitor::to_json() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  Json streams = Json::object();
  for (const auto& [name, stream] : streams_) {
    Json places = Json::array(), counts = Json::array();
    for (const auto& [where, count] : stream.counts) {
      places.push_back(where);
      counts.push_back(count);
    }
    streams[name] = {{"places", places},
                     {"counts", counts},
                     {"shares", stream.shares},
                     {"log_capital", stream.log_capital},
                     {"highest", stream.highest}};
  }
  return {{"format", format_name}, {"policy_version", version_}, {"alpha", options_.alpha},
          {"seed", options_.seed}, {"observed", observed_},      {"calibrated_on", calibrated_on_},
          {"streams", streams}};
}

void DriftMonitor::from_json(const Json& content) {
  const auto format = content.at("format").get<std::string>();
  require(format == format_name, "drift monitor", text("format ", format_name), format);
  content.at("policy_version").get_to(version_);
  content.at("alpha").get_to(options_.alpha);
  require(options_.alpha > 0 && options_.alpha < 1, "drift monitor", "an alpha in (0, 1)",
          text(options_.alpha));
  content.at("seed").get_to(options_.seed);
  content.at("observed").get_to(observed_);
  content.at("calibrated_on").get_to(calibrated_on_);
  for (const auto& [name, entry] : content.at("streams").items()) {
    Stream& stream = streams_[name];
    const auto places = entry.at("places").get<std::vector<std::int64_t>>();
    const auto counts = entry.at("counts").get<std::vector<std::int64_t>>();
    require(places.size() == counts.size() && !counts.empty() &&
                *std::min_element(counts.begin(), counts.end()) > 0,
            "drift monitor", text("a count above 0 for each place of '", name, "'"),
            text(counts.size(), " for ", places.size()));
    for (std::size_t i = 0; i < places.size(); ++i) stream.counts[places[i]] = counts[i];
    entry.at("shares").get_to(stream.shares);
    entry.at("log_capital").get_to(stream.log_capital);
    entry.at("highest").get_to(stream.highest);
  }
  require(!streams_.empty(), "drift monitor", "at least one value to watch", "none");
}

void DriftMonitor::save(const std::filesystem::path& path) const {
  write_atomically(path, to_json().dump() + "\n");
}

DriftMonitor DriftMonitor::load(const std::filesystem::path& path) {
  const Json content = read_json(path);
  try {
    DriftMonitor monitor;
    monitor.from_json(content);
    return monitor;
  } catch (const Json::exception& error) {
    throw std::invalid_argument(error_text(path.string(), "a drift monitor", error.what()));
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(text(error.what(), " (", path.string(), ")"));
  }
}

}  // namespace muxnet
