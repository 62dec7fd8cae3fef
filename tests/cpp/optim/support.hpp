#pragma once

#include "support/errors.hpp"

namespace muxnet::optim_test {

using testing::expect_error;

/// The numbers of golden_optim.py, all of them exact in binary.
inline float start_value(int i) { return static_cast<float>(i - 2) / 2 + 0.25F; }
inline float gradient(int i, int t) { return static_cast<float>((7 * i + 3 * t) % 11 - 5) / 4; }

}  // namespace muxnet::optim_test
