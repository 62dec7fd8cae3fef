#include "muxnet/core/pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <stdexcept>

#include "support/together.hpp"

namespace muxnet {
namespace {

TEST(Pool, LendsTheSameOneAgain) {
  const Pool<int> pool;
  int made = 0;
  const auto make = [&] { return std::make_unique<int>(++made); };
  for (int i = 0; i < 5; ++i) EXPECT_EQ(*pool.borrow(make), 1);
  const auto one = pool.borrow(make);
  const auto other = pool.borrow(make);
  EXPECT_NE(*one, *other);
  EXPECT_EQ(made, 2);
}

TEST(Pool, KeepsNoMoreThanAsked) {
  const Pool<int> pool(1);
  int made = 0;
  const auto make = [&] { return std::make_unique<int>(++made); };
  { const auto one = pool.borrow(make), other = pool.borrow(make); }
  { const auto one = pool.borrow(make), other = pool.borrow(make); }
  EXPECT_EQ(made, 3);
}

TEST(Pool, WhatIsLentMayOutliveIt) {
  std::optional<Pool<int>> pool(std::in_place);
  const auto lent = pool->borrow([] { return std::make_unique<int>(3); });
  pool.reset();
  EXPECT_EQ(*lent, 3);
}

TEST(Pool, FailuresOfMakingReachTheBorrower) {
  const Pool<int> pool;
  const auto fail = []() -> std::unique_ptr<int> { throw std::runtime_error("no"); };
  EXPECT_THROW(pool.borrow(fail), std::runtime_error);
  EXPECT_EQ(*pool.borrow([] { return std::make_unique<int>(4); }), 4);
}

TEST(Pool, NoTwoThreadsHaveTheSameOne) {
  const Pool<int> pool;
  std::atomic<int> made = 0, lent = 0;
  testing::together(4, [&](int) {
    for (int i = 0; i < 1000; ++i) {
      const auto mine = pool.borrow([&] {
        ++made;
        return std::make_unique<int>(0);
      });
      ++*mine;  // not atomic: ThreadSanitizer would tell
      ++lent;
    }
  });
  EXPECT_LE(made, 4);
  EXPECT_EQ(lent, 4000);
}

}  // namespace
}  // namespace muxnet
