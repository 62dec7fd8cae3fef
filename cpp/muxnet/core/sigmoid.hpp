#pragma once

#include <cmath>

namespace muxnet {

/// 1 / (1 + exp(-x)).
inline double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace muxnet
