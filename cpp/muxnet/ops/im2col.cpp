#include "muxnet/ops/im2col.hpp"

#include <algorithm>

namespace muxnet {
namespace {

/// Where one tap (channel, kh, kw) meets one output row: input row `src_row` (offset of its first
/// element, or -1 in the padding); outputs [begin, end) read src_row + first + (w - begin) stride.
struct TapRow {
  std::int64_t src_row, begin, end, first;
};

/// Calls use(tap row) for every tap and output row, in the order in which columns are stored.
template <class Use>
void for_each_tap_row(const Conv2dGeometry& g, Im2colRows rows, const Use& use) {
  const Window& window = g.window;
  for (std::int64_t c = 0; c < g.group_inputs(); ++c) {
    for (std::int64_t kh = 0; kh < window.kernel_h; ++kh) {
      for (std::int64_t kw = 0; kw < window.kernel_w; ++kw) {
        const std::int64_t offset = kw * window.dilation_w - window.padding_w;
        const std::int64_t reach = g.src_w - 1 - offset;
        const std::int64_t end = reach < 0 ? 0 : std::min(reach / window.stride_w + 1, g.dst_w);
        const std::int64_t skipped = (-offset + window.stride_w - 1) / window.stride_w;
        const std::int64_t begin = offset >= 0 ? 0 : std::min(skipped, end);
        for (std::int64_t row = rows.begin; row < rows.end; ++row) {
          const std::int64_t h = row * window.stride_h - window.padding_h + kh * window.dilation_h;
          const bool inside = h >= 0 && h < g.src_h;
          use(TapRow{inside ? (c * g.src_h + h) * g.src_w : -1, begin, end,
                     begin * window.stride_w + offset});
        }
      }
    }
  }
}

}  // namespace

void im2col(const Conv2dGeometry& g, const float* src, Im2colRows rows, float* columns) {
  const std::int64_t stride = g.window.stride_w;
  for_each_tap_row(g, rows, [&](const TapRow& tap) {
    if (tap.src_row < 0) {
      std::fill_n(columns, g.dst_w, 0.0f);
    } else {
      std::fill_n(columns, tap.begin, 0.0f);
      const float* const from = src + tap.src_row + tap.first;
      for (std::int64_t i = 0; i < tap.end - tap.begin; ++i) {
        columns[tap.begin + i] = from[i * stride];
      }
      std::fill(columns + tap.end, columns + g.dst_w, 0.0f);
    }
    columns += g.dst_w;
  });
}

void col2im(const Conv2dGeometry& g, const float* columns, Im2colRows rows, float* diff_src) {
  const std::int64_t stride = g.window.stride_w;
  for_each_tap_row(g, rows, [&](const TapRow& tap) {
    if (tap.src_row >= 0) {
      float* const to = diff_src + tap.src_row + tap.first;
      for (std::int64_t i = 0; i < tap.end - tap.begin; ++i) {
        to[i * stride] += columns[tap.begin + i];
      }
    }
    columns += g.dst_w;
  });
}

}  // namespace muxnet
