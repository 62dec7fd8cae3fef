#include "muxnet/data/byte_stream.hpp"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "muxnet/core/error.hpp"

namespace muxnet {

ByteStream::ByteStream(const std::filesystem::path& path) : path_(path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    throw FileError(error_text(path.string(), "a file", "a folder"));
  }
  errno = 0;
  gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) {
    throw FileError(error_text(path.string(), "a readable file", std::strerror(errno)));
  }
  gzbuffer(file, 1 << 17);
  file_ = std::shared_ptr<void>(file, [](void* handle) { gzclose_r(static_cast<gzFile>(handle)); });
}

std::size_t ByteStream::read(std::span<std::uint8_t> bytes) {
  auto* file = static_cast<gzFile>(file_.get());
  constexpr std::size_t step = 1 << 30;  // gzread counts in 32 bits
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto wanted = static_cast<unsigned>(std::min(step, bytes.size() - done));
    const int count = gzread(file, bytes.data() + done, wanted);
    int code = Z_OK;
    const char* message = gzerror(file, &code);
    if (count < 0 || (code != Z_OK && code != Z_STREAM_END)) {
      throw FileError(error_text(path_.string(), "a whole file",
                                 code == Z_BUF_ERROR ? "a truncated gzip stream"
                                 : code == Z_ERRNO   ? std::strerror(errno)
                                                     : message));
    }
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

std::vector<std::uint8_t> ByteStream::read_exactly(std::uint64_t count, const char* what) {
  constexpr std::uint64_t step = 1 << 24;
  std::vector<std::uint8_t> bytes;
  while (bytes.size() < count) {
    const std::size_t begin = bytes.size();
    const std::size_t wanted =
        std::min<std::uint64_t>(std::max<std::uint64_t>(step, begin), count - begin);
    bytes.resize(begin + wanted);
    const std::size_t received = read(std::span(bytes).subspan(begin));
    if (received < wanted) {
      throw FileError(error_text(path_.string(), text(count, " bytes of ", what),
                                 text(begin + received, " (the file is truncated)")));
    }
  }
  return bytes;
}

void ByteStream::expect_end() {
  std::uint8_t byte = 0;
  if (read({&byte, 1}) != 0) {
    throw FileError(error_text(path_.string(), "the end of the file", "trailing bytes"));
  }
}

}  // namespace muxnet
