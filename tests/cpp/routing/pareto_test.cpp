#include "muxnet/routing/pareto.hpp"

#include <gtest/gtest.h>

namespace muxnet {
namespace {

using Indices = std::vector<std::size_t>;

TEST(Pareto, keeps_what_no_other_point_beats) {
  const std::vector<PlanePoint> points{{5, 0.7}, {1, 0.5}, {3, 0.5}, {2, 0.6}, {2, 0.55}, {9, 0.7}};
  EXPECT_EQ(pareto_front(points), (Indices{1, 3, 0}));
  EXPECT_TRUE(pareto_front({}).empty());
}

TEST(Pareto, hull_drops_points_below_the_line) {
  // 1 lies below the line from 0 to 2; 3 is dominated; 4 lies on the line from 2 to 5.
  const std::vector<PlanePoint> points{{1, 0.5},   {2, 0.55}, {3, 0.8},
                                       {3.5, 0.7}, {4, 0.85}, {5, 0.9}};
  EXPECT_EQ(upper_hull(points), (Indices{0, 2, 5}));
}

TEST(Pareto, hull_of_one_model_that_beats_all) {
  const std::vector<PlanePoint> points{{3, 0.5}, {1, 0.9}, {2, 0.9}};
  EXPECT_EQ(upper_hull(points), (Indices{1}));
}

TEST(Pareto, spread_keeps_both_ends_and_the_limit) {
  std::vector<PlanePoint> points;
  for (int i = 0; i <= 100; ++i) points.push_back({static_cast<double>(i), 0.01 * i});
  EXPECT_EQ(spread(points, 5), (Indices{0, 25, 50, 75, 100}));
  EXPECT_EQ(spread(points, 2), (Indices{0, 100}));
  EXPECT_EQ(spread(points, 500).size(), 101U);
  EXPECT_EQ(spread(std::vector<PlanePoint>{{2, 0.5}}, 5), (Indices{0}));
}

TEST(Pareto, interpolates_and_integrates_straight_lines) {
  const std::vector<PlanePoint> points{{1, 0.2}, {3, 0.6}, {4, 0.4}};
  EXPECT_DOUBLE_EQ(interpolate(points, 2), 0.4);
  EXPECT_DOUBLE_EQ(interpolate(points, 0), 0.2);
  EXPECT_DOUBLE_EQ(interpolate(points, 9), 0.4);
  EXPECT_DOUBLE_EQ(area_under(points, 1, 4), 0.8 + 0.5);
  EXPECT_DOUBLE_EQ(area_under(points, 2, 3.5), 0.5 + 0.275);
}

TEST(Pareto, two_points_of_one_cost_are_a_step) {
  const std::vector<PlanePoint> points{{1, 0.2}, {2, 0.2}, {2, 0.6}, {3, 0.6}};
  EXPECT_DOUBLE_EQ(area_under(points, 1, 3), 0.8);
}

}  // namespace
}  // namespace muxnet
