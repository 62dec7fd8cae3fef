#include "muxnet/graph/buffers.hpp"

#include <gtest/gtest.h>

#include <cstdint>

#include "muxnet/core/random.hpp"

namespace muxnet {
namespace {

TEST(BufferPlanner, SharesWhatDoesNotMeetInTime) {
  BufferPlanner planner;
  const auto a = planner.add(1000), b = planner.add(1000), c = planner.add(1000);
  planner.use(a, 0);
  planner.use(a, 1);
  planner.use(b, 1);
  planner.use(b, 2);
  planner.use(c, 2);
  const auto unused = planner.add(500);
  planner.allocate();
  EXPECT_EQ(planner.address(a), planner.address(c));
  EXPECT_NE(planner.address(a), planner.address(b));
  EXPECT_EQ(planner.address(unused), nullptr);
  EXPECT_EQ(planner.total_bytes(), 2048u);
}

TEST(BufferPlanner, NeverOverlapsWhatIsAliveAtOnce) {
  Random random(1);
  for (int round = 0; round < 50; ++round) {
    struct Life {
      BufferPlanner::Id id;
      std::size_t bytes;
      int first, last;
    };
    BufferPlanner planner;
    std::vector<Life> lives;
    for (int i = 0; i < 30; ++i) {
      const std::size_t bytes = 1 + random.below(5000);
      const int first = static_cast<int>(random.below(40));
      const int last = first + static_cast<int>(random.below(10));
      lives.push_back({planner.add(bytes), bytes, first, last});
      planner.use(lives.back().id, last);
      planner.use(lives.back().id, first);
    }
    const auto pinned = planner.add(300);
    planner.pin(pinned);
    lives.push_back({pinned, 300, 0, 1 << 30});
    planner.allocate();
    for (const auto& x : lives) {
      const auto start = reinterpret_cast<std::uintptr_t>(planner.address(x.id));
      EXPECT_EQ(start % 64, 0u);
      for (const auto& y : lives) {
        if (x.id == y.id || x.last < y.first || y.last < x.first) continue;
        const auto other = reinterpret_cast<std::uintptr_t>(planner.address(y.id));
        EXPECT_TRUE(start + x.bytes <= other || other + y.bytes <= start);
      }
    }
  }
}

}  // namespace
}  // namespace muxnet
