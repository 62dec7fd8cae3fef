#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace muxnet {

/// Writes `path` so that a reader sees the old file or the whole new one: `write` fills a temporary
/// file beside it, which is synced and renamed. On any failure the temporary file is removed and
/// FileError (or what `write` threw) leaves `path` untouched.
void write_atomically(const std::filesystem::path& path,
                      const std::function<void(int descriptor)>& write);

/// The same for bytes at hand.
void write_atomically(const std::filesystem::path& path, std::string_view bytes);

/// write(2) until all bytes are out; throws FileError (disk full, ...).
void write_all(int descriptor, const void* bytes, std::size_t count,
               const std::filesystem::path& path);

/// A regular file opened for reading. What is none (a folder, a FIFO, a socket, a device) is
/// refused by name without waiting for it. Every failure is a FileError that names the file, a
/// FileDenied where this user may not read it.
class InputFile {
 public:
  explicit InputFile(const std::filesystem::path& path);
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile();

  /// In bytes, when it was opened.
  std::uint64_t size() const { return size_; }
  const std::filesystem::path& path() const { return path_; }

  /// `count` bytes from `offset` on; throws where the file has become shorter than that.
  void read_at(std::uint64_t offset, void* dst, std::size_t count) const;

  /// Hands the open descriptor over to the caller, who closes it.
  int release();

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

inline constexpr std::uint64_t default_max_bytes = std::uint64_t{1} << 30;

/// The whole file; throws FileError as InputFile does, and for more than `max_bytes`.
std::string read_file(const std::filesystem::path& path,
                      std::uint64_t max_bytes = default_max_bytes);

/// The first line of a small file, also of the kernel's, whose sizes are made up; throws FileError.
std::string read_line(const std::filesystem::path& path);

}  // namespace muxnet
