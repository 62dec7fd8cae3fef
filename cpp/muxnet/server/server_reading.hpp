#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "muxnet/front/answer_labels.hpp"
#include "muxnet/server/background.hpp"
#include "muxnet/server/decision_log.hpp"
#include "muxnet/server/reload.hpp"
#include "muxnet/server/served.hpp"
#include "muxnet/service/service_statistics.hpp"

namespace muxnet {

/// A model that holds up a worker.
struct StuckModel {
  std::string model;          ///< its name; "multiplexer"
  double seconds = 0;         ///< that it holds it
  double since = 0;           ///< since 1970
  std::uint64_t version = 0;  ///< of the deployment
};

/// Whether requests are taken, how many workers are left, and what is wrong besides.
struct Health {
  bool ready = false;                ///< all models have run, none is stuck, and it does not end
  bool draining = false;             ///< it ends
  std::size_t workers = 0;           ///< threads that should run models
  std::size_t workers_left = 0;      ///< of those, the ones that are not stuck
  std::vector<StuckModel> stuck;     ///< oldest first
  std::vector<std::string> failing;  ///< tasks, and what else fails, in order
};

/// All that a server has to tell of itself at one moment.
struct ServerReading {
  std::string router;  ///< its name
  std::shared_ptr<const Served> served;
  ServiceStatistics statistics;
  std::map<std::string, std::int64_t> refusals;
  std::map<std::uint64_t, LabelTally> labels;  ///< by version
  bool draining = false;
  std::vector<TaskState> tasks;
  ReloadCounts reloads;
  std::optional<DecisionLog::State> decisions;  ///< none: they are not recorded
};

/// Whether requests are taken, and what is wrong.
Health health_of(const ServerReading& reading);
nlohmann::ordered_json to_json(const Health& health);
/// What GET /status answers.
nlohmann::ordered_json status_of(const ServerReading& reading);
nlohmann::ordered_json to_json(const DriftReading& drift);

/// A value of a metric; its name is the family's, with an ending for some types.
struct MetricSample {
  std::string name;                                         ///< of the sample
  std::vector<std::pair<std::string, std::string>> labels;  ///< names and values
  double value = 0;                                         ///< of the sample
};

/// A metric of Prometheus.
struct Metric {
  std::string name;                   ///< with muxnet_ before it
  std::string type;                   ///< counter, gauge or histogram
  std::string help;                   ///< what it is
  std::vector<MetricSample> samples;  ///< one for each set of labels, several of a histogram
};

/// What GET /metrics answers.
std::vector<Metric> metrics_of(const ServerReading& reading);
/// The same in Prometheus' text format, version 0.0.4.
std::string exposition(const std::vector<Metric>& metrics);

}  // namespace muxnet
