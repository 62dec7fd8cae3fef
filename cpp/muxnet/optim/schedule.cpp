#include "muxnet/optim/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

constexpr auto where = "make_schedule";

double warmup_end(double warmup, double total) { return std::max(warmup * total - 1, 0.0); }

/// How far step is from `begin` to the last one, 0 to 1; a training of one step is at its start.
double progress(double step, double begin, double total) {
  const double length = total - 1 - begin;
  return length > 0 ? (step - begin) / length : 0;
}

double cosine_between(double high, double low, double t) {
  return low + (high - low) * (1 + std::cos(std::numbers::pi * t)) / 2;
}

class Constant final : public Schedule {
 public:
  explicit Constant(const ScheduleOptions& o) : peak_(o.learning_rate) {}

 private:
  double rate(double, double) const override { return peak_; }
  double peak_;
};

class Step final : public Schedule {
 public:
  explicit Step(const ScheduleOptions& o)
      : peak_(o.learning_rate), decay_(o.decay), milestones_(o.milestones) {
    require(decay_ > 0 && decay_ <= 1, where, "decay in (0, 1]", text(decay_));
    double last = 0;
    for (const double milestone : milestones_) {
      require(milestone > last && milestone < 1, where, "milestones that rise within (0, 1)",
              text(milestone, " after ", last));
      last = milestone;
    }
  }

 private:
  double rate(double step, double total) const override {
    const auto passed = std::count_if(milestones_.begin(), milestones_.end(),
                                      [&](double m) { return step >= m * total; });
    return peak_ * std::pow(decay_, static_cast<double>(passed));
  }
  double peak_;
  double decay_;
  std::vector<double> milestones_;
};

class Cosine final : public Schedule {
 public:
  explicit Cosine(const ScheduleOptions& o)
      : peak_(o.learning_rate), low_(o.final_ratio * o.learning_rate), warmup_(o.warmup) {}

 private:
  double rate(double step, double total) const override {
    const double end = warmup_end(warmup_, total);
    if (step < end) return peak_ * (step + 1) / (end + 1);
    return cosine_between(peak_, low_, progress(step, end, total));
  }
  double peak_;
  double low_;
  double warmup_;
};

class OneCycle final : public Schedule {
 public:
  explicit OneCycle(const ScheduleOptions& o)
      : peak_(o.learning_rate),
        first_(o.initial_ratio * o.learning_rate),
        low_(o.final_ratio * o.learning_rate),
        warmup_(o.warmup),
        linear_(o.anneal == "linear") {
    require(o.initial_ratio >= 0 && o.initial_ratio <= 1, where, "initial_ratio in [0, 1]",
            text(o.initial_ratio));
    require(linear_ || o.anneal == "cosine", where, "anneal cosine or linear", o.anneal);
  }

 private:
  double rate(double step, double total) const override {
    const double end = warmup_end(warmup_, total);
    if (step < end) return first_ + (peak_ - first_) * step / end;
    const double t = progress(step, end, total);
    return linear_ ? peak_ + (low_ - peak_) * t : cosine_between(peak_, low_, t);
  }
  double peak_;
  double first_;
  double low_;
  double warmup_;
  bool linear_;
};

template <class Kind>
std::unique_ptr<Schedule> make(const ScheduleOptions& options) {
  return std::make_unique<Kind>(options);
}

void add_all(ScheduleRegister& schedules) {
  schedules.add({"one_cycle", "up to the peak, then down to the end", make<OneCycle>});
  schedules.add({"cosine", "along a cosine to the end", make<Cosine>});
  schedules.add({"step", "down by a factor at milestones", make<Step>});
  schedules.add({"constant", "the same throughout", make<Constant>});
}

}  // namespace

double Schedule::learning_rate(std::int64_t step, std::int64_t total_steps) const {
  if (step < 0 || total_steps < 1) {
    require(false, "schedule.learning_rate", "step >= 0 and total_steps >= 1",
            text("step ", step, " of ", total_steps));
  }
  const std::int64_t kept = std::min(step, total_steps - 1);
  return rate(static_cast<double>(kept), static_cast<double>(total_steps));
}

ScheduleRegister& schedules() {
  static ScheduleRegister all("schedules", {add_all});
  return all;
}

std::unique_ptr<Schedule> make_schedule(const ScheduleOptions& options) {
  const ScheduleEntry& schedule = schedules().find(options.name);
  require(options.learning_rate > 0 && std::isfinite(options.learning_rate), where,
          "learning_rate above 0", text(options.learning_rate));
  require(options.warmup >= 0 && options.warmup < 1, where, "warmup in [0, 1)",
          text(options.warmup));
  require(options.final_ratio >= 0 && options.final_ratio <= 1, where, "final_ratio in [0, 1]",
          text(options.final_ratio));
  return schedule.make(options);
}

}  // namespace muxnet
