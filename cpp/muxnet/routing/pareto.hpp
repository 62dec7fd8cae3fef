#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace muxnet {

/// A place in the accuracy-cost plane.
struct PlanePoint {
  double cost = 0;
  double accuracy = 0;
};

/// Indices of the points that no other beats in both, by rising cost and rising accuracy. Among
/// equals the first stays.
std::vector<std::size_t> pareto_front(std::span<const PlanePoint> points);

/// Vertices of the upper concave hull from the cheapest to the most accurate point: what mixing
/// two points at random attains at best.
std::vector<std::size_t> upper_hull(std::span<const PlanePoint> points);

/// At most `count` indices out of `points` (by rising cost), evenly spread over the cost, both ends
/// kept.
std::vector<std::size_t> spread(std::span<const PlanePoint> points, std::size_t count);

/// Accuracy at `cost` on the straight lines between `points` (at least one, by rising cost), level
/// outside.
double interpolate(std::span<const PlanePoint> points, double cost);

/// Integral of interpolate() over [low, high].
double area_under(std::span<const PlanePoint> points, double low, double high);

}  // namespace muxnet
