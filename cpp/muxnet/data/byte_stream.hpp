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
  explicit ByteStream(const std::filesystem::path& path);

  /// Up to bytes.size() bytes; fewer only at the end of the file.
  std::size_t read(std::span<std::uint8_t> bytes);

  /// Exactly `count` bytes, in memory that grows with what is really there, so that a header that
  /// promises too much costs nothing. `what` names the part in the error.
  std::vector<std::uint8_t> read_exactly(std::uint64_t count, const char* what);

  /// Throws unless the file ends here.
  void expect_end();

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  std::shared_ptr<void> file_;
};

}  // namespace muxnet
