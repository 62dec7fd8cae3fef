#pragma once

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace muxnet::optim_test {

/// The numbers of golden_optim.py, all of them exact in binary.
inline float start_value(int i) { return static_cast<float>(i - 2) / 2 + 0.25F; }
inline float gradient(int i, int t) { return static_cast<float>((7 * i + 3 * t) % 11 - 5) / 4; }

template <class Function>
void expect_error(Function&& call, const std::string& message) {
  try {
    call();
    ADD_FAILURE() << "no error; expected: " << message;
  } catch (const std::invalid_argument& error) {
    EXPECT_EQ(error.what(), message);
  }
}

}  // namespace muxnet::optim_test
