#include "muxnet/core/file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view action) {
  const int failure = errno;
  const auto what = text('[', path.string(), "] could not ", action, ": ", std::strerror(failure));
  if (failure == EACCES || failure == EPERM) throw FileDenied(what);
  throw FileError(what);
}

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  return S_ISCHR(mode) || S_ISBLK(mode) ? "a device" : "something else";
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
  /// Whoever removes what dead processes left (python/muxnet/base/files.py) tells by the lock that
  /// this one lives; false where it came in between.
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

InputFile::InputFile(const std::filesystem::path& path) : path_(path) {
  // O_NONBLOCK: opening a FIFO would wait for its writer.
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  const int failure = errno;
  struct stat status {};
  const int known =
      descriptor_ >= 0 ? ::fstat(descriptor_, &status) : ::stat(path.c_str(), &status);
  if (known == 0 && !S_ISREG(status.st_mode)) {
    if (descriptor_ >= 0) ::close(descriptor_);
    throw FileError(error_text(path.string(), "a file", kind_of(status.st_mode)));
  }
  if (descriptor_ < 0) {
    errno = failure;
    fail(path, "open");
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

InputFile::~InputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void InputFile::read_at(std::uint64_t offset, void* dst, std::size_t count) const {
  auto* position = static_cast<char*>(dst);
  while (count > 0) {
    const ssize_t got = ::pread(descriptor_, position, count, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(path_, "read");
    if (got == 0) {
      throw FileError(error_text(path_.string(), text(size_, " bytes, as when it was opened"),
                                 text(offset, ": it was cut while it was read")));
    }
    position += got;
    offset += static_cast<std::uint64_t>(got);
    count -= static_cast<std::size_t>(got);
  }
}

int InputFile::release() { return std::exchange(descriptor_, -1); }

std::string read_file(const std::filesystem::path& path, std::uint64_t max_bytes) {
  const InputFile file(path);
  if (file.size() > max_bytes) {
    throw FileError(
        error_text(path.string(), text("at most ", max_bytes, " bytes"), text(file.size())));
  }
  std::string bytes(file.size(), '\0');
  file.read_at(0, bytes.data(), bytes.size());
  return bytes;
}

std::string read_line(const std::filesystem::path& path) {
  InputFile file(path);
  const int descriptor = file.release();
  char bytes[4096];
  const ssize_t got = ::read(descriptor, bytes, sizeof bytes);
  const int failure = errno;
  ::close(descriptor);
  errno = failure;
  if (got < 0) fail(path, "read");
  const std::string_view content(bytes, static_cast<std::size_t>(got));
  return std::string(content.substr(0, content.find('\n')));
}

}  // namespace muxnet
