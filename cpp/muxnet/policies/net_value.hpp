#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "muxnet/routing/policy.hpp"

namespace muxnet {

/// A value for each model of a pool, of which the first N are used.
using Values = std::array<double, max_pool_models>;

/// What policies that see only the input compare: value_i - lambda c_i / max c.
class NetValue {
 public:
  NetValue(std::vector<double> relative_costs, double lambda);

  std::size_t size() const { return penalties_.size(); }
  /// Makes values net; returns the place of the largest.
  std::size_t subtract(Values& values) const;

 private:
  std::vector<double> penalties_;
};

/// The model with the largest net value; where the second comes closer than `gate`, `fallback`.
class ValueChoice {
 public:
  ValueChoice(NetValue net_value, double gate, std::size_t fallback);

  std::size_t size() const { return net_value_.size(); }
  std::size_t operator()(Values& values) const;
  /// What decides among these values, which become net: the largest against the next, or how far
  /// they are apart against the gate.
  Reason explain(Values& values) const;

 private:
  NetValue net_value_;
  double gate_;
  std::size_t fallback_;
};

/// A policy that calls the one model that values choose. Parameter: lambda.
class ValuePolicy : public Policy {
 public:
  using Policy::Policy;

 protected:
  ValueChoice choice(const PolicyParameters& parameters) const;
  /// A setting for each of the even_lambdas() of values (n, N), `options().bins` to either side.
  std::vector<PolicyParameters> settings(std::span<const double> values) const;
};

/// 0, then about `count` lambdas between which the argmax's mean cost falls by equal amounts, and
/// as many below 0 between which it rises, the last of either beyond all that change anything.
/// Below 0 are the points of who may spend more: values that were learnt tell models of nearly
/// equal worth apart badly, and their argmax calls cheap ones where the dearest is known to be
/// better on the whole. `values`: (n, N).
std::vector<double> even_lambdas(std::span<const double> values,
                                 const std::vector<double>& relative_costs, std::size_t count);

}  // namespace muxnet
