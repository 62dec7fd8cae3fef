#include "muxnet/data/byte_stream.hpp"

#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"

namespace muxnet {
namespace {

/// What a file of so many bytes may hold: what deflate can pack into it, and no more of one that is
/// packed better than data are (python/muxnet/base/array_files.py has the same rule).
std::uint64_t most_in(std::uint64_t file_bytes) {
  constexpr std::uint64_t of_deflate = 1032, least = 256 << 20, of_data = 100;
  return std::min(of_deflate * file_bytes, least + of_data * file_bytes);
}

}  // namespace

ByteStream::ByteStream(const std::filesystem::path& path, std::uint64_t max_bytes) : path_(path) {
  InputFile input(path);
  left_ = std::min(max_bytes, most_in(input.size()));
  const int descriptor = input.release();
  gzFile file = gzdopen(descriptor, "rb");
  if (file == nullptr) {
    ::close(descriptor);
    throw std::bad_alloc();
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
    if (static_cast<std::uint64_t>(count) > left_) {
      throw FileError(error_text(path_.string(), "fewer bytes when unpacked", "more"));
    }
    left_ -= static_cast<std::uint64_t>(count);
  }
  return done;
}

std::vector<std::uint8_t> ByteStream::read_exactly(std::uint64_t count, const char* what) {
  constexpr std::uint64_t step = 1 << 24;
  if (count > step && count > left_) {
    throw FileError(error_text(path_.string(), text(count, " bytes of ", what),
                               text("at most ", left_, " of so small a file")));
  }
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
