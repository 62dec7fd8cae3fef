#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace muxnet {

/// How much an event matters.
enum class LogLevel { info, warning, error };

/// What happens to a server, in lines of JSON: its time, level and name, then its fields. Safe for
/// any number of threads.
class ServerLog {
 public:
  using Write = std::function<void(std::string_view line)>;
  /// Where lines go; by default to standard error.
  explicit ServerLog(Write write = {});

  void tell(LogLevel level, std::string_view event) const;
  void tell(LogLevel level, std::string_view event, const nlohmann::ordered_json& fields) const;

 private:
  Write write_;
};

/// Seconds since 1970, to the millisecond.
double now_s();

}  // namespace muxnet
