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

ByteStream::ByteStream(const std::filesystem::path& path, std::uint64_t max_bytes)
    : path_(path), left_(max_bytes) {
  constexpr std::uint64_t most_expansion = 1032;  // that deflate can pack into a byte
  InputFile input(path);
  most_held_ =
      input.size() > max_bytes / most_expansion ? max_bytes : input.size() * most_expansion;
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
  if (count > step && count > most_held_) {
    throw FileError(error_text(path_.string(), text(count, " bytes of ", what),
                               text("at most ", most_held_, " (the file is truncated)")));
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
