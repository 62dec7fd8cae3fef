#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>

#include "muxnet/core/error.hpp"
#include "muxnet/core/termination.hpp"
#include "muxnet/server/server.hpp"

namespace muxnet {
namespace {

constexpr rlim_t most_descriptors = 65536;
constexpr std::int64_t spare_descriptors = 64;  // for files that are read and written
constexpr std::int64_t most_connections = 16384;
constexpr std::int64_t least_connections = 8;

std::array<int, 2> pipe_ends{-1, -1};

/// By whichever thread a signal came to: what it asks for goes to the one that waits.
void pass_on(int number) {
  const int before = errno;
  const auto letter = static_cast<char>(number);
  (void)!::write(pipe_ends[1], &letter, 1);
  errno = before;
}

void listen_to_signals(double drain_s) {
  if (pipe_ends[0] < 0 && pipe2(pipe_ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    throw FileError(error_text("server", "descriptors", std::strerror(errno)));
  }
  struct sigaction action {};
  action.sa_handler = &pass_on;
  action.sa_flags = SA_RESTART;
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaction(number, &action, nullptr);
  // Whatever holds this thread up; the second signal ends the process at once.
  end_within(1000 * std::max(drain_s, 1.0));
}

/// The signal that came next.
int next_signal() {
  pollfd polled{pipe_ends[0], POLLIN, 0};
  char letter = 0;
  while (poll(&polled, 1, -1) != 1 || ::read(pipe_ends[0], &letter, 1) != 1) {
  }
  return letter;
}

std::int64_t open_descriptors() {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc/self/fd"), &closedir);
  std::int64_t count = 0;
  while (folder && readdir(folder.get()) != nullptr) ++count;
  return std::max<std::int64_t>(count - 2, 0);  // "." and ".."
}

}  // namespace

bool serve_until_told(Server& server) {
  listen_to_signals(server.drain_s());
  server.tell_ready();
  while (next_signal() == SIGHUP) server.reload();
  return server.drain();
}

std::int64_t connections_within_descriptors() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t wanted = std::min(limit.rlim_max, most_descriptors);  // infinity is the greatest
  if (limit.rlim_cur < wanted) {
    limit.rlim_cur = wanted;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  const auto most = static_cast<std::int64_t>(std::min(limit.rlim_cur, most_descriptors));
  const std::int64_t free = most - open_descriptors() - spare_descriptors;
  const std::int64_t grpc = std::max(free / 4, least_connections);
  return std::clamp(free - grpc, least_connections, most_connections);
}

}  // namespace muxnet
