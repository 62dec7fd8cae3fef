#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "muxnet/core/json_values.hpp"
#include "muxnet/server/server_log.hpp"

namespace muxnet::testing {

/// A log whose lines are kept.
class LogLines {
 public:
  std::shared_ptr<const ServerLog> log() {
    return std::make_shared<const ServerLog>([this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      lines_.push_back(parse_json(line));
    });
  }

  /// Those of an event.
  std::vector<nlohmann::json> of(const std::string& event) const {
    const std::lock_guard lock(mutex_);
    std::vector<nlohmann::json> found;
    for (const auto& line : lines_) {
      if (line.at("event") == event) found.push_back(line);
    }
    return found;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<nlohmann::json> lines_;
};

}  // namespace muxnet::testing
