#include "muxnet/routing/division.hpp"

#include <algorithm>
#include <cmath>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

constexpr std::uint64_t division_stream = 0x64697669;
constexpr std::uint64_t fold_stream = 0x666F6C64;
constexpr std::uint64_t order_stream = 0x6F726465;

}  // namespace

RandomParts draw_parts(std::int64_t n, double fraction, Random& random) {
  const double wanted = std::nearbyint(fraction * static_cast<double>(n));
  require(wanted > 0 && wanted < static_cast<double>(n), "division",
          text("two parts of ", n, " inputs"), text("a fraction of ", fraction));
  const auto order = random.permutation(n);
  const auto middle = order.begin() + static_cast<std::int64_t>(wanted);
  RandomParts parts{{order.begin(), middle}, {middle, order.end()}};
  std::sort(parts.first.begin(), parts.first.end());
  std::sort(parts.second.begin(), parts.second.end());
  return parts;
}

std::vector<std::int64_t> draw_folds(std::int64_t n, std::int64_t folds, std::uint64_t seed) {
  require(folds >= 2 && folds <= n, "folds", text("2 to ", n, ", the inputs"), text(folds));
  const auto order = Random(seed, fold_stream).permutation(n);
  std::vector<std::int64_t> places(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    places[static_cast<std::size_t>(order[i])] = static_cast<std::int64_t>(i) % folds;
  }
  return places;
}

Division divide(const OutcomeTable& table, double fraction, std::uint64_t seed) {
  Random random(seed, division_stream);
  const auto parts = draw_parts(table.size(), fraction, random);
  return {table.subset(parts.first, "held_out"), table.subset(parts.second, "test")};
}

OutcomeTable shuffle(const OutcomeTable& table, std::uint64_t seed) {
  return table.subset(Random(seed, order_stream).permutation(table.size()));
}

}  // namespace muxnet
