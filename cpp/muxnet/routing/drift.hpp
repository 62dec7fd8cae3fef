#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "muxnet/routing/policy.hpp"

namespace muxnet {

/// What a monitor watches of one input, each in [0, 1]: `first`, the mean confidence of the models
/// called first; `answer`, the probability of the answer; `multiplexer`, where one runs, its
/// greatest probability that a model is right, its greatest weight or its offload score. Only
/// outputs of models that the rule calls are read.
std::map<std::string, double> monitored_values(const Rule& rule, Evidence evidence);

/// The same for all rows of a table that every model answered. Throws std::invalid_argument as
/// Policy::decide() does.
std::map<std::string, std::vector<double>> monitored_values(const Policy& policy,
                                                            const OutcomeTable& table);

struct DriftOptions {
  double alpha = 0.01;     ///< probability of a false alarm, ever
  std::uint64_t seed = 0;  ///< of the draws that break ties
};

/// Watches whether inputs in service are still like those of the calibration.
///
/// A conformal test martingale for each value watched. The p-value of the n-th value v,
///   p = (#{larger} + U #{equal}) / #{all},   U uniform in [0, 1),
/// counts over the calibration sample and all that was observed, v included, on a fixed grid of
/// log-odds; while inputs are exchangeable the p-values are independent and uniform, whatever their
/// distribution. The Simple Jumper bets against that: C_e = (1 - J) C_e + J / 3 S, then C_e *= 1 +
/// e (p - 1/2), e in {-1, 0, 1}, S = sum C_e, from S = 1. By Ville's inequality P(S ever reaches
/// k / alpha) <= alpha / k for each of the k values, so that a false alarm is raised with
/// probability alpha at most, over any horizon. It holds exactly for a sample on which nothing else
/// was chosen; an operating point chosen on the same one makes it approximate.
/// Threads may call it at once; each input that one of them shows counts as the next.
/// Source: Vovk et al., Retrain or not retrain, COPA 2021, arXiv 2102.10439.
class DriftMonitor {
 public:
  /// `calibration`: for each value watched a sample, at least one number. `version`: of the policy
  /// that it belongs to. Throws std::invalid_argument for numbers outside [0, 1], an alpha outside
  /// (0, 1).
  DriftMonitor(const std::map<std::string, std::vector<double>>& calibration, std::string version,
               DriftOptions options = {});

  /// Takes the values of one more input; returns alarm(). Throws std::invalid_argument for other
  /// names than those of the calibration, or numbers outside [0, 1].
  bool observe(const std::map<std::string, double>& values);

  /// The evidence has reached 1 / alpha, now or before.
  bool alarm() const { return e_value() >= 1 / options_.alpha; }
  /// The greatest evidence so far, max S / k; 1 / k before the first value.
  double e_value() const;
  /// Which value it is of.
  const std::string& cause() const;
  std::int64_t observed() const;                                 ///< inputs seen
  std::int64_t calibrated_on() const { return calibrated_on_; }  ///< inputs of the calibration
  const std::string& version() const { return version_; }
  /// Whether `name` is among the values watched.
  bool watches(const std::string& name) const { return streams_.count(name) > 0; }
  double alpha() const { return options_.alpha; }  ///< probability of a false alarm, ever

  /// All of its state as JSON, written atomically, and back. Throw FileError; load throws
  /// std::invalid_argument on what is no monitor.
  void save(const std::filesystem::path& path) const;
  static DriftMonitor load(const std::filesystem::path& path);

 private:
  /// What has been seen of one value, and what the bets on it have won.
  struct Stream {
    std::map<std::int64_t, std::int64_t> counts;              ///< by place on the grid
    std::array<double, 3> shares{1.0 / 3, 1.0 / 3, 1.0 / 3};  ///< C_e / S
    double log_capital = 0;                                   ///< log S
    double highest = 0;                                       ///< greatest log S so far
  };
  /// A copy of the monitor has its own.
  struct Mutex : std::mutex {
    Mutex() = default;
    ~Mutex() = default;
    Mutex(const Mutex&) : std::mutex() {}
    Mutex& operator=(const Mutex&) { return *this; }
  };
  DriftMonitor() = default;
  void take(const std::map<std::string, double>& values);
  void bet(Stream& stream, double p) const;
  std::map<std::string, Stream>::const_iterator strongest() const;
  nlohmann::json to_json() const;
  void from_json(const nlohmann::json& content);

  DriftOptions options_;
  std::string version_;
  std::int64_t calibrated_on_ = 0;
  std::int64_t observed_ = 0;
  std::map<std::string, Stream> streams_;
  mutable Mutex mutex_;
};

}  // namespace muxnet
