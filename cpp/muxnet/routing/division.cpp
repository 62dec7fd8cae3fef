#include "muxnet/routing/division.hpp"

#include <cmath>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

constexpr std::uint64_t division_stream = 0x64697669;
constexpr std::uint64_t fold_stream = 0x666F6C64;
constexpr std::uint64_t order_stream = 0x6F726465;

}  // namespace

RandomParts draw_parts(const InputGroups& groups, double fraction, Random& random) {
  require(groups.count() >= 2, "division",
          "at least 2 inputs, not all of one group, for two parts of them", groups.text());
  const double wanted = std::nearbyint(fraction * static_cast<double>(groups.count()));
  require(wanted > 0 && wanted < static_cast<double>(groups.count()), "division",
          text("two parts of ", groups.text()), text("a fraction of ", fraction));
  const auto order = random.permutation(static_cast<std::int64_t>(groups.count()));
  std::vector<bool> first(order.size(), false);
  for (std::size_t i = 0; i < static_cast<std::size_t>(wanted); ++i) {
    first[static_cast<std::size_t>(order[i])] = true;
  }
  RandomParts parts;
  for (std::size_t input = 0; input < groups.inputs(); ++input) {
    (first[groups[input]] ? parts.first : parts.second).push_back(static_cast<std::int64_t>(input));
  }
  return parts;
}

std::vector<std::int64_t> draw_folds(const InputGroups& groups, std::int64_t folds,
                                     std::uint64_t seed) {
  const auto count = static_cast<std::int64_t>(groups.count());
  require(folds >= 2 && folds <= count, "folds", text("2 to ", count, ", of ", groups.text()),
          text(folds));
  const auto order = Random(seed, fold_stream).permutation(count);
  std::vector<std::int64_t> fold_of(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    fold_of[static_cast<std::size_t>(order[i])] = static_cast<std::int64_t>(i) % folds;
  }
  std::vector<std::int64_t> places(groups.inputs());
  for (std::size_t input = 0; input < places.size(); ++input) {
    places[input] = fold_of[groups[input]];
  }
  return places;
}

Division divide(const OutcomeTable& table, double fraction, std::uint64_t seed) {
  Random random(seed, division_stream);
  const auto parts = draw_parts(InputGroups(table), fraction, random);
  return {table.subset(parts.first, "held_out"), table.subset(parts.second, "test")};
}

OutcomeTable shuffle(const OutcomeTable& table, std::uint64_t seed) {
  return table.subset(Random(seed, order_stream).permutation(table.size()));
}

}  // namespace muxnet
