#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <vector>

#include "muxnet/policies/net_value.hpp"
#include "muxnet/routing/input_groups.hpp"

namespace muxnet {

/// P(model i is right) from the held-out inputs whose features are nearest:
///   p_i = (sum of the quality of model i's answers to the k neighbours + its accuracy) / (k + 1).
/// Distances are Euclidean between features standardised and rounded to 1/64 of their deviation:
/// exact in integers, so that neighbours are the same in replay and in service.
class Neighbours {
 public:
  /// Keeps all rows of a table with labels and features; k, of powers of 2 from 8 to 256, has the
  /// least squared error for groups left out.
  explicit Neighbours(const OutcomeTable& table);

  nlohmann::json to_json() const;
  /// Throws std::invalid_argument, or what the JSON library throws, on what does not fit.
  explicit Neighbours(const nlohmann::json& content);

  std::size_t model_count() const { return accuracies_.size(); }
  std::size_t nearest() const { return k_; }
  /// MACs of one search: a difference and its square for each feature of each row.
  double macs() const;

  /// Fills the first N of `values`. Throws std::invalid_argument for other features than learnt.
  void estimate(std::span<const float> features, Values& values) const;
  /// (n, N) of all rows of a table. The last table's are kept: points of one policy share them.
  std::shared_ptr<const std::vector<double>> estimates(const OutcomeTable& table) const;
  /// (n, N) of the rows that it was made of, each without its own group. Empty when it comes from
  /// JSON.
  const std::vector<double>& left_out() const { return left_out_; }

 private:
  using Row = std::span<const std::int16_t>;

  void standardise(std::span<const float> features, std::vector<std::int16_t>& row) const;
  Row row(std::size_t index) const { return Row(rows_).subspan(index * width_, width_); }
  template <class Keep>
  std::vector<std::uint64_t> search(Row query, std::size_t count, const Keep& keep) const;
  double share(double quality, std::size_t model, std::size_t k) const;
  void choose_k(const InputGroups& groups);

  std::size_t width_ = 0, k_ = 0;
  std::vector<double> mean_, scale_;  ///< (F); scale: 64 over the deviation
  std::vector<std::int16_t> rows_;    ///< (n, F)
  std::vector<float> quality_;        ///< (n, N)
  std::vector<double> accuracies_;    ///< (N)
  std::vector<double> left_out_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const TableIdentity> last_table_;
  mutable std::shared_ptr<const std::vector<double>> last_;
};

}  // namespace muxnet
