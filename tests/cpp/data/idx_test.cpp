#include "muxnet/data/idx.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include "data/files.hpp"
#include "muxnet/data/byte_stream.hpp"
#include "support/resources.hpp"

namespace muxnet {
namespace {

using testing::expect_error;
using testing::read_bytes;
using testing::TempFolder;
using testing::write_file;
using testing::write_gzip;

std::string word(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

std::string idx_images(std::uint32_t count, std::uint32_t side) {
  std::string bytes = word(0x803) + word(count) + word(side) + word(side);
  for (std::uint32_t i = 0; i < count * side * side; ++i) bytes += static_cast<char>(i % 251);
  return bytes;
}

std::string idx_labels(const std::string& labels) {
  return word(0x801) + word(static_cast<std::uint32_t>(labels.size())) + labels;
}

const std::string two_labels("\x09\x00", 2);

void write_mnist(const TempFolder& folder, const std::string& separator) {
  write_file(folder / ("train-images" + separator + "idx3-ubyte"), idx_images(3, 4));
  write_file(folder / ("train-labels" + separator + "idx1-ubyte"), idx_labels("\1\2\3"));
  write_file(folder / ("t10k-images" + separator + "idx3-ubyte"), idx_images(2, 4));
  write_file(folder / ("t10k-labels" + separator + "idx1-ubyte"), idx_labels(two_labels));
}

void check_mnist(const DatasetParts& data) {
  data.train.validate();
  data.test.validate();
  EXPECT_EQ(data.train.images.shape(), (Shape{3, 1, 4, 4}));
  EXPECT_EQ(data.test.size(), 2);
  EXPECT_EQ(data.train.images.data<std::uint8_t>()[47], 47);
  EXPECT_EQ(data.train.labels.data<std::int32_t>()[2], 3);
  EXPECT_EQ(data.test.labels.data<std::int32_t>()[0], 9);
  EXPECT_EQ(data.train.source_index, (std::vector<std::int64_t>{0, 1, 2}));
  EXPECT_EQ(data.train.classes(), 10);
}

TEST(Idx, ReadsAFolderInBothSpellings) {
  for (const std::string separator : {"-", "."}) {
    const TempFolder folder;
    write_mnist(folder, separator);
    check_mnist(load_mnist(folder.path()));
    EXPECT_EQ(load_fashion_mnist(folder.path()).train.class_names.at(9), "Ankle boot");
  }
}

TEST(Idx, ReadsGzip) {
  const TempFolder folder;
  write_mnist(folder, "-");
  for (const std::string name : {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                 "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"}) {
    write_gzip(folder / (name + ".gz"), {{name, read_bytes(folder / name)}}, true);
    std::filesystem::remove(folder / name);
  }
  check_mnist(load_mnist(folder.path()));
}

TEST(Idx, WhatTheFileCannotHoldIsRefusedBeforeItIsRead) {
  const TempFolder folder;
  const auto path = folder / "images";
  for (const std::uint32_t side : {20'000U, 65'536U, ~0U}) {
    write_file(path, word(0x803) + word(5) + word(side) + word(side));
    const testing::Taken taken;
    expect_error<FileError>([&] { load_idx(path, 3); }, {path.string(), "bytes"});
    EXPECT_LT(taken.peak_mib(), 16);
  }
  write_gzip(path, {{"head", word(0x803) + word(600) + word(1'000) + word(1'000)}}, true);
  write_gzip(folder / "piece", {{"zeros", std::string(1'000'000, '\0')}}, true);
  std::string bomb = read_bytes(path);
  for (int i = 0; i < 600; ++i) bomb += read_bytes(folder / "piece");
  write_file(path, bomb);
  const testing::Taken taken;
  expect_error<FileError>([&] { load_idx(path, 3); },
                          {path.string(), "600000000 bytes of data", "of so small a file"});
  EXPECT_LT(taken.peak_mib(), 16);
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  expect_error<FileError>([&] { load_idx(folder / "fifo", 3); }, {"a file", "a FIFO"});
}

TEST(ByteStream, UnpacksNoMoreThanIsAllowed) {
  const TempFolder folder;
  const auto path = folder / "zeros.gz";
  write_gzip(path, {{"zeros", std::string(100'000, '\0')}}, true);
  std::vector<std::uint8_t> bytes(200'000);
  EXPECT_EQ(ByteStream(path, 100'000).read(bytes), 100'000U);
  ByteStream stream(path, 99'999);
  expect_error<FileError>([&] { stream.read(bytes); }, {path.string(), "when unpacked"});
}

TEST(Idx, AMissingFileIsNamedWithAllItsSpellings) {
  const TempFolder folder;
  write_mnist(folder, "-");
  std::filesystem::remove(folder / "t10k-labels-idx1-ubyte");
  expect_error<FileError>([&] { load_mnist(folder.path()); },
                          {folder.path().string(), "t10k-labels-idx1-ubyte.gz",
                           "t10k-labels.idx1-ubyte", "none of them"});
  expect_error<FileError>([&] { load_mnist(folder / "absent"); }, {"absent", "train-images"});
}

TEST(Idx, RefusesDamagedFiles) {
  const TempFolder folder;
  const auto path = folder / "file";
  const auto refused = [&](const std::string& bytes, const std::vector<std::string>& parts) {
    write_file(path, bytes);
    expect_error<FileError>([&] { load_idx(path, 3); }, parts);
  };
  const std::string good = idx_images(2, 3);
  refused(idx_labels(two_labels), {path.string(), "0x00000803", "0x00000801"});
  refused("", {path.string(), "4 bytes of magic number", "received 0"});
  refused(good.substr(0, 10), {path.string(), "12 bytes of sizes", "received 6"});
  refused(good.substr(0, good.size() - 1), {path.string(), "18 bytes of data", "17", "truncated"});
  refused(good + "x", {path.string(), "the end of the file", "trailing bytes"});
  refused(word(0x803) + word(0) + word(3) + word(3), {path.string(), "sizes of 1 ..", "(0, 3, 3)"});
  // 2^96 pixels promised, none there: neither overflow nor memory.
  refused(word(0x803) + word(~0u) + word(~0u) + word(~0u), {"sizes of 1 ..", "4294967295"});
  refused(word(0x803) + word(1 << 20) + word(50) + word(50),
          {"2621440000 bytes", "received at most 16496"});
  expect_error<FileError>([&] { load_idx(folder.path(), 3); }, {"a file", "a folder"});
  expect_error<FileError>([&] { load_idx(folder / "no", 3); }, {"no]", "No such file"});
}

TEST(Idx, RefusesDamagedGzip) {
  const TempFolder folder;
  const auto path = folder / "images.gz";
  write_gzip(path, {{"images", idx_images(50, 8)}}, true);
  const std::string good = read_bytes(path);
  ASSERT_NO_THROW(load_idx(path, 3));
  for (const std::size_t cut : {std::size_t{1}, std::size_t{9}, good.size() / 2}) {
    write_file(path, good.substr(0, good.size() - cut));
    expect_error<FileError>([&] { load_idx(path, 3); },
                            {path.string(), "a whole file", "truncated"});
  }
  std::string flipped = good;
  flipped[good.size() - 6] ^= 1;  // the checksum
  write_file(path, flipped);
  expect_error<FileError>([&] { load_idx(path, 3); }, {path.string(), "incorrect data check"});
}

TEST(Idx, RefusesLabelsThatDoNotFit) {
  const TempFolder folder;
  write_file(folder / "images", idx_images(2, 3));
  const auto load = [&] {
    load_idx_dataset("x", folder / "images", folder / "labels", {"a", "b", "c"});
  };
  write_file(folder / "labels", idx_labels("\1\2\1"));
  expect_error<FileError>(load, {"labels]", "2 labels, as many as images in images", "received 3"});
  write_file(folder / "labels", idx_labels("\1\3"));
  expect_error<FileError>(load, {"labels, row 1", "a label of 0 .. 2", "received 3"});
}

}  // namespace
}  // namespace muxnet
