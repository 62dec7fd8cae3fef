#include "muxnet/front/events.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

constexpr std::size_t most_answered = 8192;  // that wait for records or traces of theirs
constexpr double told_every_s = 10;

}  // namespace

double steady_s() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

FrontEvents::FrontEvents() : descriptor_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (descriptor_ < 0) {
    throw FileError(error_text("front", "a descriptor", std::strerror(errno)));
  }
}

FrontEvents::~FrontEvents() { ::close(descriptor_); }

void FrontEvents::add(FrontEvent event) {
  const std::lock_guard lock(mutex_);
  if (const auto* answered = std::get_if<AnsweredRequest>(&event)) {
    if (answered_ >= most_answered) {
      lost_ += static_cast<std::int64_t>(answered->answer.records.size());
      return;
    }
    ++answered_;
  }
  waiting_.push_back(std::move(event));
  // Nothing waits to be told twice.
  if (waiting_.size() == 1) eventfd_write(descriptor_, 1);
}

std::vector<FrontEvent> FrontEvents::take() {
  const std::lock_guard lock(mutex_);
  eventfd_t value = 0;
  eventfd_read(descriptor_, &value);
  if (lost_ > 0) waiting_.emplace_back(RecordsLost{std::exchange(lost_, 0)});
  answered_ = 0;
  return std::exchange(waiting_, {});
}

void Refusals::add(const std::string& name, const std::string& client) {
  const std::lock_guard lock(mutex_);
  Reason& reason = reasons_[name];
  ++reason.count;
  ++reason.untold;
  reason.client = client;
  const double now_s = steady_s();
  if (now_s >= reason.next_s) tell(name, reason, now_s);
}

void Refusals::tell() {
  const std::lock_guard lock(mutex_);
  const double now_s = steady_s();
  for (auto& [name, reason] : reasons_) {
    if (reason.untold > 0 && now_s >= reason.next_s) tell(name, reason, now_s);
  }
}

void Refusals::tell(const std::string& name, Reason& reason, double now_s) {
  events_.add(RefusalsTold{name, std::exchange(reason.untold, 0), reason.client});
  reason.next_s = now_s + told_every_s;
}

std::map<std::string, std::int64_t> Refusals::counts() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::int64_t> counts;
  for (const auto& [name, reason] : reasons_) counts[name] = reason.count;
  return counts;
}

}  // namespace muxnet
