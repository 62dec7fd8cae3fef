#pragma once

#include <cstdint>

namespace muxnet {

/// Which answers of a policy's chosen operating point a person should look at, and what is promised
/// of the others.
struct Abstention {
  double threshold = 0;  ///< answers less sure than this (Rule::confidence()) abstain
  double at_least = 0;   ///< accuracy promised among the others
  double delta = 0;      ///< probability that it is less
  double coverage = 0;   ///< share of the calibration's inputs that is answered
  double accuracy = 0;   ///< among those
  std::int64_t inputs = 0, groups = 0;  ///< of the calibration; each input its own group: alike
};

}  // namespace muxnet
