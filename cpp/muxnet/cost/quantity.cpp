#include "muxnet/cost/quantity.hpp"

#include <array>
#include <cmath>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

constexpr std::array<std::string_view, 4> names = {"counted", "measured", "modelled", "paper"};

}  // namespace

std::string_view name_of(Origin origin) { return names.at(static_cast<std::size_t>(origin)); }

Origin origin_named(std::string_view name) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return static_cast<Origin>(i);
  }
  throw std::invalid_argument(
      error_text("origin", "counted, measured, modelled or paper", std::string(name)));
}

Quantity::Quantity(double value, Origin origin)
    : value_(value), origins_(static_cast<std::uint8_t>(1U << static_cast<unsigned>(origin))) {
  require(std::isfinite(value), "figure", "a finite number", text(value));
}

Quantity Quantity::zero() {
  Quantity result;
  result.value_ = 0;
  return result;
}

double Quantity::value() const {
  if (!known()) throw std::logic_error(error_text("figure", "a known number", "an unknown one"));
  return *value_;
}

std::vector<Origin> Quantity::origins() const {
  std::vector<Origin> result;
  for (unsigned i = 0; i < names.size(); ++i) {
    if ((origins_ >> i & 1U) != 0) result.push_back(static_cast<Origin>(i));
  }
  return result;
}

Quantity operator+(const Quantity& a, const Quantity& b) {
  Quantity result;
  if (!a.known() || !b.known()) return result;
  result.value_ = *a.value_ + *b.value_;
  result.origins_ = static_cast<std::uint8_t>(a.origins_ | b.origins_);
  return result;
}

Quantity operator*(double factor, const Quantity& figure) {
  Quantity result = figure;
  if (result.known()) result.value_ = factor * *figure.value_;
  return result;
}

Cost operator+(const Cost& a, const Cost& b) {
  return {a.macs + b.macs, a.latency_ms + b.latency_ms, a.energy_mj + b.energy_mj};
}

Cost operator*(double share, const Cost& cost) {
  return {share * cost.macs, share * cost.latency_ms, share * cost.energy_mj};
}

Cost no_cost() { return {Quantity::zero(), Quantity::zero(), Quantity::zero()}; }

}  // namespace muxnet
