#include "muxnet/core/access.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

#include "muxnet/core/error.hpp"
#include "support/errors.hpp"
#include "support/together.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;

/// `call` in another thread, and what it threw.
template <class Call>
std::string refused_elsewhere(const Call& call) {
  std::string error;
  std::thread([&] { error = error_of<BusyError>(call); }).join();
  return error;
}

TEST(Access, ReadersGoTogether) {
  const Access access;
  std::latch both(2);
  testing::together(2, [&](int) {
    const auto hold = access.read("read");
    both.arrive_and_wait();  // alone it would wait for ever
  });
}

TEST(Access, AWriterIsAlone) {
  const Access access;
  {
    const auto hold = access.write("fit");
    EXPECT_EQ(refused_elsewhere([&] { static_cast<void>(access.read("decide")); }),
              "[decide] expected no call that changes the same object meanwhile, received one in "
              "another thread");
    EXPECT_TRUE(contains(refused_elsewhere([&] { static_cast<void>(access.write("choose")); }),
                         "[choose] expected no other call"));
  }
  {
    const auto hold = access.read("decide");
    EXPECT_TRUE(
        contains(refused_elsewhere([&] { static_cast<void>(access.write("fit")); }), "fit"));
  }
  const auto free = access.write("fit");
}

TEST(Access, AWritersOwnCallbacksComeIn) {
  const Access access;
  const auto outer = access.write("train");
  {
    const auto inner = access.read("evaluate");
    const auto again = access.write("load");
  }
  EXPECT_FALSE(refused_elsewhere([&] { static_cast<void>(access.read("read")); }).empty());
}

TEST(Access, ACopyBeginsWithNobodyInIt) {
  const Access access;
  const auto hold = access.write("fit");
  const Access copy(access);
  std::thread([&] { static_cast<void>(copy.write("fit")); }).join();
}

TEST(Access, WhatTwoThreadsWriteIsWhole) {
  const Access access;
  int value = 0;  // not atomic: ThreadSanitizer would tell
  std::atomic<int> written = 0;
  testing::together(4, [&](int) {
    for (int i = 0; i < 1000; ++i) {
      try {
        const auto hold = access.write("add");
        ++value;
        ++written;
      } catch (const BusyError&) {
      }
    }
  });
  EXPECT_EQ(value, written);
  EXPECT_GT(value, 0);
}

}  // namespace
}  // namespace muxnet
