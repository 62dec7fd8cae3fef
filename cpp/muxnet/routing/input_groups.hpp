#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "muxnet/routing/outcome_table.hpp"

namespace muxnet {

/// Inputs that belong together (of one patient, one video): never divided between parts, drawn as
/// one, and counted as one. Each input is its own group where none were recorded. Groups are
/// numbered in the order in which they are met.
class InputGroups {
 public:
  /// Each of n inputs by itself.
  explicit InputGroups(std::size_t inputs) : inputs_(inputs), count_(inputs) {}
  /// By what each input's group is called; where `names` are empty as without. Throws
  /// std::invalid_argument for another number of names.
  InputGroups(std::size_t inputs, std::span<const std::int64_t> names);
  InputGroups(std::size_t inputs, const Tensor& names);  ///< i64 (n), or empty
  /// As the table has them.
  explicit InputGroups(const OutcomeTable& table);

  std::size_t inputs() const { return inputs_; }
  std::size_t count() const { return count_; }
  /// The number of an input's group.
  std::size_t operator[](std::size_t input) const { return of_.empty() ? input : of_[input]; }
  /// (groups), how many inputs each has.
  std::vector<std::size_t> sizes() const;
  /// (groups), sums of what its inputs have.
  std::vector<double> sums(std::span<const double> values) const;
  /// Those of some inputs, by their places.
  InputGroups of(std::span<const std::int64_t> rows) const;
  bool operator==(const InputGroups&) const = default;
  /// "400 inputs", or "400 inputs in 25 groups".
  std::string text() const;

 private:
  std::size_t inputs_, count_;
  std::vector<std::uint32_t> of_;  ///< (inputs), none: each by itself
};

}  // namespace muxnet
