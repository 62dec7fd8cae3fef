#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace muxnet {

/// A change of the operating point that requests get which name none.
struct GearChange {
  std::size_t from_point = 0;  ///< that was in use
  std::size_t to_point = 0;    ///< that is now
  double backlog_ms = 0;       ///< that what waited needed to be worked off
  double busy = 0;  ///< share of the workers' time, 0 to 1, since the gear before was chosen
};

/// How a service chooses operating points by its load.
struct GearState {
  std::size_t point = 0;             ///< in use
  std::uint64_t changes = 0;         ///< since the service began
  std::optional<GearChange> last{};  ///< the latest of them
};

/// What the service sees of its load, at one moment.
struct LoadReading {
  double now_s = 0;       ///< of a steady clock
  double backlog_ms = 0;  ///< until what waits is worked off
  double work_ms = 0;     ///< that all workers together have spent on batches, since they began
};

/// Chooses among operating points by load, so that requests wait no longer than a given time: a
/// cheaper one when a quarter of it waits, and the next where that does not halve in twice the
/// time, or when half a second has shown that the workers are busy nine tenths of it, since what
/// is refused before it waits is not seen; a dearer one when a second has shown that its work would
/// fill the workers to less than four fifths. A dearer one that did not last is tried again after
/// twice as long, at most a minute. Safe for one thread at a time.
class Gears {
 public:
  /// `costs` of the points, `point` the dearest of them that is used, `target_ms` the time.
  Gears(const std::vector<double>& costs, std::size_t point, double target_ms, std::size_t workers);

  /// Takes a reading; the change, if there is one.
  std::optional<GearChange> observe(const LoadReading& reading);
  const GearState& state() const { return state_; }  ///< now
  /// The points that it chooses among, from the cheapest; the last is that of no load.
  std::vector<std::size_t> points() const;

 private:
  struct Gear {
    std::size_t point;
    double cost;
  };

  double busy_since(const LoadReading& reading) const;
  bool crowded(const LoadReading& reading) const;
  bool shrinks(const LoadReading& reading) const;
  GearChange shift(std::size_t gear, const LoadReading& reading, double busy);

  std::vector<Gear> gears_;  ///< from the cheapest; the point itself is the last
  std::size_t gear_;
  double target_ms_, workers_;
  double wait_s_;
  std::optional<LoadReading> since_{};  ///< the gear was chosen, or looked at for long enough
  std::optional<double> raised_s_{};    ///< when a dearer one was chosen, until that was too much
  GearState state_;
};

/// Gears of these points; none where no time is wanted or the points' costs are not known.
std::optional<Gears> gears_for(const std::vector<double>& costs, std::size_t point,
                               double target_ms, std::size_t workers);

}  // namespace muxnet
