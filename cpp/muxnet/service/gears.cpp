#include "muxnet/service/gears.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

constexpr double cheaper_by = 0.75;         // each gear, at least: a few steps lead from end to end
constexpr double waiting_share = 0.25;      // of the target: time for a cheaper gear
constexpr double full = 0.9, full_s = 0.5;  // of the workers, for so long: the same
constexpr double room = 0.8;                // of the workers that a dearer gear may fill
constexpr double least_wait_s = 1, most_wait_s = 60;

}  // namespace

Gears::Gears(const std::vector<double>& costs, std::size_t point, double target_ms,
             std::size_t workers)
    : target_ms_(target_ms),
      workers_(static_cast<double>(workers)),
      wait_s_(least_wait_s),
      state_{point} {
  require(target_ms > 0, "gears", "a time above 0 ms", text(target_ms));
  require(point < costs.size() && workers > 0, "gears", "costs of all points, and workers",
          text(costs.size(), " costs"));
  std::vector<std::size_t> order(costs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return costs[a] > costs[b]; });
  gears_.push_back({point, costs[point]});
  for (const std::size_t other : order) {
    if (costs[other] <= cheaper_by * gears_.back().cost) gears_.push_back({other, costs[other]});
  }
  std::reverse(gears_.begin(), gears_.end());
  gear_ = gears_.size() - 1;
}

std::optional<GearChange> Gears::observe(const LoadReading& reading) {
  if (!since_) since_ = reading;
  const double passed_s = reading.now_s - since_->now_s;
  const double busy = busy_since(reading);
  if (crowded(reading) || (passed_s >= full_s && busy > full)) {
    if (gear_ == 0 || (crowded(reading) && state_.last && shrinks(reading))) return std::nullopt;
    if (raised_s_) {
      const bool lasted = reading.now_s - *raised_s_ > 2 * wait_s_;
      wait_s_ = lasted ? least_wait_s : std::min(2 * wait_s_, most_wait_s);
      raised_s_.reset();
    }
    return shift(gear_ - 1, reading, busy);
  }
  if (passed_s < wait_s_) return std::nullopt;
  const bool highest = gear_ + 1 == gears_.size();
  if (!highest && busy * gears_[gear_ + 1].cost < room * gears_[gear_].cost) {
    raised_s_ = reading.now_s;
    return shift(gear_ + 1, reading, busy);
  }
  since_ = reading;  // what was long ago says nothing about the load
  return std::nullopt;
}

std::vector<std::size_t> Gears::points() const {
  std::vector<std::size_t> found;
  for (const Gear& gear : gears_) found.push_back(gear.point);
  return found;
}

double Gears::busy_since(const LoadReading& reading) const {
  const double passed_ms = 1000 * (reading.now_s - since_->now_s);
  const double spent_ms = reading.work_ms - since_->work_ms;
  return passed_ms > 0 ? std::min(spent_ms / (passed_ms * workers_), 1.0) : 0;
}

bool Gears::crowded(const LoadReading& reading) const {
  return reading.backlog_ms > waiting_share * target_ms_;
}

/// Whether the gear in use works off what waits, or has not had the time to show it.
bool Gears::shrinks(const LoadReading& reading) const {
  const double targets = 1000 * (reading.now_s - since_->now_s) / target_ms_;
  return targets < waiting_share ||
         reading.backlog_ms < since_->backlog_ms * std::exp2(-targets / 2);
}

GearChange Gears::shift(std::size_t gear, const LoadReading& reading, double busy) {
  const GearChange change{gears_[gear_].point, gears_[gear].point, reading.backlog_ms, busy};
  gear_ = gear;
  since_ = reading;
  state_ = {change.to_point, state_.changes + 1, change};
  return change;
}

std::optional<Gears> gears_for(const std::vector<double>& costs, std::size_t point,
                               double target_ms, std::size_t workers) {
  if (target_ms == 0 || costs.empty()) return std::nullopt;
  return Gears(costs, point, target_ms, workers);
}

}  // namespace muxnet
