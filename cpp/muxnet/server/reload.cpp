#include "muxnet/server/reload.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "muxnet/core/error.hpp"
#include "muxnet/core/json_values.hpp"

namespace muxnet {
namespace {

using Seconds = std::chrono::duration<double>;

constexpr double longest_pause_s = 60;
constexpr std::int64_t second_ns = 1'000'000'000;

template <class Clock>
auto later(std::chrono::time_point<Clock> from, double seconds) {
  return from + std::chrono::duration_cast<typename Clock::duration>(Seconds(seconds));
}

}  // namespace

Reloader::Reloader(Files files, Deploy deploy, std::shared_ptr<const ServerLog> log,
                   double longest_s)
    : files_(std::move(files)),
      deploy_(std::move(deploy)),
      log_(std::move(log)),
      longest_s_(longest_s),
      stamps_(stamps()) {}

void Reloader::want(Done done) {
  const std::lock_guard lock(mutex_);
  wanted_ = true;
  if (done) waiting_.push_back(std::move(done));
}

void Reloader::step() {
  Stamps found = stamps();
  {
    const std::lock_guard lock(mutex_);
    const bool changed = found != stamps_;
    const bool due = again_ && Clock::now() >= *again_;
    if (!changed && !wanted_ && !due) return;
    stamps_ = std::move(found);
    wanted_ = false;
    if (changed) pause_s_ = 1;
    begun_ = Clock::now();
  }
  reload();
}

void Reloader::reload() {
  try {
    const nlohmann::ordered_json told = deploy_();
    {
      const std::lock_guard lock(mutex_);
      ++counts_.done;
      counts_.failing = false;
      pause_s_ = 1;
      again_.reset();
      begun_.reset();
    }
    log_->tell(LogLevel::info, "reloaded", told);
    tell(true);
  } catch (const std::exception& error) {
    refuse(error.what());
  }
}

void Reloader::refuse(const std::string& reason) {
  double again_in = 0;
  {
    const std::lock_guard lock(mutex_);
    ++counts_.failed;
    counts_.failing = true;
    again_ = later(Clock::now(), pause_s_);
    again_in = std::exchange(pause_s_, std::min(2 * pause_s_, longest_pause_s));
    begun_.reset();
  }
  log_->tell(LogLevel::warning, "reload refused", {{"reason", reason}, {"again_in", again_in}});
  tell(false);
}

void Reloader::give_up() {
  {
    const std::lock_guard lock(mutex_);
    const bool late = begun_ && Clock::now() >= later(*begun_, longest_s_);
    if (!late || (waiting_.empty() && counts_.failing)) return;
    ++counts_.failed;
    counts_.failing = true;
  }
  const auto expected = text("a source that is read within ", longest_s_, " s");
  log_->tell(LogLevel::warning, "reload refused",
             {{"reason", error_text("reload", expected, "none")}});
  tell(false);
}

void Reloader::end() { tell(false); }

void Reloader::tell(bool worked) {
  std::vector<Done> waiting;
  {
    const std::lock_guard lock(mutex_);
    waiting.swap(waiting_);
  }
  for (const Done& done : waiting) done(worked);
}

ReloadCounts Reloader::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

/// Throws FileError where that cannot be told now.
Reloader::Stamps Reloader::stamps() const {
  Stamps found;
  for (const auto& path : files_()) {
    struct stat status {};
    if (stat(path.c_str(), &status) == 0) {
      const std::int64_t changed_ns = status.st_mtim.tv_sec * second_ns + status.st_mtim.tv_nsec;
      found[path] = {changed_ns, status.st_size, status.st_ino};
    } else if (errno != ENOENT && errno != ENOTDIR) {
      throw FileError(text(path.string(), ": ", std::strerror(errno)));
    }
  }
  return found;
}

}  // namespace muxnet
