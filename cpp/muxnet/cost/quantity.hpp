#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muxnet {

/// Where a number comes from.
enum class Origin : std::uint8_t { counted, measured, modelled, paper };

std::string_view name_of(Origin origin);
/// Throws std::invalid_argument that lists the names there are.
Origin origin_named(std::string_view name);

/// A number with where it comes from, or one that is not known. What is computed from several has
/// the origins of all; what is computed from an unknown one is unknown, never zero.
class Quantity {
 public:
  Quantity() = default;
  /// Throws std::invalid_argument for a value that is not finite.
  Quantity(double value, Origin origin);
  /// Zero by definition, from nowhere.
  static Quantity zero();

  bool known() const { return value_.has_value(); }
  /// Throws std::logic_error when it is not known.
  double value() const;
  /// Each once, in the order of Origin; empty when unknown.
  std::vector<Origin> origins() const;

  friend Quantity operator+(const Quantity& a, const Quantity& b);
  friend Quantity operator*(double factor, const Quantity& figure);

 private:
  std::optional<double> value_;
  std::uint8_t origins_ = 0;  ///< bit i: Origin i
};

/// What one answer costs. Energy is the device's.
struct Cost {
  Quantity macs;        ///< multiply-accumulates
  Quantity latency_ms;  ///< until the answer is there
  Quantity energy_mj;   ///< the device's

  friend Cost operator+(const Cost& a, const Cost& b);
  friend Cost operator*(double share, const Cost& cost);
};

/// Nothing at all, known to be nothing.
Cost no_cost();

}  // namespace muxnet
