#pragma once

#include <cstdint>

#include "muxnet/ops/conv2d.hpp"

namespace muxnet {

/// Output rows [begin, end) of one image and group.
struct Im2colRows {
  std::int64_t begin, end;
};

/// columns[tap, pixel] = what weight `tap` (of g.taps()) is multiplied with to make output `pixel`
/// (of the rows' (end - begin) * dst_w); zero in the padding. `src` is (group inputs, H, W).
void im2col(const Conv2dGeometry& g, const float* src, Im2colRows rows, float* columns);

/// The transpose of im2col: adds each column element to the input it came from.
void col2im(const Conv2dGeometry& g, const float* columns, Im2colRows rows, float* diff_src);

}  // namespace muxnet
