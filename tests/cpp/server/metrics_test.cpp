#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "muxnet/server/server_reading.hpp"

namespace muxnet {
namespace {

TEST(Exposition, IsPrometheusText) {
  const std::vector<Metric> metrics{
      {"muxnet_images_total", "counter", "Images.", {{"muxnet_images_total", {}, 3}}},
      {"muxnet_cost",
       "gauge",
       "What it cost.",
       {{"muxnet_cost", {{"kind", "a\"b\\c\nd"}, {"model", "x"}}, 0.25},
        {"muxnet_cost", {}, std::numeric_limits<double>::infinity()},
        {"muxnet_cost", {}, std::nan("")},
        {"muxnet_cost", {}, 1e300}}}};
  EXPECT_EQ(exposition(metrics),
            "# HELP muxnet_images_total Images.\n"
            "# TYPE muxnet_images_total counter\n"
            "muxnet_images_total 3.0\n"
            "# HELP muxnet_cost What it cost.\n"
            "# TYPE muxnet_cost gauge\n"
            "muxnet_cost{kind=\"a\\\"b\\\\c\\nd\",model=\"x\"} 0.25\n"
            "muxnet_cost +Inf\n"
            "muxnet_cost NaN\n"
            "muxnet_cost 1e+300\n");
}

}  // namespace
}  // namespace muxnet
