#include "muxnet/service/completions.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "muxnet/core/error.hpp"

namespace muxnet {

Completions::Completions() : descriptor_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (descriptor_ < 0) {
    throw FileError(error_text("completions", "a descriptor", std::strerror(errno)));
  }
}

Completions::~Completions() { ::close(descriptor_); }

void Completions::add(std::uint64_t ticket, ServiceAnswer answer) {
  const std::lock_guard lock(mutex_);
  answers_.emplace_back(ticket, std::move(answer));
  // Nothing waits to be told twice.
  if (answers_.size() == 1) eventfd_write(descriptor_, 1);
}

std::vector<std::pair<std::uint64_t, ServiceAnswer>> Completions::take() {
  const std::lock_guard lock(mutex_);
  eventfd_t value = 0;
  eventfd_read(descriptor_, &value);
  return std::exchange(answers_, {});
}

}  // namespace muxnet
