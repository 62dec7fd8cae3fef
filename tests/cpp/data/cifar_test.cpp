#include "muxnet/data/cifar.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "data/files.hpp"
#include "muxnet/data/open.hpp"
#include "support/resources.hpp"

namespace muxnet {
namespace {

using testing::Entries;
using testing::expect_error;
using testing::read_bytes;
using testing::TempFolder;
using testing::write_file;
using testing::write_gzip;

constexpr std::size_t pixels = 3072;

std::string record(std::string labels, int first) {
  for (std::size_t i = 0; i < pixels; ++i) {
    labels += static_cast<char>((static_cast<std::size_t>(first) + i) % 256);
  }
  return labels;
}

std::string lines(int count) {
  std::string names;
  for (int i = 0; i < count; ++i) names += text("class", i, '\n');
  return names + "\n";  // the official file ends in an empty line
}

std::string one(int label) { return std::string(1, static_cast<char>(label)); }

/// Out of order, as in a real archive.
Entries cifar10_entries() {
  const std::string folder = "cifar-10-batches-bin/";
  Entries entries;
  for (const int batch : {4, 5, 2, 1, 3}) {
    entries.emplace_back(text(folder, "data_batch_", batch, ".bin"),
                         record(one(batch), batch) + record(one(0), 100 + batch));
  }
  entries.emplace_back(folder + "batches.meta.txt", lines(10));
  entries.emplace_back(folder + "readme.html", "not read");
  entries.emplace_back(folder + "test_batch.bin", record(one(9), 7));
  return entries;
}

void write_entries(const TempFolder& folder, const Entries& entries) {
  for (const auto& [name, bytes] : entries) write_file(folder / name, bytes);
}

std::string& member(Entries& entries, const std::string& name) {
  for (auto& [path, bytes] : entries) {
    if (path.ends_with(name)) return bytes;
  }
  throw std::out_of_range(name);
}

void check_cifar10(const DatasetParts& data) {
  data.train.validate();
  data.test.validate();
  EXPECT_EQ(data.train.images.shape(), (Shape{10, 3, 32, 32}));
  const auto labels = data.train.labels.span<std::int32_t>();
  EXPECT_EQ(std::vector<std::int32_t>(labels.begin(), labels.end()),
            (std::vector<std::int32_t>{1, 0, 2, 0, 3, 0, 4, 0, 5, 0}));
  EXPECT_EQ(data.train.images.data<std::uint8_t>()[9 * pixels + 1], 106);
  EXPECT_EQ(data.train.source_index.back(), 9);
  EXPECT_EQ(data.test.labels.data<std::int32_t>()[0], 9);
  EXPECT_EQ(data.test.images.data<std::uint8_t>()[0], 7);
  EXPECT_EQ(data.test.class_names.at(9), "class9");
}

TEST(Cifar, ReadsTheFolderAndItsParent) {
  const TempFolder folder;
  write_entries(folder, cifar10_entries());
  check_cifar10(load_cifar10(folder.path()));
  check_cifar10(load_cifar10(folder / "cifar-10-batches-bin"));
}

TEST(Cifar, ReadsTheArchiveInTheOrderOfTheNames) {
  const TempFolder folder;
  write_gzip(folder / "cifar.tar.gz", cifar10_entries(), false);
  check_cifar10(load_cifar10(folder / "cifar.tar.gz"));
  check_cifar10(open_dataset("cifar10:" + (folder / "cifar.tar.gz").string()));
}

TEST(Cifar, ReadsTheOnlyArchiveOfAFolder) {
  const TempFolder folder;
  write_gzip(folder / "cifar.tar.gz", cifar10_entries(), false);
  check_cifar10(load_cifar10(folder.path()));
  write_gzip(folder / "another.tgz", cifar10_entries(), false);
  expect_error<FileError>([&] { load_cifar10(folder.path()); },
                          {folder.path().string(), "expected the name of one archive of cifar10",
                           "received another.tgz, cifar.tar.gz"});
}

TEST(Cifar, Cifar100TakesTheFineLabel) {
  const TempFolder folder;
  const std::string names = lines(100);
  const Entries entries{
      {"cifar-100-binary/train.bin", record("\x13\x63", 1) + record("\x13\x05", 2)},
      {"cifar-100-binary/test.bin", record("\x01\x02", 3)},
      {"cifar-100-binary/coarse_label_names.txt", lines(20)},
      {"cifar-100-binary/fine_label_names.txt", names}};
  write_entries(folder, entries);
  write_gzip(folder / "cifar.tar.gz", entries, false);
  for (const auto& path : {folder.path(), folder / "cifar.tar.gz"}) {
    const auto data = load_cifar100(path);
    data.train.validate();
    EXPECT_EQ(data.train.labels.data<std::int32_t>()[0], 99);
    EXPECT_EQ(data.train.labels.data<std::int32_t>()[1], 5);
    EXPECT_EQ(data.train.images.data<std::uint8_t>()[0], 1);
    EXPECT_EQ(data.test.classes(), 100);
  }
}

TEST(Cifar, RefusesDamagedContents) {
  const auto refused = [](Entries entries, const std::vector<std::string>& parts) {
    const TempFolder folder;
    write_entries(folder, entries);
    write_gzip(folder / "cifar.tar.gz", entries, false);
    for (const auto& path : {folder.path(), folder / "cifar.tar.gz"}) {
      expect_error<FileError>([&] { load_cifar10(path); }, parts);
    }
  };
  auto entries = cifar10_entries();
  member(entries, "data_batch_3.bin").pop_back();
  refused(entries, {"data_batch_3.bin", "records of 3073 bytes", "6145 bytes"});
  entries = cifar10_entries();
  member(entries, "test_batch.bin").clear();
  refused(entries, {"test_batch.bin", "records of 3073 bytes", "0 bytes"});
  entries = cifar10_entries();
  member(entries, "data_batch_2.bin")[3073] = 10;
  refused(entries, {"data_batch_2.bin, record 1", "a label of 0 .. 9", "received 10"});
  entries = cifar10_entries();
  member(entries, "batches.meta.txt") = lines(9);
  refused(entries, {"batches.meta.txt", "10 class names", "received 9"});
  entries = cifar10_entries();
  std::erase_if(entries, [](const auto& entry) { return entry.first.ends_with("_4.bin"); });
  refused(entries, {"the member data_batch_4.bin of cifar10", "none of that name"});
}

TEST(Cifar, RefusesDamagedArchives) {
  const TempFolder folder;
  const auto path = folder / "cifar.tar.gz";
  const auto refused = [&](const std::vector<std::string>& parts) {
    expect_error<FileError>([&] { load_cifar10(path); }, parts);
  };
  write_gzip(path, cifar10_entries(), false);
  const std::string good = read_bytes(path);
  write_file(path, good.substr(0, good.size() / 2));
  refused({path.string(), "a whole file", "truncated"});
  std::string flipped = good;
  flipped[good.size() - 6] ^= 1;
  write_file(path, flipped);
  refused({path.string(), "incorrect data check"});
  write_file(path, std::string(5000, 'x'));
  refused({path.string(), "a tar or tar.gz archive"});
  write_file(path, "");
  refused({path.string()});
  std::filesystem::remove(path);
  refused({path.string(), "No such file"});
  auto entries = cifar10_entries();
  entries.emplace_back("other/test_batch.bin", record(one(1), 1));
  write_gzip(path, entries, false);
  refused({"member test_batch.bin", "one member of that name", "two"});
}

/// A tar whose one member says that it has 4 GiB, of which none are there: as they are (type '0'),
/// or as a hole (type 'S' of GNU tar).
std::string hollow_tar(char type) {
  std::string header(512, '\0');
  const auto put = [&](std::size_t at, const std::string& value) {
    header.replace(at, value.size(), value);
  };
  const std::string size = "40000000000";
  put(0, "cifar-10-batches-bin/data_batch_1.bin");
  put(100, "0000644");
  put(124, type == 'S' ? "00000000000" : size);
  put(136, "00000000000");
  put(148, "        ");
  put(156, std::string(1, type));
  put(257, "ustar  ");
  if (type == 'S') {
    put(386, size);  // of nothing, at the end
    put(398, "00000000000");
    put(483, size);
  }
  unsigned sum = 0;
  for (const char byte : header) sum += static_cast<unsigned char>(byte);
  char digits[8];
  std::snprintf(digits, sizeof digits, "%06o", sum);
  put(148, digits);
  return header + std::string(1024, '\0');
}

TEST(Cifar, MembersThatPromiseMoreThanTheyHoldAreRefused) {
  const TempFolder folder;
  const auto path = folder / "cifar.tar";
  const testing::Taken taken;
  write_file(path, hollow_tar('S'));
  expect_error<FileError>([&] { load_cifar10(path); }, {"data_batch_1.bin", "a sparse member"});
  write_file(path, hollow_tar('0'));
  expect_error<FileError>([&] { load_cifar10(path); },
                          {"data_batch_1.bin", "at most 268435456 bytes", "4294967296"});
  EXPECT_LT(taken.peak_mib(), 16);
}

TEST(OpenDataset, AnUnknownKindListsTheKnownOnes) {
  for (const std::string spec : {"cifar10", "cifar10:", ":x", ""}) {
    expect_error<std::invalid_argument>(
        [&] { open_dataset(spec); },
        {"open_dataset", "mnist:PATH, fashion-mnist:PATH, cifar10:PATH, cifar100:PATH, images:PATH",
         '"' + spec + '"'});
  }
  expect_error<std::invalid_argument>(
      [&] { open_dataset("svhn:x"); },
      {"data kinds", "one of mnist, fashion-mnist, cifar10", "svhn"});
}

}  // namespace
}  // namespace muxnet
