#pragma once

#include <cstdint>
#include <memory>

#include "muxnet/routing/rule.hpp"

namespace muxnet {

/// A rule whose multiplexer looks at what a model gives: that model is called first, for every
/// input, and then the rule decides as if nothing were called. What it asks of that model is there
/// already, and paid for.
class EncoderRule final : public Rule {
 public:
  /// `first`: the bit of that model.
  EncoderRule(std::unique_ptr<Rule> inner, std::uint64_t first);

  Step next(const Evidence& evidence) const override;
  Reason explain(const Evidence& evidence) const override;
  std::int32_t combine(const Evidence& evidence, std::uint64_t answer_from,
                       std::span<float> probabilities) const override;
  double macs() const override { return inner_->macs(); }
  std::uint64_t may_call() const override { return inner_->may_call() | first_; }
  std::uint64_t answer_now(const Evidence& evidence) const override;
  Decisions replay(const OutcomeTable& table) const override;

 private:
  Evidence seen_by_inner(const Evidence& evidence) const;

  std::unique_ptr<Rule> inner_;
  std::uint64_t first_;
};

}  // namespace muxnet
