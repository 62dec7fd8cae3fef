#include "muxnet/core/file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view action) {
  throw FileError(text('[', path.string(), "] could not ", action, ": ", std::strerror(errno)));
}

/// Closes and removes a temporary file unless it was renamed in time.
class Temporary {
 public:
  explicit Temporary(const std::filesystem::path& target) {
    // Not mkstemp: the finished file gets the permissions that the user's umask asks for.
    static std::atomic<unsigned> counter{0};
    do {
      const auto name = text('.', target.filename().string(), ".tmp-", ::getpid(), '-', counter++);
      name_ = (target.parent_path() / name).string();
      descriptor_ = ::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (descriptor_ < 0 ? errno == EEXIST : !hold());
    if (descriptor_ < 0) fail(target, "create a temporary file beside it");
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!name_.empty()) ::unlink(name_.c_str());
  }

  int descriptor() const { return descriptor_; }

  void rename_to(const std::filesystem::path& target) {
    if (::fsync(descriptor_) != 0) fail(target, "sync");
    if (::close(std::exchange(descriptor_, -1)) != 0) fail(target, "close");
    if (::rename(name_.c_str(), target.c_str()) != 0) fail(target, "rename into place");
    name_.clear();
  }

 private:
  /// Whoever removes what dead processes left (python/muxnet/files.py) tells by the lock that this
  /// one lives; false where it came in between.
  bool hold() {
    struct stat status {};
    // Where the file system has no locks nobody takes it away either.
    const bool taken = ::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (!taken && (::fstat(descriptor_, &status) != 0 || status.st_nlink > 0)) return true;
    ::close(std::exchange(descriptor_, -1));
    return false;
  }

  std::string name_;
  int descriptor_ = -1;
};

}  // namespace

void write_atomically(const std::filesystem::path& path,
                      const std::function<void(int descriptor)>& write) {
  Temporary temporary(path);
  write(temporary.descriptor());
  temporary.rename_to(path);
}

void write_atomically(const std::filesystem::path& path, std::string_view bytes) {
  write_atomically(
      path, [&](int descriptor) { write_all(descriptor, bytes.data(), bytes.size(), path); });
}

void write_all(int descriptor, const void* bytes, std::size_t count,
               const std::filesystem::path& path) {
  const auto* position = static_cast<const char*>(bytes);
  while (count > 0) {
    const ssize_t written = ::write(descriptor, position, count);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(path, "write");
    position += written;
    count -= static_cast<std::size_t>(written);
  }
}

std::string read_file(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path)) {
    throw FileError(error_text(path.string(), "a file", "a folder"));
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) fail(path, "open");
  std::ostringstream out;
  out << in.rdbuf();
  if (in.bad()) fail(path, "read");
  return std::move(out).str();
}

}  // namespace muxnet
