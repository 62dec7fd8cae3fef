#pragma once

namespace muxnet::openmp {

/// Whether parallel loops of this process run on our pool, not on a libgomp that another library
/// (PyTorch) has loaded for everybody before.
bool is_ours();

/// Sees to it that threads which wait for parallel work sleep after some microseconds, whichever
/// run time has them. For programs to call once, before they compute.
void begin();

}  // namespace muxnet::openmp
