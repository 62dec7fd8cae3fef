#include "muxnet/cost/energy_tally.hpp"

#include <algorithm>
#include <exception>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

// More than any machine draws, and how late a sensor may show what was drawn.
constexpr double most_mw = 20e6, late_ms = 500;

// Without a reading, in which no counter goes round, as the smallest hold 65.5 kJ; or without a
// move, which all make many times a second.
constexpr double longest_ms = 2000;

std::string file_of(const EnergySource& source) { return source.files.front().string(); }

[[noreturn]] void doubt(const std::string& where, const std::string& expected,
                        const std::string& received) {
  throw FileError(error_text(where, expected, received));
}

/// From `before` to `now` of a counter that starts again at 0 when it is full.
double counted_mj(const EnergySource& counter, double before, double now) {
  if (now >= before) return now - before;
  const auto file = counter.files.front().parent_path() / "max_energy_range_uj";
  const double range_mj = EnergySource{counter.name, {file}, counter.scale}.read();
  if (range_mj < before) {
    doubt(file.string(), text("at least the ", before, " mJ that the counter has shown"),
          text(range_mj, " mJ"));
  }
  return range_mj - before + now;
}

}  // namespace

EnergyTally::EnergyTally(const std::vector<EnergySource>& sources, bool counters)
    : sources_(sources) {
  if (counters) {
    for (const auto& counter : sources) gauges_.push_back({{counter}, true, {}});
  } else {
    gauges_.push_back({sources, false, {}});
  }
  read(0);
}

void EnergyTally::Gauge::advance(double gap_ms) {
  double now = 0;
  for (const auto& source : sources) now += source.read();
  const double before = last.value_or(now);
  const double mj = counts ? counted_mj(sources.front(), before, now)
                           : gap_ms * (before + now) / 2 / 1000;  // the trapezoid rule
  const double most_mj = most_mw * (gap_ms + late_ms) / 1000;
  if (mj < 0 || mj > most_mj) {
    doubt(file_of(sources.front()), text("0 to ", most_mj, " mJ drawn in ", gap_ms, " ms"),
          text(mj, " mJ, from ", before, " to ", now));
  }
  last = now;
  drawn_mj += mj;
  still_ms = mj > 0 ? 0 : still_ms + gap_ms;
  longest_still_ms = std::max(longest_still_ms, still_ms);
}

void EnergyTally::read(double gap_ms) {
  if (!problem_.empty()) return;
  try {
    if (gap_ms > longest_ms) {
      doubt(file_of(sources_.front()), text("a reading every ", longest_ms, " ms"),
            text("one after ", gap_ms, " ms"));
    }
    for (auto& gauge : gauges_) gauge.advance(gap_ms);
  } catch (const std::exception& error) {  // whatever it is, the work that is measured goes on
    problem_ = text(error.what(), "; measure again");
  }
}

std::string EnergyTally::problem() const {
  if (!problem_.empty()) return problem_;
  for (const auto& gauge : gauges_) {
    if (gauge.drawn_mj > 0 && gauge.longest_still_ms <= longest_ms) continue;
    return error_text(file_of(gauge.sources.front()), "more than 0 mJ drawn",
                      text("0 mJ in ", gauge.longest_still_ms, " ms")) +
           "; measure for longer, and a virtual machine, whose counters may stand still, from its "
           "host";
  }
  return "";
}

double EnergyTally::energy_mj() const {
  double sum = 0;
  for (const auto& gauge : gauges_) sum += gauge.drawn_mj;
  return sum;
}

}  // namespace muxnet
