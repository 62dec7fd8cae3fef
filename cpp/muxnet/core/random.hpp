#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace muxnet {

/// One block of Philox 4x32-10: ten rounds over `counter` under `key`.
std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                    std::array<std::uint32_t, 2> key);

/// Counter-based random numbers (Philox 4x32-10, Salmon et al., SC 2011): (seed, stream) names an
/// independent sequence, so that work split among threads draws the same numbers in any order.
class Random {
 public:
  struct State {
    std::uint64_t seed = 0;
    std::uint64_t stream = 0;
    std::uint64_t position = 0;  ///< 32-bit words drawn so far
  };

  explicit Random(std::uint64_t seed, std::uint64_t stream = 0) : Random(State{seed, stream, 0}) {}
  explicit Random(State state) : state_(state) {}

  std::uint32_t next();
  /// Uniform in [0, 1), 53 random bits.
  double uniform();
  /// Standard normal (Box-Muller).
  double normal();
  /// Uniform integer in [0, bound), without modulo bias. Throws std::invalid_argument for 0.
  std::uint64_t below(std::uint64_t bound);
  /// 0 .. n-1 in random order (Fisher-Yates). Throws std::invalid_argument when n < 0.
  std::vector<std::int64_t> permutation(std::int64_t n);

  State state() const { return state_; }

 private:
  State state_;
  std::array<std::uint32_t, 4> block_{};
  std::uint64_t block_index_ = ~std::uint64_t{0};
};

/// Mixes several numbers into one stream name (SplitMix64 finaliser).
std::uint64_t mix(std::uint64_t a, std::uint64_t b);

}  // namespace muxnet
