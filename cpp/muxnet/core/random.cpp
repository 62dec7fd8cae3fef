#include "muxnet/core/random.hpp"

#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

std::uint32_t low(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
std::uint32_t high(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }

}  // namespace

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                    std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53} * counter[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57} * counter[2];
    counter = {
        static_cast<std::uint32_t>(p1 >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(p1),
        static_cast<std::uint32_t>(p0 >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(p0)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

std::uint32_t Random::next() {
  const std::uint64_t index = state_.position / 4;
  if (index != block_index_) {
    block_ = philox({low(index), high(index), low(state_.stream), high(state_.stream)},
                    {low(state_.seed), high(state_.seed)});
    block_index_ = index;
  }
  return block_[state_.position++ % 4];
}

double Random::uniform() {
  const std::uint64_t bits = (std::uint64_t{next()} << 32) | next();
  return static_cast<double>(bits >> 11) * 0x1.0p-53;
}

double Random::normal() {
  // 1 - u keeps the logarithm's argument above zero.
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

std::uint64_t Random::below(std::uint64_t bound) {
  require(bound > 0, "random.below", "a bound above 0", "0");
  const std::uint64_t limit = ~std::uint64_t{0} - ~std::uint64_t{0} % bound;
  for (;;) {
    const std::uint64_t bits = (std::uint64_t{next()} << 32) | next();
    if (bits < limit) return bits % bound;
  }
}

std::vector<std::int64_t> Random::permutation(std::int64_t n) {
  require(n >= 0, "random.permutation", "a length of at least 0", text(n));
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[below(i)]);
  return order;
}

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  std::uint64_t z = a + 0x9E3779B97F4A7C15 * (b + 1);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

}  // namespace muxnet
