#include "muxnet/core/file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "muxnet/core/error.hpp"
#include "support/errors.hpp"
#include "support/temporary_folder.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;

class File : public ::testing::Test {
 protected:
  testing::TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "target.bin";
};

/// Stands for a full disk: no file may grow beyond `bytes` while it lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit before_{};
};

TEST_F(File, RoundTripsAnyBytes) {
  std::string bytes(100'000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31);
  write_atomically(path_, bytes);
  EXPECT_EQ(read_file(path_), bytes);
  write_atomically(path_, std::string_view());
  EXPECT_EQ(read_file(path_), "");
  EXPECT_EQ(folder_.entries(), 1U);
}

TEST_F(File, AThrowingWriterLeavesTheOldFileAndNothingElse) {
  write_atomically(path_, "old");
  const auto half = [&](int descriptor) {
    write_all(descriptor, "new", 3, path_);
    throw std::runtime_error("stopped half-way");
  };
  EXPECT_EQ(error_of<std::runtime_error>([&] { write_atomically(path_, half); }),
            "stopped half-way");
  EXPECT_EQ(read_file(path_), "old");
  EXPECT_EQ(folder_.entries(), 1U);
}

TEST_F(File, AFullDiskLeavesTheOldFileAndNothingElse) {
  write_atomically(path_, "old");
  {
    const FileSizeLimit limit(1000);
    const auto message =
        error_of<FileError>([&] { write_atomically(path_, std::string(5000, 'x')); });
    EXPECT_TRUE(contains(message, path_.string()));
    EXPECT_TRUE(contains(message, "could not write: File too large"));
  }
  EXPECT_EQ(read_file(path_), "old");
  EXPECT_EQ(folder_.entries(), 1U);
}

TEST_F(File, WriteAllNamesTheReason) {
  const int full = ::open("/dev/full", O_WRONLY);
  if (full < 0) GTEST_SKIP() << "no /dev/full here";
  const auto message = error_of<FileError>([&] { write_all(full, "x", 1, "results.json"); });
  ::close(full);
  EXPECT_EQ(message, "[results.json] could not write: No space left on device");
}

TEST_F(File, AMissingFolderIsNamed) {
  const auto message =
      error_of<FileError>([&] { write_atomically(folder_.path() / "none" / "file", "x"); });
  EXPECT_TRUE(contains(message, "none/file] could not create a temporary file beside it: No such"));
}

TEST_F(File, AFolderIsNeverReplaced) {
  std::filesystem::create_directory(path_);
  EXPECT_THROW(write_atomically(path_, "x"), FileError);
  EXPECT_TRUE(std::filesystem::is_directory(path_));
  EXPECT_EQ(folder_.entries(), 1U);
  EXPECT_TRUE(contains(error_of<FileError>([&] { read_file(path_); }),
                       "expected a file, received a folder"));
}

TEST_F(File, ReadingAMissingFileSaysSo) {
  EXPECT_EQ(error_of<FileError>([&] { read_file(path_); }),
            "[" + path_.string() + "] could not open: No such file or directory");
}

TEST_F(File, WhatIsNoFileIsRefusedByNameWithoutWaiting) {
  const auto refusal = [&] { return error_of<FileError>([&] { read_file(path_); }); };
  const auto expected = "[" + path_.string() + "] expected a file, received ";
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(refusal(), expected + "a FIFO");
  std::filesystem::remove(path_);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(path_.string().size(), sizeof address.sun_path);
  path_.string().copy(address.sun_path, sizeof address.sun_path - 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(refusal(), expected + "a socket");
  ::close(socket);
  std::filesystem::remove(path_);
  std::filesystem::create_symlink("/dev/zero", path_);
  EXPECT_EQ(refusal(), expected + "a device");
  std::filesystem::remove(path_);
  std::filesystem::create_symlink(path_, path_);
  EXPECT_TRUE(contains(refusal(), "could not open: Too many levels of symbolic links"));
}

TEST_F(File, AFileThatShrinksWhileItIsReadIsAnError) {
  write_atomically(path_, "0123456789");
  const InputFile file(path_);
  EXPECT_EQ(file.size(), 10U);
  ASSERT_EQ(::truncate(path_.c_str(), 4), 0);
  std::string bytes(10, '\0');
  EXPECT_TRUE(contains(error_of<FileError>([&] { file.read_at(0, bytes.data(), bytes.size()); }),
                       "expected 10 bytes, as when it was opened, received 4: it was cut"));
  EXPECT_NO_THROW(file.read_at(1, bytes.data(), 3));
  EXPECT_EQ(bytes.substr(0, 3), "123");
}

TEST_F(File, AFileBeyondItsLimitIsNotRead) {
  write_atomically(path_, "0123456789");
  EXPECT_EQ(read_file(path_, 10), "0123456789");
  EXPECT_TRUE(contains(error_of<FileError>([&] { read_file(path_, 9); }),
                       "expected at most 9 bytes, received 10"));
  std::filesystem::resize_file(path_, std::uintmax_t{1} << 40);
  EXPECT_TRUE(contains(error_of<FileError>([&] { read_file(path_); }), "received 1099511627776"));
}

TEST_F(File, LinesOfTheKernelsFilesAreRead) {
  write_atomically(path_, "first\nsecond\n");
  EXPECT_EQ(read_line(path_), "first");
  EXPECT_EQ(read_line("/proc/sys/kernel/ostype"), "Linux");  // its size is said to be 0
}

TEST_F(File, PermissionsFollowTheUmask) {
  const mode_t before = ::umask(0027);
  write_atomically(path_, "x");
  ::umask(before);
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0640U);
}

TEST_F(File, ConcurrentWritersLeaveOneWholeFile) {
  std::vector<std::thread> writers;
  for (const char letter : {'a', 'b', 'c', 'd'}) {
    writers.emplace_back([this, letter] {
      for (int i = 0; i < 10; ++i) write_atomically(path_, std::string(10'000, letter));
    });
  }
  for (auto& writer : writers) writer.join();
  const auto bytes = read_file(path_);
  EXPECT_EQ(bytes, std::string(10'000, bytes.at(0)));
  EXPECT_EQ(folder_.entries(), 1U);
}

}  // namespace
}  // namespace muxnet
