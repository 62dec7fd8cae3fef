#pragma once

namespace muxnet {

/// From here on the process ends `within_ms` after the first SIGTERM or SIGINT, with status 1, and
/// at once at the second, by that signal, whatever its threads do or hold. What handled the signals
/// before still does, and mostly is faster. Once a process; throws std::invalid_argument below 0.
void end_within(double within_ms);

}  // namespace muxnet
