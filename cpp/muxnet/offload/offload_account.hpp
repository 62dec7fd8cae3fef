#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace muxnet {

/// Where an answer came from.
enum class Route : std::uint8_t { local, offloaded, fell_back };

/// Why it came from there.
enum class OffloadReason : std::uint8_t {
  easy,          ///< local: the multiplexer expects too little of the cloud
  confidential,  ///< local: the caller keeps this input on the device
  link_down,     ///< local: the circuit breaker is open
  too_slow,      ///< local: the cloud is not expected within the deadline or the latency's limit
  too_dear,      ///< local: not worth its time or energy, or above the energy's limit
  offloaded,     ///< offloaded: the decision to send it, and what became of it
  timed_out,     ///< fell back, and all below: no answer when the local model had to start
  unresolved,    ///< name not found
  unreachable,   ///< connection refused
  cut,           ///< connection lost on the way
  refused,       ///< a status other than 200
  invalid,       ///< an answer that does not fit, or too large a one
  failed,        ///< TLS, or anything else
};
inline constexpr std::size_t reason_count = 13;

Route route_of(OffloadReason reason);
std::string_view name_of(Route route);
std::string_view name_of(OffloadReason reason);

/// What became of all inputs so far: each is in exactly one of `by_reason`.
struct OffloadAccount {
  std::array<std::int64_t, reason_count> by_reason{};  ///< inputs by reason
  std::int64_t late = 0;                               ///< answered after their deadline
  double worst_lateness_ms = 0;                        ///< of those, by how much
  std::int64_t hedged = 0;    ///< the local model had begun when the cloud's answer came in time
  std::int64_t retries = 0;   ///< attempts after the first
  std::int64_t probes = 0;    ///< measurements of the round trip
  double sent_bytes = 0;      ///< requests, headers included (counted)
  double received_bytes = 0;  ///< responses, headers included

  std::int64_t answers() const;  ///< all inputs
  std::int64_t of(OffloadReason reason) const {
    return by_reason.at(static_cast<std::size_t>(reason));
  }
  std::int64_t of(Route route) const;
};

}  // namespace muxnet
