#include "muxnet/routing/pareto.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "muxnet/core/error.hpp"

namespace muxnet {

std::vector<std::size_t> pareto_front(std::span<const PlanePoint> points) {
  std::vector<std::size_t> order(points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (points[a].cost != points[b].cost) return points[a].cost < points[b].cost;
    return points[a].accuracy > points[b].accuracy;
  });
  std::vector<std::size_t> front;
  double best = -std::numeric_limits<double>::infinity();
  for (const std::size_t i : order) {
    if (points[i].accuracy <= best) continue;
    best = points[i].accuracy;
    front.push_back(i);
  }
  return front;
}

std::vector<std::size_t> upper_hull(std::span<const PlanePoint> points) {
  // Positive when b lies on or below the line from a to c.
  const auto below = [&](std::size_t a, std::size_t b, std::size_t c) {
    const double ab = (points[b].accuracy - points[a].accuracy) * (points[c].cost - points[a].cost);
    const double ac = (points[c].accuracy - points[a].accuracy) * (points[b].cost - points[a].cost);
    return ab <= ac;
  };
  std::vector<std::size_t> hull;
  for (const std::size_t i : pareto_front(points)) {
    while (hull.size() >= 2 && below(hull[hull.size() - 2], hull.back(), i)) hull.pop_back();
    hull.push_back(i);
  }
  return hull;
}

std::vector<std::size_t> spread(std::span<const PlanePoint> points, std::size_t count) {
  std::vector<std::size_t> kept;
  if (points.empty() || count == 0) return kept;
  const double first = points.front().cost, range = points.back().cost - first;
  double next = first;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const bool last = i + 1 == points.size();
    if (!last && (points[i].cost < next || kept.size() + 1 >= count)) continue;
    kept.push_back(i);
    const double step = count > 1 ? range / static_cast<double>(count - 1) : range;
    while (next <= points[i].cost && step > 0) next += step;
  }
  return kept;
}

double interpolate(std::span<const PlanePoint> points, double cost) {
  require(!points.empty(), "interpolate", "at least one point", "none");
  if (cost <= points.front().cost) return points.front().accuracy;
  if (cost >= points.back().cost) return points.back().accuracy;
  const auto right =
      std::upper_bound(points.begin(), points.end(), cost,
                       [](double value, const PlanePoint& point) { return value < point.cost; });
  const auto left = right - 1;
  const double share = (cost - left->cost) / (right->cost - left->cost);
  return left->accuracy + share * (right->accuracy - left->accuracy);
}

double area_under(std::span<const PlanePoint> points, double low, double high) {
  double area = 0;
  PlanePoint previous{low, interpolate(points, low)};
  const auto add = [&](PlanePoint point) {
    area += 0.5 * (point.accuracy + previous.accuracy) * (point.cost - previous.cost);
    previous = point;
  };
  for (const PlanePoint& point : points) {
    if (point.cost > low && point.cost < high) add(point);
  }
  add({high, interpolate(points, high)});
  return area;
}

}  // namespace muxnet
