// Trains the tiny problem and kills itself at a step: killed CHECKPOINT STEP. A process of its own
// because OpenMP's threads do not survive a fork.
#include <csignal>
#include <cstdlib>

#include "training/tiny.hpp"

int main(int count, char** arguments) {
  if (count != 3) return EXIT_FAILURE;
  using namespace muxnet;
  testing::TinyModels models;
  auto options = testing::tiny_options();
  options.fit.checkpoint = arguments[1];
  options.fit.resume = true;
  const std::int64_t last = std::atoll(arguments[2]);
  // Checkpoints within the epoch too, but not at every step.
  options.fit.checkpoint_seconds = 0.002;
  train_models(models.pointers, testing::tiny_data(), options, [&](const Progress& now) {
    if (now.step == last) std::raise(SIGKILL);
    return true;
  });
  return EXIT_SUCCESS;
}
