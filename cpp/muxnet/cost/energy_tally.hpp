#pragma once

#include <optional>
#include <string>
#include <vector>

#include "muxnet/cost/energy_sensors.hpp"

namespace muxnet {

/// What the sources of one way say is drawn, reading by reading, as far as that can be right: never
/// less than nothing or more than a machine can draw, nor nothing for long or in all, and read so
/// often that no counter goes round unseen.
class EnergyTally {
 public:
  /// Reads `sources` for the first time: counters of energy, or rails that show power.
  EnergyTally(const std::vector<EnergySource>& sources, bool counters);

  /// Reads them again, `gap_ms` after the last time. What goes wrong is kept as the problem.
  void read(double gap_ms);

  /// Why energy_mj() cannot be right, and what helps; empty where it can.
  std::string problem() const;

  double energy_mj() const;
  const std::vector<EnergySource>& sources() const { return sources_; }

 private:
  /// A counter, or all rails, whose power is the device's as a sum alone.
  struct Gauge {
    std::vector<EnergySource> sources;
    bool counts;
    std::optional<double> last;  ///< mJ of a counter, mW of rails
    double drawn_mj = 0;
    double still_ms = 0, longest_still_ms = 0;  ///< since it last moved, and at most

    void advance(double gap_ms);
  };

  std::vector<EnergySource> sources_;
  std::vector<Gauge> gauges_;
  std::string problem_;
};

}  // namespace muxnet
