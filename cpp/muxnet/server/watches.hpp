#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "muxnet/server/server_reading.hpp"

namespace muxnet {

/// Tells what no request tells of a service, each thing once: a drift monitor's alarm, a worker
/// that a model holds up or that comes back, an operating point that load has chosen (of several
/// within a second the last). One thread.
class Watches {
 public:
  explicit Watches(std::shared_ptr<const ServerLog> log) : log_(std::move(log)) {}

  /// Looks once.
  void observe(const ServerReading& reading);

 private:
  using Held = std::map<std::pair<std::string, std::uint64_t>, int>;  ///< by model and version

  void drift(const ServiceStatistics& found);
  void gears(const ServerReading& reading);
  void workers(const Health& health);
  void tell_more(const Held& more, const Held& than, const Health& health, bool stuck) const;

  std::shared_ptr<const ServerLog> log_;
  std::uint64_t told_drift_ = 0;  ///< of that version
  std::uint64_t told_changes_ = 0;
  Held held_;
};

}  // namespace muxnet
