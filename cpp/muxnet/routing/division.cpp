#include "muxnet/routing/division.hpp"

#include <algorithm>
#include <cmath>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

constexpr std::uint64_t division_stream = 0x64697669;
constexpr std::uint64_t order_stream = 0x6F726465;

}  // namespace

RandomParts draw_parts(std::int64_t n, double share, Random& random) {
  const double wanted = std::nearbyint(share * static_cast<double>(n));
  require(wanted > 0 && wanted < static_cast<double>(n), "division",
          text("two parts of ", n, " inputs"), text("a share of ", share));
  const auto order = random.permutation(n);
  const auto middle = order.begin() + static_cast<std::int64_t>(wanted);
  RandomParts parts{{order.begin(), middle}, {middle, order.end()}};
  std::sort(parts.first.begin(), parts.first.end());
  std::sort(parts.second.begin(), parts.second.end());
  return parts;
}

Division divide(const OutcomeTable& table, double share, std::uint64_t seed) {
  Random random(seed, division_stream);
  const auto parts = draw_parts(table.size(), share, random);
  return {table.subset(parts.first, "held_out"), table.subset(parts.second, "test")};
}

OutcomeTable shuffle(const OutcomeTable& table, std::uint64_t seed) {
  return table.subset(Random(seed, order_stream).permutation(table.size()));
}

}  // namespace muxnet
