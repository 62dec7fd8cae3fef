#include "muxnet/core/termination.hpp"

#include <semaphore.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <string_view>
#include <thread>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

constexpr std::string_view farewell =
    "{\"level\": \"error\", \"event\": \"ended by force: its time to end is over\"}\n";

sem_t told;
std::atomic<int> count{0};
std::array<struct sigaction, NSIG> before;

/// Calls nothing but what a signal's handler may.
void handle(int number, siginfo_t* info, void* context) {
  if (count.fetch_add(1) > 0) {
    (void)std::signal(number, SIG_DFL);
    (void)std::raise(number);  // when this handler has returned
    return;
  }
  sem_post(&told);
  const struct sigaction& first = before.at(static_cast<std::size_t>(number));
  if ((first.sa_flags & SA_SIGINFO) != 0) {
    first.sa_sigaction(number, info, context);
  } else if (first.sa_handler != SIG_DFL && first.sa_handler != SIG_IGN) {
    first.sa_handler(number);
  }
}

}  // namespace

void end_within(double within_ms) {
  require(within_ms >= 0, "end_within", "at least 0 ms", text(within_ms));
  static std::atomic<bool> called{false};
  if (called.exchange(true)) return;
  sem_init(&told, 0, 0);
  std::thread([within_ms] {
    while (sem_wait(&told) != 0 && errno == EINTR) {
    }
    std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(within_ms));
    (void)!write(STDERR_FILENO, farewell.data(), farewell.size());
    _exit(1);
  }).detach();
  struct sigaction action {};
  action.sa_sigaction = &handle;
  action.sa_flags = SA_SIGINFO | SA_RESTART;
  for (const int number : {SIGTERM, SIGINT}) {
    sigaction(number, &action, &before.at(static_cast<std::size_t>(number)));
  }
}

}  // namespace muxnet
