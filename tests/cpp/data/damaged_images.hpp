#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "muxnet/core/error.hpp"
#include "muxnet/data/image_decode.hpp"
#include "support/damage.hpp"

namespace muxnet::testing {

/// That damaged copies of images, half of them in the first `head` bytes, are short errors or
/// images within the limit, and that there are both.
inline void expect_errors_or_small_images(const std::vector<std::string>& images, int copies,
                                          std::size_t head) {
  constexpr std::int64_t most_pixels = 10'000;
  Random random(1);
  int taken = 0, refused = 0;
  for (const std::string& whole : images) {
    for (int i = 0; i < copies; ++i) {
      const std::string bytes = damaged(whole, random, head);
      try {
        const cv::Mat image = turned(decode_image(bytes, "x", 3, most_pixels));
        ASSERT_LE(image.total(), static_cast<std::size_t>(most_pixels));
        ++taken;
      } catch (const FileError& error) {
        ASSERT_LT(std::string(error.what()).size(), 400U);
        ++refused;
      }
    }
  }
  EXPECT_GT(taken, 100);
  EXPECT_GT(refused, 100);
}

}  // namespace muxnet::testing
