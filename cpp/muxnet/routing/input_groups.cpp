#include "muxnet/routing/input_groups.hpp"

#include <unordered_map>

#include "muxnet/core/error.hpp"

namespace muxnet {

InputGroups::InputGroups(std::size_t inputs, std::span<const std::int64_t> names)
    : inputs_(inputs), count_(inputs) {
  if (names.empty()) return;
  require(names.size() == inputs, "groups", muxnet::text("a group of each of ", inputs, " inputs"),
          muxnet::text(names.size()));
  std::unordered_map<std::int64_t, std::uint32_t> numbers;
  of_.reserve(inputs);
  for (const std::int64_t name : names) {
    const auto next = static_cast<std::uint32_t>(numbers.size());
    of_.push_back(numbers.emplace(name, next).first->second);
  }
  count_ = numbers.size();
}

InputGroups::InputGroups(std::size_t inputs, const Tensor& names)
    : InputGroups(inputs,
                  names.empty() ? std::span<const std::int64_t>{} : names.span<std::int64_t>()) {}

InputGroups::InputGroups(const OutcomeTable& table)
    : InputGroups(static_cast<std::size_t>(table.size()), table.fields().groups) {}

std::vector<std::size_t> InputGroups::sizes() const {
  std::vector<std::size_t> result(count_, 0);
  for (std::size_t input = 0; input < inputs_; ++input) ++result[(*this)[input]];
  return result;
}

std::vector<double> InputGroups::sums(std::span<const double> values) const {
  require(values.size() == inputs_, "groups", muxnet::text("values of ", inputs_, " inputs"),
          muxnet::text(values.size()));
  std::vector<double> result(count_, 0.0);
  for (std::size_t input = 0; input < inputs_; ++input) result[(*this)[input]] += values[input];
  return result;
}

InputGroups InputGroups::of(std::span<const std::int64_t> rows) const {
  std::vector<std::int64_t> names;
  if (!of_.empty()) {
    for (const std::int64_t row : rows) names.push_back(of_.at(static_cast<std::size_t>(row)));
  }
  return InputGroups(rows.size(), names);
}

std::string InputGroups::text() const {
  if (of_.empty()) return muxnet::text(inputs_, " inputs");
  return muxnet::text(inputs_, " inputs in ", count_, " groups");
}

}  // namespace muxnet
