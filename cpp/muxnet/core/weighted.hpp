#pragma once

namespace muxnet {

/// A value and how much it counts in a mean; nothing by default.
struct Weighted {
  double value = 0;
  double weight = 0;
};

}  // namespace muxnet
