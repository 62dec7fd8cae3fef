#include <algorithm>
#include <cmath>
#include <set>

#include "muxnet/core/json_values.hpp"
#include "muxnet/server/server_reading.hpp"

namespace muxnet {
namespace {

using Json = nlohmann::ordered_json;

double tenths(double seconds) { return std::round(10 * seconds) / 10; }

/// How a kind of cost is called in tables and figures.
std::string cost_title(const std::string& kind) {
  if (kind == "macs") return "MACs";
  return kind == "latency_ms" ? "latency in ms" : kind;
}

Json stage_json(const StageStatistics& stage) {
  const auto count = static_cast<double>(stage.run.count());
  return {{"name", stage.name},
          {"images", stage.images},
          {"batches", stage.batches},
          {"waiting", stage.waiting},
          {"p50_ms", stage.run.quantile_ms(0.5)},
          {"mean_ms", count > 0 ? stage.run.sum_ms() / count : 0.0}};
}

/// How it goes with a model elsewhere.
Json endpoint_json(const std::optional<EndpointStatistics>& found) {
  if (!found) return {};
  return {{"breaker", name_of(found->state)}, {"requests", found->requests},
          {"retries", found->retries},        {"failures", found->failures},
          {"in_flight", found->in_flight},    {"trouble", found->trouble}};
}

Json models_json(const ServerReading& reading) {
  const ServiceStatistics& found = reading.statistics;
  Json models = Json::array();
  for (std::size_t i = 0; i < reading.served->models.size(); ++i) {
    const StageStatistics& stage = found.stages[i + 1];
    Json model = stage_json(stage);
    model["called"] = found.called[i];
    model["cost"] = reading.served->models[i].cost;
    model["endpoint"] = endpoint_json(stage.elsewhere);
    models.push_back(std::move(model));
  }
  return models;
}

/// The operating point that load has chosen, where it does.
Json gears_json(const ServerReading& reading) {
  const auto& gears = reading.statistics.gears;
  if (!gears) return {};
  const OperatingPoint& point = point_of(*reading.served, gears->point);
  return {{"cost", point.cost}, {"accuracy", point.accuracy}, {"changes", gears->changes}};
}

Json shapes_json(const Served& served) {
  Json shapes = Json::array();
  for (const ShownFormat& format : served.formats) {
    shapes.push_back(format.images ? format.images->shape() : Shape{format.vector_length});
  }
  return shapes;
}

Json counts_json(const ServiceStatistics& found) {
  Json requests = Json::object();
  for (const auto& [status, count] : found.requests) requests[name_of(status)] = count;
  Json departures = Json::object();
  for (const auto& [reason, count] : found.departures) departures[name_of(reason)] = count;
  return {{"version", found.version},
          {"images", found.images},
          {"requests", std::move(requests)},
          {"multiplexer", stage_json(found.stages.front())},
          {"cost", found.cost},
          {"reference_cost", found.reference_cost},
          {"p50_ms", found.total.quantile_ms(0.5)},
          {"p99_ms", found.total.quantile_ms(0.99)},
          {"departures", std::move(departures)},
          {"shadow_images", found.shadow_images},
          {"shadow_agreed", found.shadow_agreed},
          {"drift", found.drift ? to_json(*found.drift) : Json()}};
}

Json served_json(const ServerReading& reading) {
  const Served& served = *reading.served;
  const auto labels = reading.labels.find(reading.statistics.version);
  const LabelTally tally = labels == reading.labels.end() ? LabelTally{} : labels->second;
  Json found{{"models", models_json(reading)},
             {"labels", {{"labelled", tally.labelled}, {"right", tally.right}}},
             {"router", reading.router},
             {"policy", served.policy->name()},
             {"uses_multiplexer", served.policy->uses_multiplexer()},
             {"accuracy", served.policy->point().accuracy},
             {"gears", gears_json(reading)},
             {"class_names", served.class_names},
             {"image_shapes", shapes_json(served)},
             {"cost_title", cost_title(served.cost_kind)}};
  const ReloadCounts& reloads = reading.reloads;
  found["reloads"] = {
      {"done", reloads.done}, {"failed", reloads.failed}, {"failing", reloads.failing}};
  if (reading.decisions) {
    found["decisions"] = {{"recorded", reading.decisions->recorded},
                          {"lost", reading.decisions->lost},
                          {"failing", reading.decisions->failing}};
  } else {
    found["decisions"] = nullptr;
  }
  return found;
}

}  // namespace

Health health_of(const ServerReading& reading) {
  const WorkersState& workers = reading.statistics.workers;
  Health health;
  health.draining = reading.draining;
  health.ready = !reading.draining && workers.left == workers.count;
  health.workers = workers.count;
  health.workers_left = workers.left;
  for (const StuckBatch& batch : workers.stuck) {
    health.stuck.push_back({reading.statistics.stages[batch.stage].name, tenths(batch.seconds),
                            tenths(now_s() - batch.seconds), batch.version});
  }
  std::set<std::string> failing;
  for (const TaskState& task : reading.tasks) {
    if (!task.trouble.empty()) failing.insert(task.name);
  }
  if (reading.reloads.failing) failing.insert("reload");
  if (reading.decisions && !reading.decisions->failing.empty()) failing.insert("decisions");
  health.failing.assign(failing.begin(), failing.end());
  return health;
}

Json to_json(const Health& health) {
  Json stuck = Json::array();
  for (const StuckModel& entry : health.stuck) {
    stuck.push_back({{"model", entry.model},
                     {"seconds", entry.seconds},
                     {"since", entry.since},
                     {"version", entry.version}});
  }
  return {{"ready", health.ready},     {"draining", health.draining},
          {"workers", health.workers}, {"workers_left", health.workers_left},
          {"stuck", std::move(stuck)}, {"failing", health.failing}};
}

Json to_json(const DriftReading& drift) {
  return {{"alarm", drift.alarm},
          {"e_value", drift.e_value},
          {"cause", drift.cause},
          {"observed", drift.observed},
          {"alpha", drift.alpha}};
}

Json status_of(const ServerReading& reading) {
  Json status = counts_json(reading.statistics);
  status.update(served_json(reading));
  status.update(to_json(health_of(reading)));
  return status;
}

}  // namespace muxnet
