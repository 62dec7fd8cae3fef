#pragma once

namespace muxnet {

/// Threads for OpenMP (oneDNN, OpenBLAS, our kernels) and TBB (data pipeline, request path)
/// alike; 0 means the cores this process may use. Throws std::invalid_argument when negative.
void set_threads(int threads);

/// The number set_threads settled on.
int threads();

}  // namespace muxnet
