#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "muxnet/core/weighted.hpp"
#include "muxnet/losses/formulation.hpp"

namespace muxnet {

/// How Eq. 2 is computed.
struct ContrastiveOptions {
  Formulation formulation = Formulation::bounded;  ///< which reading of the paper's equations
  double eps = 0.05;  ///< smallest distance under the logarithm, in (0, 1)
};

/// Mean distances over the pairs (sample, i < j) of each kind.
template <class Mean>
struct PairDistances {
  Mean both_right_distance{};
  Mean one_right_distance{};
};

/// Calls visit(name, description, get) for each of them, get(distances) being its place there.
template <class Visit>
void each_distance(const Visit& visit) {
  visit(
      "both_right_distance", "Mean over pairs of models that are both right.",
      [](auto& in) -> auto& { return in.both_right_distance; });
  visit(
      "one_right_distance", "Mean over pairs of models of which one is right.",
      [](auto& in) -> auto& { return in.one_right_distance; });
}

struct ContrastiveValue {
  double value = 0;
  std::vector<Tensor> diff_embeddings;               ///< as the embeddings
  PairDistances<std::optional<Weighted>> distances;  ///< by the number of pairs; 0 without any
};

/// The contrastive loss: models that are right on an input are drawn together there, a right and a
/// wrong one pushed apart; two wrong ones are left alone.
///
/// `bounded`: L = mean over both-right pairs of log(eps + d) - mean over one-right pairs of the
/// same, d = (1 - cos(e_i, e_j)) / 2. The two kinds are balanced because most pairs are both-right,
/// and their unbalanced sum is smallest where all embeddings are one constant vector. `paper`: L =
/// 1/B sum_b sum_{i != j} sign_bij log clamp(d, eps, 1), sign +1 for both right, -1 for one right,
/// d = (1 - q) / 2 with q = e_i'e_j / (e_i'e_i e_j'e_j); no gradient where d is clamped.
///
/// embeddings: N tensors (B, D) of f32 or f64, unit rows expected (the two d agree for them; a row
/// of zeros counts as orthogonal to all). correct: u8 (B, N), 1 where the model is right. A kind
/// without pairs adds nothing. Throws std::invalid_argument on other shapes, dtypes or eps. Source:
/// arXiv 2001.05870v2, Eq. 2 and 3.
ContrastiveValue contrastive(std::span<const Tensor> embeddings, const Tensor& correct,
                             const ContrastiveOptions& options = {});

}  // namespace muxnet
