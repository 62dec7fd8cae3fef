#include "muxnet/front/answer_labels.hpp"

namespace muxnet {

void AnswerLabels::remember(std::int64_t first_input, std::span<const std::int32_t> answers,
                            std::uint64_t version) {
  const std::lock_guard lock(mutex_);
  for (const std::int32_t answer : answers) {
    place_of(first_input) = {first_input, answer, version};
    ++first_input;
  }
}

std::int64_t AnswerLabels::learn(std::span<const std::int64_t> inputs,
                                 std::span<const std::int64_t> labels) {
  const std::lock_guard lock(mutex_);
  std::int64_t known = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Answered& answered = place_of(inputs[i]);
    if (answered.input != inputs[i]) continue;
    answered.input = -1;
    LabelTally& tally = by_version_[answered.version];
    ++tally.labelled;
    if (answered.answer == labels[i]) ++tally.right;
    ++known;
  }
  return known;
}

std::map<std::uint64_t, LabelTally> AnswerLabels::by_version() const {
  const std::lock_guard lock(mutex_);
  return by_version_;
}

}  // namespace muxnet
