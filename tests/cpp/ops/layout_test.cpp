#include "muxnet/ops/layout.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace muxnet {
namespace {

constexpr Layout all_layouts[] = {Layout::nchw, Layout::nhwc, Layout::nChw8c, Layout::nChw16c};

TEST(Layout, StorageSizeCountsPadding) {
  EXPECT_EQ(storage_size({2, 9, 3, 5}, Layout::nchw), 2 * 9 * 15);
  EXPECT_EQ(storage_size({2, 9, 3, 5}, Layout::nhwc), 2 * 9 * 15);
  EXPECT_EQ(storage_size({2, 9, 3, 5}, Layout::nChw8c), 2 * 16 * 15);
  EXPECT_EQ(storage_size({2, 17, 3, 5}, Layout::nChw16c), 2 * 32 * 15);
  EXPECT_EQ(storage_size({4, 10}, Layout::nchw), 40);
  EXPECT_THROW(storage_size({4, 10}, Layout::nChw8c), std::invalid_argument);
}

TEST(Layout, ElementsLieWhereTheNameSays) {
  const Shape shape{1, 9, 1, 2};  // (c, w) holds 10 c + w
  std::vector<float> plain;
  for (int c = 0; c < 9; ++c) {
    for (int w = 0; w < 2; ++w) plain.push_back(static_cast<float>(10 * c + w));
  }
  std::vector<float> blocked(32, std::numeric_limits<float>::infinity());
  convert_format(plain.data(), {}, blocked.data(), {Layout::nChw8c}, shape);
  EXPECT_EQ(blocked[7], 70.0f);
  EXPECT_EQ(blocked[8], 1.0f);
  EXPECT_EQ(blocked[16], 80.0f);
  EXPECT_EQ(blocked[17], 0.0f);  // padding
  EXPECT_EQ(blocked[24], 81.0f);
  EXPECT_EQ(blocked[31], 0.0f);

  std::vector<float> channels_last(18);
  convert_format(blocked.data(), {Layout::nChw8c}, channels_last.data(), {Layout::nhwc}, shape);
  EXPECT_EQ(channels_last[8], 80.0f);
  EXPECT_EQ(channels_last[9], 1.0f);
}

template <class T>
void round_trips(DType dtype) {
  for (const Shape& shape : {Shape{2, 1, 3, 3}, {1, 16, 9, 11}, {3, 19, 5, 7}, {2, 40, 1, 1}}) {
    std::vector<T> plain(static_cast<std::size_t>(volume(shape)));
    std::iota(plain.begin(), plain.end(), T{1});
    for (const Layout from : all_layouts) {
      for (const Layout to : all_layouts) {
        const auto filled = [&](Layout layout) {
          return std::vector<T>(static_cast<std::size_t>(storage_size(shape, layout)),
                                std::numeric_limits<T>::infinity());
        };
        auto first = filled(from), second = filled(to), back = filled(Layout::nchw);
        convert_format(plain.data(), {Layout::nchw, dtype}, first.data(), {from, dtype}, shape);
        convert_format(first.data(), {from, dtype}, second.data(), {to, dtype}, shape);
        convert_format(second.data(), {to, dtype}, back.data(), {Layout::nchw, dtype}, shape);
        EXPECT_EQ(back, plain) << name_of(from) << " " << name_of(to) << to_string(shape);
        EXPECT_EQ(std::accumulate(second.begin(), second.end(), T{0}),
                  std::accumulate(plain.begin(), plain.end(), T{0}));
      }
    }
  }
}

TEST(Layout, RoundTripsKeepEveryElement) {
  round_trips<float>(DType::f32);
  round_trips<double>(DType::f64);
}

TEST(Layout, ConvertsToAndFromBf16) {
  const Shape shape{1, 9, 1, 2};
  std::vector<float> plain(18), back(18);
  std::iota(plain.begin(), plain.end(), 1.0F);
  plain[3] = 1.00390625F;  // halfway between two neighbours: to the even one
  std::vector<bfloat16> blocked(32, bfloat16(5.0F));
  convert_format(plain.data(), {}, blocked.data(), {Layout::nChw8c, DType::bf16}, shape);
  EXPECT_EQ(blocked[31], bfloat16(0.0F));  // padding
  convert_format(blocked.data(), {Layout::nChw8c, DType::bf16}, back.data(), {}, shape);
  plain[3] = 1.0F;
  EXPECT_EQ(back, plain);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(static_cast<float>(bfloat16(nan))));
  EXPECT_EQ(static_cast<float>(bfloat16(1.01171875F)), 1.015625F);  // the other halfway: up
}

TEST(Layout, RefusesOtherTypes) {
  EXPECT_THROW(convert_format(nullptr, {Layout::nchw, DType::i32}, nullptr,
                              {Layout::nhwc, DType::i32}, {1, 1, 1, 1}),
               std::invalid_argument);
  EXPECT_THROW(convert_format(nullptr, {Layout::nchw, DType::f64}, nullptr,
                              {Layout::nchw, DType::bf16}, {1, 1, 1, 1}),
               std::invalid_argument);
}

}  // namespace
}  // namespace muxnet
