#include <algorithm>
#include <charconv>
#include <cmath>

#include "muxnet/server/server_reading.hpp"

namespace muxnet {
namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

/// A family with a sample for each value that is added.
class Family {
 public:
  Family(std::vector<Metric>& all, const std::string& name, const std::string& type,
         const std::string& help)
      : metric_(all.emplace_back(Metric{"muxnet_" + name, type, help, {}})) {}

  template <class Number>
  Family& add(Number value, const std::string& label = {}, const std::string& key = {}) {
    Labels labels;
    if (!label.empty()) labels.emplace_back(label, key);
    metric_.samples.push_back({metric_.name, std::move(labels), static_cast<double>(value)});
    return *this;
  }

  void add(const Histogram& histogram, const Labels& labels);

 private:
  Metric& metric_;
};

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), value).ptr;
  std::string written(digits.begin(), end);
  if (written.find_first_of(".e") == written.npos) written += ".0";
  return written;
}

void Family::add(const Histogram& histogram, const Labels& labels) {
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < histogram.buckets().size(); ++i) {
    seen += histogram.buckets()[i];
    const bool last = i == Histogram::bucket_count;
    Labels bounded = labels;
    const double bound_s = last ? 0 : Histogram::upper_bound_ms(i) / 1000;
    bounded.emplace_back("le", last ? "+Inf" : number_text(bound_s));
    metric_.samples.push_back(
        {metric_.name + "_bucket", std::move(bounded), static_cast<double>(seen)});
  }
  metric_.samples.push_back({metric_.name + "_count", labels, static_cast<double>(seen)});
  metric_.samples.push_back({metric_.name + "_sum", labels, histogram.sum_ms() / 1000});
}

/// What makes the metrics of one reading.
class Metrics {
 public:
  explicit Metrics(const ServerReading& reading)
      : reading_(reading), found_(reading.statistics), kind_(reading.served->cost_kind) {}

  std::vector<Metric> all() {
    requests();
    calls();
    times();
    decisions();
    labels();
    watched();
    workers();
    elsewhere();
    beside();
    return std::move(all_);
  }

 private:
  Family counter(const std::string& name, const std::string& help) {
    return {all_, name + "_total", "counter", help};
  }
  Family gauge(const std::string& name, const std::string& help) {
    return {all_, name, "gauge", help};
  }

  void requests() {
    Family requests = counter("requests", "Requests by what became of them.");
    for (const auto& [status, count] : found_.requests) {
      requests.add(count, "status", name_of(status));
    }
    Family refusals =
        counter("refusals", "Requests and connections refused before they became work.");
    for (const auto& [reason, count] : reading_.refusals) refusals.add(count, "reason", reason);
    counter("images", "Images answered by the router.").add(found_.images);
  }

  void calls() {
    const auto& models = reading_.served->models;
    Family called = counter("called_images", "Images that the router called a model for.");
    for (std::size_t i = 0; i < models.size(); ++i) {
      called.add(found_.called[i], "model", models[i].name);
    }
    Family shares = gauge("called_share", "Share of the router's images, by model.");
    const auto images = static_cast<double>(std::max<std::uint64_t>(found_.images, 1));
    for (std::size_t i = 0; i < models.size(); ++i) {
      shares.add(static_cast<double>(found_.called[i]) / images, "model", models[i].name);
    }
    Family waiting = gauge("queue_images", "Images that wait, by model.");
    for (const auto& stage : found_.stages) waiting.add(stage.waiting, "model", stage.name);
  }

  void times() {
    Family batches(all_, "batch_seconds", "histogram", "Run time of a model's batches.");
    for (const auto& stage : found_.stages) batches.add(stage.run, {{"model", stage.name}});
    Family total(all_, "request_seconds", "histogram", "From a request to its answer.");
    total.add(found_.total, {});
  }

  /// What decisions cost and saved, and where they were others.
  void decisions() {
    const double best = found_.reference_cost;
    counter("cost", "What the router's images cost.").add(found_.cost, "kind", kind_);
    counter("reference_cost", "What always-best would have cost.").add(best, "kind", kind_);
    gauge("saved_cost", "What always-best would have cost more.")
        .add(best - found_.cost, "kind", kind_);
    Family departures =
        counter("departures", "Images for which other models were called than the rule wanted.");
    for (const auto& [reason, count] : found_.departures) {
      departures.add(count, "reason", name_of(reason));
    }
    counter("shadow_images", "Images by what the shadow wanted.")
        .add(found_.shadow_agreed, "decision", "same")
        .add(found_.shadow_images - found_.shadow_agreed, "decision", "other");
  }

  void labels() {
    gauge("policy_version", "Counts what was deployed.").add(found_.version);
    Family labelled = counter("labels", "Labels that came back.");
    for (const auto& [version, tally] : reading_.labels) {
      labelled.add(tally.labelled, "version", std::to_string(version));
    }
    Family right = counter("right_labels", "Labels that the answers were.");
    for (const auto& [version, tally] : reading_.labels) {
      right.add(tally.right, "version", std::to_string(version));
    }
  }

  void watched() {
    if (const auto& drift = found_.drift) {
      gauge("drift_evidence",
            "Evidence that inputs have changed since the calibration; an alarm from 1 on.")
          .add(drift->e_value * drift->alpha);
      gauge("drift_alarm", "1: inputs have changed.").add(drift->alarm);
    }
    if (const auto& gears = found_.gears) {
      gauge("point_cost",
            "Mean cost, when it was fitted, of the operating point that load has chosen.")
          .add(point_of(*reading_.served, gears->point).cost, "kind", kind_);
      counter("point_changes", "Changes of the operating point by load.").add(gears->changes);
    }
  }

  void workers() {
    const WorkersState& workers = found_.workers;
    gauge("workers", "Threads that should run models.").add(workers.count);
    gauge("workers_left", "Those that are not stuck.").add(workers.left);
    std::vector<std::int64_t> held(found_.stages.size());
    double longest = 0;
    for (const StuckBatch& batch : workers.stuck) {
      ++held[batch.stage];
      longest = std::max(longest, batch.seconds);
    }
    Family stuck = gauge("stuck_workers", "Workers by the model that holds them.");
    for (std::size_t i = 0; i < held.size(); ++i) {
      stuck.add(held[i], "model", found_.stages[i].name);
    }
    gauge("stuck_seconds", "That the longest of them is held.").add(longest);
  }

  /// Of models that other processes run.
  void elsewhere() {
    count_elsewhere("requests", "Requests sent to models elsewhere, retries included.",
                    &EndpointStatistics::requests);
    count_elsewhere("retries", "Further attempts among them.", &EndpointStatistics::retries);
    count_elsewhere("failures", "Requests without a usable answer.", &EndpointStatistics::failures);
    count_elsewhere("probes", "Questions what a model elsewhere is, and whether it is back.",
                    &EndpointStatistics::probes);
    Family flying = gauge("endpoint_in_flight", "Requests on their way.");
    for (const auto& stage : found_.stages) {
      if (stage.elsewhere) flying.add(stage.elsewhere->in_flight, "model", stage.name);
    }
    Family breaker =
        gauge("endpoint_breaker",
              "Its circuit breaker: 0 closed, 1 half open, 2 open (it is left alone).");
    for (const auto& stage : found_.stages) {
      if (stage.elsewhere) breaker.add(place_of(stage.elsewhere->state), "model", stage.name);
    }
  }

  static int place_of(CircuitBreaker::State state) {
    if (state == CircuitBreaker::State::closed) return 0;
    return state == CircuitBreaker::State::half_open ? 1 : 2;
  }

  void count_elsewhere(const std::string& name, const std::string& help,
                       std::int64_t EndpointStatistics::*member) {
    Family family = counter("endpoint_" + name, help);
    for (const auto& stage : found_.stages) {
      if (stage.elsewhere) family.add((*stage.elsewhere).*member, "model", stage.name);
    }
  }

  /// What does not belong to requests: tasks, reloads, records.
  void beside() {
    Family failures = counter("task_failures", "Background tasks that failed.");
    for (const TaskState& task : reading_.tasks) failures.add(task.failures, "task", task.name);
    Family failing = gauge("task_failing", "1: it fails, or does not end.");
    for (const TaskState& task : reading_.tasks) {
      failing.add(!task.trouble.empty(), "task", task.name);
    }
    counter("reloads", "Reloads by what became of them.")
        .add(reading_.reloads.done, "result", "done")
        .add(reading_.reloads.failed, "result", "failed");
    gauge("reload_failing", "1: the last one failed.").add(reading_.reloads.failing);
    if (!reading_.decisions) return;
    counter("decisions", "Decision records by what became of them.")
        .add(reading_.decisions->recorded, "result", "recorded")
        .add(reading_.decisions->lost, "result", "lost");
    gauge("decisions_failing", "1: they cannot be written.")
        .add(!reading_.decisions->failing.empty());
  }

  const ServerReading& reading_;
  const ServiceStatistics& found_;
  const std::string& kind_;
  std::vector<Metric> all_;
};

/// As the format has it between quotes.
std::string escaped(const std::string& written) {
  std::string found;
  for (const char letter : written) {
    if (letter == '\\' || letter == '"') found += '\\';
    if (letter == '\n') {
      found += "\\n";
    } else {
      found += letter;
    }
  }
  return found;
}

}  // namespace

std::vector<Metric> metrics_of(const ServerReading& reading) { return Metrics(reading).all(); }

std::string exposition(const std::vector<Metric>& metrics) {
  std::string written;
  for (const Metric& metric : metrics) {
    written += "# HELP " + metric.name + " " + metric.help + "\n";
    written += "# TYPE " + metric.name + " " + metric.type + "\n";
    for (const MetricSample& sample : metric.samples) {
      written += sample.name;
      const char* before = "{";
      for (const auto& [label, value] : sample.labels) {
        written.append(before).append(label).append("=\"").append(escaped(value)).append("\"");
        before = ",";
      }
      if (!sample.labels.empty()) written += "}";
      written.append(" ").append(number_text(sample.value)).append("\n");
    }
  }
  return written;
}

}  // namespace muxnet
