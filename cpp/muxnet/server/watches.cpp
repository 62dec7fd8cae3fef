#include "muxnet/server/watches.hpp"

#include <algorithm>
#include <cmath>

#include "muxnet/core/json_values.hpp"

namespace muxnet {
namespace {

using Json = nlohmann::ordered_json;

double rounded(double value, double parts) { return std::round(parts * value) / parts; }

double since_of(const Health& health, const std::string& model) {
  double since = now_s();
  for (const StuckModel& entry : health.stuck) {
    if (entry.model == model) since = std::min(since, entry.since);
  }
  return since;
}

}  // namespace

void Watches::observe(const ServerReading& reading) {
  drift(reading.statistics);
  workers(health_of(reading));
  gears(reading);
}

void Watches::drift(const ServiceStatistics& found) {
  if (!found.drift || !found.drift->alarm || told_drift_ == found.version) return;
  told_drift_ = found.version;
  Json fields{{"version", found.version}};
  fields.update(to_json(*found.drift));
  log_->tell(LogLevel::warning, "drift", fields);
}

void Watches::gears(const ServerReading& reading) {
  const auto& found = reading.statistics.gears;
  if (!found || found->changes == told_changes_) return;
  told_changes_ = found->changes;
  if (!found->last) return;
  const OperatingPoint& point = point_of(*reading.served, found->point);
  log_->tell(LogLevel::info, "operating point changed",
             {{"cost", point.cost},
              {"accuracy", point.accuracy},
              {"changes", found->changes},
              {"backlog_ms", rounded(found->last->backlog_ms, 10)},
              {"busy", rounded(found->last->busy, 1000)}});
}

void Watches::workers(const Health& health) {
  Held found;
  for (const StuckModel& entry : health.stuck) ++found[{entry.model, entry.version}];
  tell_more(found, held_, health, true);
  tell_more(held_, found, health, false);
  held_ = std::move(found);
}

void Watches::tell_more(const Held& more, const Held& than, const Health& health,
                        bool stuck) const {
  for (const auto& [which, count] : more) {
    const auto before = than.find(which);
    for (int i = before == than.end() ? 0 : before->second; i < count; ++i) {
      Json fields{{"model", which.first}, {"version", which.second}};
      if (stuck) fields["since"] = since_of(health, which.first);
      fields["workers"] = health.workers;
      fields["left"] = health.workers_left;
      if (stuck) {
        log_->tell(LogLevel::error, "worker stuck", fields);
      } else {
        log_->tell(LogLevel::warning, "worker came back", fields);
      }
    }
  }
}

}  // namespace muxnet
