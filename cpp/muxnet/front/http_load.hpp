#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace muxnet {

/// When requests are sent to a server of this machine: at given times, however long the answers
/// take (open loop), or each as soon as one is answered (closed loop).
struct HttpLoad {
  int port = 0;                    ///< of the server
  std::vector<double> due_s;       ///< of an open loop: when each is due, rising, since the start
  double seconds = 0;              ///< of a closed loop
  std::size_t at_once = 1;         ///< of a closed loop: requests that are on their way
  std::size_t connections = 2048;  ///< most that are open; a request beyond waits for one
  double last_s = 30;              ///< for the answers that are still out at the end
};

/// What came of it, by requests in the order of their ends.
struct LoadTally {
  double seconds = 0;                ///< in which requests were sent
  std::vector<double> latency_ms;    ///< since each was due, so that a late start counts
  std::vector<double> ended_s;       ///< since the start
  std::vector<int> status;           ///< of HTTP; 0: no whole answer came
  std::vector<std::size_t> request;  ///< which one it was; not of those at the end without answer
  std::vector<std::string> body;     ///< of the answer; the same
};

/// Sends whole requests of HTTP/1.1, in turns, from this thread, which waits for the end. Throws
/// std::invalid_argument for none, or a load without end or of more than a million.
LoadTally run_load(const std::vector<std::string>& requests, const HttpLoad& load);

}  // namespace muxnet
