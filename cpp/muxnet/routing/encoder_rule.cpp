#include "muxnet/routing/encoder_rule.hpp"

namespace muxnet {

EncoderRule::EncoderRule(std::unique_ptr<Rule> inner, std::uint64_t first)
    : inner_(std::move(inner)), first_(first) {}

/// The evidence with those models alone as called that the inner rule has asked for so far.
Evidence EncoderRule::seen_by_inner(const Evidence& evidence) const {
  Evidence seen = evidence;
  seen.called = 0;
  for (;;) {
    const Step step = inner_->next(seen);
    if (step.call == 0 || (step.call & ~evidence.called) != 0) return seen;
    check_step(step, seen.called);
    seen.called |= step.call;
  }
}

Step EncoderRule::next(const Evidence& evidence) const {
  if ((evidence.called & first_) == 0) return {first_, 0};
  Step step = inner_->next(seen_by_inner(evidence));
  step.call &= ~evidence.called;
  return step;
}

Reason EncoderRule::explain(const Evidence& evidence) const {
  if ((evidence.called & first_) == 0) return {};
  return inner_->explain(seen_by_inner(evidence));
}

std::int32_t EncoderRule::combine(const Evidence& evidence, std::uint64_t answer_from,
                                  std::span<float> probabilities) const {
  return inner_->combine(evidence, answer_from, probabilities);
}

std::uint64_t EncoderRule::answer_now(const Evidence& evidence) const {
  if ((evidence.called & first_) == 0) return evidence.called;
  const Evidence seen = seen_by_inner(evidence);
  return seen.called == 0 ? evidence.called : inner_->answer_now(seen);
}

Decisions EncoderRule::replay(const OutcomeTable& table) const {
  Decisions decisions = inner_->replay(table);
  for (std::uint64_t& called : decisions.called) called |= first_;
  return decisions;
}

}  // namespace muxnet
