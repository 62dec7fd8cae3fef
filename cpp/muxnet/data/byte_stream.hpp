#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

namespace muxnet {

/// A file read front to back, unpacked on the way when it is gzip (checksum and length verified).
/// Every failure is a FileError that names the file.
class ByteStream {
 public:
  /// Of at most `max_bytes` when unpacked, or 256 MiB and a hundred times the file's bytes: reading
  /// on is a failure.
  ByteStream(const std::filesystem::path& path, std::uint64_t max_bytes);

  /// Up to bytes.size() bytes; fewer only at the end of the file.
  std::size_t read(std::span<std::uint8_t> bytes);

  /// Exactly `count` bytes, in memory that grows with what is really there; refused at once where
  /// the whole file could not hold so much. `what` names the part in the error.
  std::vector<std::uint8_t> read_exactly(std::uint64_t count, const char* what);

  /// Throws unless the file ends here.
  void expect_end();

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  std::uint64_t left_ = 0;  // bytes that may come
  std::shared_ptr<void> file_;
};

}  // namespace muxnet
