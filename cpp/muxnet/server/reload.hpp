#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "muxnet/server/server_log.hpp"

namespace muxnet {

/// How often what is served was read again.
struct ReloadCounts {
  std::int64_t done = 0;    ///< it was put in place
  std::int64_t failed = 0;  ///< it could not be
  bool failing = false;     ///< the last time
};

/// Puts what a source holds in place, whole or not at all, when its files have changed or somebody
/// wants it. A reload that failed is tried again, with pauses that grow to a minute, whether files
/// change or not: what it lacked may have been a file's other half, memory, or descriptors.
class Reloader {
 public:
  /// The files whose change means something new to serve.
  using Files = std::function<std::vector<std::filesystem::path>()>;
  /// Reads the source and puts it in place; gives what the log tells of that. Throws what cannot be
  /// served.
  using Deploy = std::function<nlohmann::ordered_json()>;
  /// Told whether a reload that was wanted worked.
  using Done = std::function<void(bool)>;

  /// Begins with the files as they are now. A reload that takes longer than `longest_s` is given up
  /// on by those who wait.
  Reloader(Files files, Deploy deploy, std::shared_ptr<const ServerLog> log,
           double longest_s = 120);

  /// Lets the next step read the source, changed or not, and tells `done`, if there is one.
  void want(Done done = {});
  /// Reloads where the files have changed, it was wanted, or it is time to try again; one thread.
  void step();
  /// Tells those who wait for a reload that takes too long that it does not end; any thread.
  void give_up();
  /// Tells those who still wait that there will be none.
  void end();
  ReloadCounts counts() const;

 private:
  using Clock = std::chrono::steady_clock;
  /// What tells whether a file has changed: the time of that, its size, its number.
  using Stamp = std::tuple<std::int64_t, std::int64_t, std::uint64_t>;
  using Stamps = std::map<std::filesystem::path, Stamp>;

  Stamps stamps() const;
  void reload();
  void refuse(const std::string& reason);
  void tell(bool worked);

  Files files_;
  Deploy deploy_;
  std::shared_ptr<const ServerLog> log_;
  double longest_s_;
  Stamps stamps_;
  mutable std::mutex mutex_;  ///< of what follows
  bool wanted_ = false;
  std::vector<Done> waiting_;
  std::optional<Clock::time_point> begun_, again_;
  double pause_s_ = 1;
  ReloadCounts counts_;
};

}  // namespace muxnet
