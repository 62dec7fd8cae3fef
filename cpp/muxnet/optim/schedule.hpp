#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "muxnet/core/register.hpp"

namespace muxnet {

/// The learning rate of each step of a training, as a pure function of (step, total_steps): a
/// resumed run needs nothing but its step.
class Schedule {
 public:
  virtual ~Schedule() = default;

  /// For step 0, 1, ..., total_steps - 1; later steps have the rate of the last.
  /// Throws std::invalid_argument when step < 0 or total_steps < 1.
  double learning_rate(std::int64_t step, std::int64_t total_steps) const;

 protected:
  Schedule() = default;
  Schedule(const Schedule&) = default;
  Schedule& operator=(const Schedule&) = default;

  /// With both arguments checked and step <= last = total - 1.
  virtual double rate(double step, double total) const = 0;
};

/// All schedules' settings; each takes its own and ignores the others'. Fractions are of
/// total_steps.
struct ScheduleOptions {
  std::string name = "one_cycle";  ///< one of schedules()
  double learning_rate = 0.1;      ///< the highest of the schedule
  /// cosine, one_cycle: fraction of steps that rise to the highest rate, in [0, 1).
  double warmup = 0.2;
  double initial_ratio = 0.04;                   ///< one_cycle: first rate over the highest
  double final_ratio = 0;                        ///< cosine, one_cycle: last rate over the highest
  std::string anneal = "cosine";                 ///< one_cycle: "cosine" or "linear"
  std::vector<double> milestones = {0.5, 0.75};  ///< step: fractions, rising, in (0, 1)
  double decay = 0.1;                            ///< step: factor at each milestone
};

/// A course of the learning rate.
struct ScheduleEntry {
  std::string name;   ///< by which it is chosen
  std::string title;  ///< what it is, for people
  std::unique_ptr<Schedule> (*make)(const ScheduleOptions&);
};
using ScheduleRegister = Register<ScheduleEntry>;

/// All schedules.
ScheduleRegister& schedules();

/// With n = total_steps, r = learning_rate, W = max(warmup n - 1, 0), last = n - 1:
/// - constant: r;
/// - step: r decay^(number of milestones m with step >= m n), as torch.optim's MultiStepLR;
/// - cosine: for step < W, r (step + 1) / (W + 1); then the fall from r to final_ratio r over the
///   steps W to last, (1 + cos(pi t)) / 2 with t from 0 to 1;
/// - one_cycle: from initial_ratio r linearly to r at step W, then falls to final_ratio r at step
/// last,
///   as a cosine or linearly (with anneal = "linear", torch.optim's OneCycleLR).
/// Throws std::invalid_argument that lists the known names, or names the bad setting.
/// Source: cosine arXiv 1608.03983, one_cycle arXiv 1708.07120.
std::unique_ptr<Schedule> make_schedule(const ScheduleOptions& options);

}  // namespace muxnet
