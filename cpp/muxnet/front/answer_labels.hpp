#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <vector>

namespace muxnet {

/// Labels that came back for answers of one version.
struct LabelTally {
  std::int64_t labelled = 0;  ///< labels that came back
  std::int64_t right = 0;     ///< of those, that the answers were
};

/// Knows what the router's last inputs were answered, and counts who was right. Inputs have rising
/// numbers; of each, one label counts. Safe for any number of threads.
class AnswerLabels {
 public:
  explicit AnswerLabels(std::size_t room = 100'000) : answered_(room) {}

  /// Keeps the answers to inputs `first_input` and the following.
  void remember(std::int64_t first_input, std::span<const std::int32_t> answers,
                std::uint64_t version);
  /// Counts the labels of inputs; returns of how many the answers were still known.
  std::int64_t learn(std::span<const std::int64_t> inputs, std::span<const std::int64_t> labels);
  std::map<std::uint64_t, LabelTally> by_version() const;

 private:
  struct Answered {
    std::int64_t input = -1;
    std::int32_t answer = 0;
    std::uint64_t version = 0;
  };
  Answered& place_of(std::int64_t input) {
    return answered_[static_cast<std::size_t>(input) % answered_.size()];
  }

  mutable std::mutex mutex_;
  std::vector<Answered> answered_;
  std::map<std::uint64_t, LabelTally> by_version_;
};

}  // namespace muxnet
