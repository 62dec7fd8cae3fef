#include "muxnet/server/decision_log.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "muxnet/core/error.hpp"
#include "muxnet/core/json_values.hpp"

namespace muxnet {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view head = "{\"time\":";  // by which a half line is known as ours

std::int64_t lines_in(std::string_view content) {
  return std::count(content.begin(), content.end(), '\n');
}

std::int64_t size_of(int file) {
  struct stat status {};
  return fstat(file, &status) == 0 ? status.st_size : -1;
}

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<std::string> names_of(std::uint64_t mask, const std::vector<std::string>& models) {
  std::vector<std::string> found;
  for (std::size_t i = 0; i < models.size(); ++i) {
    if ((mask >> i & 1) != 0) found.push_back(models[i]);
  }
  return found;
}

}  // namespace

DecisionLog::DecisionLog(std::filesystem::path path, std::shared_ptr<const ServerLog> log,
                         std::size_t room_bytes)
    : path_(std::move(path)), log_(std::move(log)), room_bytes_(room_bytes) {
  open();
}

/// In place of the one that is open; throws FileError and leaves that where it cannot.
void DecisionLog::open() {
  struct stat status {};
  const bool there = stat(path_.c_str(), &status) == 0;
  // A pipe is only written to.
  const int access = there && !S_ISREG(status.st_mode) ? O_WRONLY : O_RDWR;
  const int file =
      ::open(path_.c_str(), access | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0666);
  if (file < 0) {
    const char* why = std::strerror(errno);
    throw FileError(text("[decisions] ", path_.string(), ": cannot be written: ", why));
  }
  // Lines of two servers would be mixed; of a pipe that is its reader's matter.
  const bool regular = fstat(file, &status) == 0 && S_ISREG(status.st_mode);
  if (regular && flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    ::close(file);
    throw FileError(text("[decisions] ", path_.string(), ": another server writes to it"));
  }
  if (file_ >= 0) ::close(file_);
  file_ = file;
  regular_ = regular;
  torn_ = regular && !ends_whole();
}

/// Whether its path has become another file's, or nobody's.
bool DecisionLog::moved() const {
  struct stat held {
  }, named{};
  if (!regular_ || fstat(file_, &held) != 0) return false;
  if (stat(path_.c_str(), &named) != 0) return errno == ENOENT;
  return held.st_dev != named.st_dev || held.st_ino != named.st_ino;
}

DecisionLog::~DecisionLog() { ::close(file_); }

void DecisionLog::write(std::string_view id, const ServiceAnswer& answer,
                        const std::vector<std::string>& models) {
  if (answer.records.empty()) return;
  Json first{{"time", now_s()},
             {"id", id},
             {"deployment", answer.version},
             {"milliseconds", answer.total_ms}};
  std::string lines;
  for (std::size_t row = 0; row < answer.records.size(); ++row) {
    if (!answer.shadow.empty()) first["shadow"] = names_of(answer.shadow[row], models);
    // Both are objects, and neither is empty.
    std::string line = text_of(first);
    line.back() = ',';
    lines += line.append(answer.records[row], 1) + '\n';
  }
  const auto count = std::ssize(answer.records);
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() <= room_bytes_) {
      waiting_ += lines;
      waiting_lines_ += count;
      return;
    }
  }
  lose(count, "more records than can be written");
}

void DecisionLog::flush() {
  std::string content;
  std::int64_t count = 0;
  {
    const std::lock_guard lock(mutex_);
    content.swap(waiting_);
    count = std::exchange(waiting_lines_, 0);
  }
  if (content.empty()) return;
  try {
    if (moved()) open();
  } catch (const FileError& error) {
    return lose(count, error.what());
  }
  const Written written = append(content);
  {
    const std::lock_guard lock(mutex_);
    state_.recorded += written.lines;
  }
  if (!written.failure.empty()) return lose(count - written.lines, written.failure);
  const std::lock_guard lock(mutex_);
  if (std::exchange(state_.failing, {}).empty()) return;
  log_->tell(LogLevel::info, "decisions are recorded again", {{"lost", state_.lost}});
}

void DecisionLog::lose(std::int64_t count, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  state_.lost += count;
  const bool first = std::exchange(state_.failing, reason).empty();
  if (!first) return;
  log_->tell(LogLevel::error, "decisions are not recorded",
             {{"reason", reason}, {"lost", state_.lost}});
}

DecisionLog::State DecisionLog::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

/// Writes whole lines, as many as can be.
DecisionLog::Written DecisionLog::append(std::string_view content) {
  if (torn_) {  // what comes is no part of the half line
    if (::write(file_, "\n", 1) != 1) return {0, std::strerror(errno)};
    torn_ = false;
  }
  const std::int64_t start = size_of(file_);
  std::size_t written = 0;
  while (written < content.size()) {
    const auto count = ::write(file_, content.data() + written, content.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) break;
    written += static_cast<std::size_t>(count);
  }
  if (written == content.size()) return {lines_in(content), {}};
  const std::string failure = std::strerror(errno);
  const std::string_view done = content.substr(0, written);
  const auto whole = done.find_last_of('\n') + 1;  // 0 where there is none
  torn_ = whole != written && !cut(start + static_cast<std::int64_t>(whole),
                                   start + static_cast<std::int64_t>(written));
  return {lines_in(done), failure};
}

/// Takes the half line behind `size` back; false: it could not, or another's lines follow.
bool DecisionLog::cut(std::int64_t size, std::int64_t end) const {
  return regular_ && size_of(file_) == end && ftruncate(file_, size) == 0;
}

/// Drops the half line that a process left when it was killed; whether the last line is whole now.
bool DecisionLog::ends_whole() const {
  const std::int64_t size = size_of(file_);
  if (size <= 0) return true;
  const std::int64_t start = std::max<std::int64_t>(0, size - std::int64_t{room_for});
  std::string tail(static_cast<std::size_t>(size - start), '\0');
  if (pread(file_, tail.data(), tail.size(), start) != std::ssize(tail)) return false;
  if (tail.back() == '\n') return true;
  const auto whole = tail.find_last_of('\n') + 1;
  const std::string_view half = std::string_view(tail).substr(whole);
  // One that is whole but for its end gets that before what follows.
  if (Json::accept(half)) return false;
  if (!half.starts_with(head) || (whole == 0 && start > 0)) return false;  // none of ours
  return ftruncate(file_, start + static_cast<std::int64_t>(whole)) == 0;
}

}  // namespace muxnet
