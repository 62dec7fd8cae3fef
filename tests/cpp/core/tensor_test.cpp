#include "muxnet/core/tensor.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>
#include <stdexcept>

#include "muxnet/core/error.hpp"
#include "support/errors.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;

TEST(Volume, IsTheProductAndOneForAScalar) {
  EXPECT_EQ(volume({}), 1);
  EXPECT_EQ(volume({2, 3, 4}), 24);
  EXPECT_EQ(volume({7, 0, 4}), 0);
}

TEST(Volume, RefusesNegativeAndOverflowing) {
  const auto negative = error_of<std::invalid_argument>([] { volume({2, -1}); });
  EXPECT_EQ(negative, "[shape] expected extents of at least 0, received (2, -1)");
  const std::int64_t big = std::int64_t{1} << 32;
  const auto overflow = error_of<std::invalid_argument>([&] { volume({big, big}); });
  EXPECT_TRUE(contains(overflow, "a product below 2^63, received (4294967296, 4294967296)"));
}

TEST(Volume, AxesAreBounded) {
  EXPECT_EQ(volume(Shape(max_axes, 1)), 1);
  const Shape shape(40'000, 1);
  EXPECT_EQ(error_of<std::invalid_argument>([&] { volume(shape); }),
            "[shape] expected at most 32 axes, received 40000");
  EXPECT_TRUE(contains(to_string(shape), "1, 1, ... 40000 axes)"));
  EXPECT_LT(to_string(shape).size(), 200U);
}

TEST(Tensor, OwnsZeroedAlignedMemory) {
  for (const std::int64_t n : {1, 3, 17, 1000}) {
    const Tensor tensor({n, 3}, DType::f64);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.raw()) % 64, 0U);
    for (const double value : tensor.span<double>()) ASSERT_EQ(value, 0.0);
    EXPECT_EQ(tensor.bytes(), static_cast<std::size_t>(n) * 24);
  }
}

TEST(Tensor, WithoutElementsStillHasMemory) {
  const Tensor tensor({0, 3});
  EXPECT_TRUE(tensor.empty());
  EXPECT_NE(tensor.raw(), nullptr);
}

TEST(Tensor, RefusesBytesThatDoNotFit) {
  const Shape shape{std::int64_t{1} << 61};
  const auto message = error_of<std::invalid_argument>([&] { Tensor(shape, DType::f64); });
  EXPECT_TRUE(contains(message, "[tensor] expected a size in bytes below 2^63"));
  float value = 0;
  EXPECT_THROW(Tensor::borrow(&value, shape, DType::f64, nullptr), std::invalid_argument);
}

TEST(Tensor, ThrowsBadAllocWhenMemoryIsOut) {
  EXPECT_THROW(Tensor({std::int64_t{1} << 60}, DType::u8), std::bad_alloc);
  EXPECT_THROW(allocate_aligned(std::numeric_limits<std::size_t>::max() - 3), std::bad_alloc);
}

TEST(Tensor, CopiesShareAndClonesDoNot) {
  Tensor tensor = Tensor::from<float>({1, 2, 3, 4}, {2, 2});
  Tensor copy = tensor;
  Tensor clone = tensor.clone();
  tensor.data<float>()[3] = 9;
  EXPECT_EQ(copy.data<float>()[3], 9);
  EXPECT_EQ(clone.data<float>()[3], 4);
  EXPECT_EQ(clone.shape(), (Shape{2, 2}));
}

TEST(Tensor, ThatHoldsNothingCanBeCloned) {
  const Tensor nothing;
  EXPECT_EQ(nothing.clone().size(), 0);
  EXPECT_EQ(nothing.clone().raw(), nullptr);
}

TEST(Tensor, BorrowsWithoutCopyAndKeepsTheOwnerAlive) {
  auto owner = std::make_shared<std::array<std::int32_t, 6>>();
  const std::weak_ptr<void> watch = owner;
  Tensor view = Tensor::borrow(owner->data(), {3, 2}, DType::i32, owner);
  EXPECT_EQ(view.raw(), owner->data());
  Tensor tail = view.rows(1, 3);
  owner.reset();
  view = Tensor();
  EXPECT_FALSE(watch.expired());
  tail = Tensor();
  EXPECT_TRUE(watch.expired());
}

TEST(Tensor, BorrowRefusesNullForElements) {
  const auto message =
      error_of<std::invalid_argument>([] { Tensor::borrow(nullptr, {2}, DType::f32, nullptr); });
  EXPECT_EQ(message, "[tensor.borrow] expected memory for (2), received a null pointer");
  EXPECT_TRUE(Tensor::borrow(nullptr, {0}, DType::f32, nullptr).empty());
}

TEST(Tensor, RowsShareMemory) {
  std::vector<std::int64_t> values(24);
  std::iota(values.begin(), values.end(), 0);
  Tensor tensor = Tensor::from(values, {4, 3, 2});
  Tensor middle = tensor.rows(1, 3);
  EXPECT_EQ(middle.shape(), (Shape{2, 3, 2}));
  EXPECT_EQ(middle.data<std::int64_t>()[0], 6);
  EXPECT_EQ(middle.rows(1, 2).data<std::int64_t>()[5], 17);
  middle.data<std::int64_t>()[0] = -1;
  EXPECT_EQ(tensor.data<std::int64_t>()[6], -1);
  EXPECT_TRUE(tensor.rows(4, 4).empty());
}

TEST(Tensor, GathersCopiesOfRowsInTheOrderNamed) {
  const Tensor tensor = Tensor::from(std::vector<std::int32_t>{0, 1, 2, 3, 4, 5}, {3, 2});
  const std::vector<std::int64_t> rows{2, 0, 2, 1};
  const Tensor found = tensor.gather(rows);
  EXPECT_EQ(found.shape(), (Shape{4, 2}));
  const auto values = found.span<std::int32_t>();
  EXPECT_EQ(std::vector<std::int32_t>(values.begin(), values.end()),
            (std::vector<std::int32_t>{4, 5, 0, 1, 4, 5, 2, 3}));
  EXPECT_TRUE(tensor.gather({}).empty());
  const std::vector<std::int64_t> outside{0, 3};
  EXPECT_EQ(error_of<std::out_of_range>([&] { tensor.gather(outside); }),
            "[tensor.gather] expected rows of (3, 2), received row 3");
  Tensor other({2, 3}, DType::i32);
  EXPECT_EQ(error_of<std::invalid_argument>([&] { tensor.gather_into(outside, other); }),
            "[tensor.gather] expected i32 (2, 2), received i32 (2, 3)");
}

TEST(Tensor, RowsOutsideAreRefused) {
  const Tensor tensor({4, 3});
  for (const auto& [begin, end] : {std::pair{-1, 2}, {2, 1}, {0, 5}}) {
    const auto message = error_of<std::invalid_argument>([&] { tensor.rows(begin, end); });
    EXPECT_TRUE(contains(message, "0 <= begin <= end <= rows of (4, 3)"));
    EXPECT_TRUE(contains(message, text("received [", begin, ", ", end, ")")));
  }
  EXPECT_THROW(Tensor(Shape{}).rows(0, 1), std::invalid_argument);
}

TEST(Tensor, ReshapesToEqualVolumeOnly) {
  const Tensor tensor({4, 3});
  EXPECT_EQ(tensor.reshaped({2, 6}).raw(), tensor.raw());
  EXPECT_EQ(error_of<std::invalid_argument>([&] {
              tensor.reshaped({5, 2});
            }),
            "[tensor.reshaped] expected a shape of 12 elements, received (5, 2)");
}

TEST(Tensor, TypedAccessChecksTheDtype) {
  Tensor tensor({2}, DType::u8);
  EXPECT_NO_THROW(tensor.data<std::uint8_t>());
  EXPECT_EQ(error_of<std::invalid_argument>([&] { tensor.span<float>(); }),
            "[tensor.data] expected f32, received u8");
}

TEST(Tensor, FromRefusesTheWrongNumberOfValues) {
  EXPECT_EQ(error_of<std::invalid_argument>([] {
              Tensor::from<float>({1, 2, 3}, {2});
            }),
            "[tensor] expected 8 bytes for (2), received 12 bytes");
}

TEST(Tensor, DimNamesTheShape) {
  const Tensor tensor({4, 3});
  EXPECT_EQ(tensor.dim(1), 3);
  EXPECT_EQ(error_of<std::out_of_range>([&] { tensor.dim(2); }),
            "[tensor.dim] expected an axis of (4, 3), received 2");
}

TEST(DTypes, HaveDistinctNamesAndTheirSizes) {
  EXPECT_EQ(size_of(dtype_of<float>()), sizeof(float));
  EXPECT_EQ(size_of(dtype_of<double>()), sizeof(double));
  EXPECT_EQ(size_of(dtype_of<std::uint8_t>()), 1U);
  EXPECT_EQ(size_of(dtype_of<std::int32_t>()), 4U);
  EXPECT_EQ(size_of(dtype_of<std::int64_t>()), 8U);
  EXPECT_EQ(name_of(DType::f32), "f32");
  EXPECT_EQ(name_of(DType::i64), "i64");
}

}  // namespace
}  // namespace muxnet
