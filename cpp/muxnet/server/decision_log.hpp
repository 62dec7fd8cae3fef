#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "muxnet/server/server_log.hpp"
#include "muxnet/service/service_request.hpp"

namespace muxnet {

/// Appends the records that a service made of its answers to a file, one line of JSON for each
/// image, as replay_records() reads them. write() never fails and never waits; flush(), one thread
/// at a time, writes. What cannot be written is lost and counted, and leaves no half line behind.
/// Where the file was moved or removed, as by what rotates logs, one of its name is begun.
class DecisionLog {
 public:
  struct State {
    std::int64_t recorded = 0;  ///< records that are in the file
    std::int64_t lost = 0;      ///< those that never will be
    std::string failing;        ///< why the last ones were lost; empty: they were not
  };
  static constexpr std::size_t room_for = 8 << 20;

  /// Ends a line that a killed process left half written. `room_bytes`: of records that wait; more
  /// are lost. Throws FileError for a file that cannot be opened, or that another log writes to.
  DecisionLog(std::filesystem::path path, std::shared_ptr<const ServerLog> log,
              std::size_t room_bytes = room_for);
  ~DecisionLog();
  DecisionLog(const DecisionLog&) = delete;
  DecisionLog& operator=(const DecisionLog&) = delete;

  /// Adds the records of a request's answer, by a deployment of `models`.
  void write(std::string_view id, const ServiceAnswer& answer,
             const std::vector<std::string>& models);
  /// Writes what waits.
  void flush();
  /// Counts records that are lost.
  void lose(std::int64_t count, const std::string& reason);
  State state() const;

 private:
  struct Written {
    std::int64_t lines = 0;
    std::string failure;
  };
  void open();
  bool moved() const;
  Written append(std::string_view content);
  bool cut(std::int64_t size, std::int64_t end) const;
  bool ends_whole() const;

  std::filesystem::path path_;
  std::shared_ptr<const ServerLog> log_;
  std::size_t room_bytes_;
  int file_ = -1;
  bool regular_ = false, torn_ = false;
  mutable std::mutex mutex_;  ///< of what follows
  std::string waiting_;
  std::int64_t waiting_lines_ = 0;
  State state_;
};

}  // namespace muxnet
