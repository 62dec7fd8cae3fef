#include "muxnet/data/cifar.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <numeric>
#include <sstream>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "muxnet/core/names.hpp"
#include "muxnet/data/byte_stream.hpp"
#include "muxnet/data/open.hpp"

namespace muxnet {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t pixel_bytes = 3072;
constexpr std::int64_t member_limit = std::int64_t{1} << 28;  // CIFAR-100's largest: 154 MB
constexpr std::uint64_t archive_limit = std::uint64_t{1} << 30;

struct Layout {
  std::string name;
  std::string folder;
  std::vector<std::string> train;
  std::string test;
  std::string class_names;
  std::size_t classes;
  std::size_t label_bytes;  // the last of them is the label that counts

  std::vector<std::string> members() const {
    auto all = train;
    all.push_back(test);
    all.push_back(class_names);
    return all;
  }
};

/// File name -> contents, for the members of one layout.
using Members = std::map<std::string, std::string>;

struct TarInput {
  ByteStream stream;
  std::array<std::uint8_t, 1 << 16> buffer;
  std::exception_ptr error;
};

la_ssize_t pull(archive*, void* client, const void** bytes) {
  auto& input = *static_cast<TarInput*>(client);
  *bytes = input.buffer.data();
  try {
    return static_cast<la_ssize_t>(input.stream.read(input.buffer));
  } catch (...) {
    // An exception must not pass through libarchive's C frames.
    input.error = std::current_exception();
    return -1;
  }
}

std::string read_member(archive* reader, const std::string& where, std::int64_t size) {
  if (size > member_limit) {
    throw FileError(error_text(where, text("at most ", member_limit, " bytes"), text(size)));
  }
  std::string bytes;
  std::array<char, 1 << 16> buffer;
  for (;;) {
    const auto count = archive_read_data(reader, buffer.data(), buffer.size());
    if (count == 0) return bytes;
    if (count < 0) {
      const char* why = archive_error_string(reader);
      throw FileError(error_text(where, "a whole member", why ? why : "an unreadable one"));
    }
    bytes.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

void read_entry(archive* reader, archive_entry* entry, const Layout& layout, const fs::path& path,
                Members& members) {
  const char* entry_path = archive_entry_pathname(entry);
  if (entry_path == nullptr || archive_entry_filetype(entry) != AE_IFREG) return;
  const std::string name = fs::path(entry_path).filename().string();
  const auto wanted = layout.members();
  if (std::find(wanted.begin(), wanted.end(), name) == wanted.end()) return;
  const std::string where = text(path.string(), ", member ", name);
  if (archive_entry_sparse_count(entry) > 0) {
    throw FileError(error_text(where, "all of its bytes", "a sparse member"));
  }
  if (!members.emplace(name, read_member(reader, where, archive_entry_size(entry))).second) {
    throw FileError(error_text(where, "one member of that name", "two"));
  }
}

Members read_tar(const fs::path& path, const Layout& layout) {
  TarInput input{ByteStream(path, archive_limit), {}, nullptr};
  const std::unique_ptr<archive, int (*)(archive*)> reader(archive_read_new(), archive_read_free);
  archive_read_support_format_tar(reader.get());
  Members members;
  int code = archive_read_open(reader.get(), &input, nullptr, pull, nullptr);
  try {
    archive_entry* entry = nullptr;
    while (code == ARCHIVE_OK || code == ARCHIVE_WARN) {
      code = archive_read_next_header(reader.get(), &entry);
      if (code == ARCHIVE_OK || code == ARCHIVE_WARN) {
        read_entry(reader.get(), entry, layout, path, members);
      }
    }
  } catch (const FileError&) {
    if (!input.error) throw;
  }
  if (input.error) std::rethrow_exception(input.error);
  if (code != ARCHIVE_EOF) {
    const char* why = archive_error_string(reader.get());
    throw FileError(
        error_text(path.string(), "a tar or tar.gz archive", why ? why : "another file"));
  }
  // To the end, because the checksum of the gzip stream stands there.
  while (input.stream.read(input.buffer) > 0) {
  }
  return members;
}

/// The archives of a folder, for what was downloaded and left packed.
std::vector<fs::path> archives(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const auto ends = {".tar", ".tar.gz", ".tgz"};
    const auto fits = [&](const char* ending) { return name.ends_with(ending); };
    if (std::ranges::any_of(ends, fits)) found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

Members read_folder(const fs::path& path, const Layout& layout) {
  const fs::path inner = path / layout.folder;
  std::error_code ignored;
  const fs::path folder = fs::is_directory(inner, ignored) ? inner : path;
  Members members;
  for (const auto& name : layout.members()) {
    if (fs::exists(folder / name, ignored))
      members.emplace(name, read_file(folder / name, member_limit));
  }
  if (!members.empty()) return members;
  const auto packed = archives(path);
  if (packed.size() == 1) return read_tar(packed.front(), layout);
  if (packed.empty()) return members;
  throw FileError(
      error_text(path.string(), text("the name of one archive of ", layout.name),
                 joined(packed, [](const fs::path& p) { return p.filename().string(); })));
}

void append_records(const std::string& bytes, const std::string& where, const Layout& layout,
                    Dataset& dataset, std::int64_t& row) {
  const auto record = static_cast<std::size_t>(pixel_bytes) + layout.label_bytes;
  auto* labels = dataset.labels.data<std::int32_t>();
  for (std::size_t i = 0; i < bytes.size() / record; ++i, ++row) {
    const char* src = bytes.data() + i * record;
    const auto label = static_cast<std::uint8_t>(src[layout.label_bytes - 1]);
    if (label >= layout.classes) {
      throw FileError(error_text(text(where, ", record ", i),
                                 text("a label of 0 .. ", layout.classes - 1), text(int{label})));
    }
    labels[row] = label;
    std::memcpy(dataset.images.data<std::uint8_t>() + row * pixel_bytes, src + layout.label_bytes,
                pixel_bytes);
  }
}

Dataset assemble(Members& members, const std::vector<std::string>& names, const fs::path& path,
                 const Layout& layout) {
  const auto record = static_cast<std::size_t>(pixel_bytes) + layout.label_bytes;
  std::int64_t rows = 0;
  for (const auto& name : names) {
    const auto size = members.at(name).size();
    if (size == 0 || size % record != 0) {
      throw FileError(error_text(text(path.string(), ", ", name),
                                 text("records of ", record, " bytes"), text(size, " bytes")));
    }
    rows += static_cast<std::int64_t>(size / record);
  }
  Dataset result{layout.name,
                 Tensor({rows, 3, 32, 32}, DType::u8),
                 Tensor({rows}, DType::i32),
                 {},
                 std::vector<std::int64_t>(static_cast<std::size_t>(rows))};
  std::iota(result.source_index.begin(), result.source_index.end(), 0);
  std::int64_t row = 0;
  for (const auto& name : names) {
    append_records(members.at(name), text(path.string(), ", ", name), layout, result, row);
    members.erase(name);  // 150 MB less at the end
  }
  return result;
}

std::vector<std::string> read_class_names(const std::string& bytes, const fs::path& path,
                                          const Layout& layout) {
  std::vector<std::string> names;
  std::istringstream lines(bytes);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty()) names.push_back(line);
  }
  if (names.size() != layout.classes) {
    throw FileError(error_text(text(path.string(), ", ", layout.class_names),
                               text(layout.classes, " class names"), text(names.size())));
  }
  return names;
}

DatasetParts load(const fs::path& path, const Layout& layout) {
  std::error_code ignored;
  auto members =
      fs::is_directory(path, ignored) ? read_folder(path, layout) : read_tar(path, layout);
  for (const auto& name : layout.members()) {
    if (!members.contains(name)) {
      throw FileError(error_text(path.string(), text("the member ", name, " of ", layout.name),
                                 "none of that name"));
    }
  }
  const auto names = read_class_names(members.at(layout.class_names), path, layout);
  DatasetParts result;
  result.train = assemble(members, layout.train, path, layout);
  result.test = assemble(members, {layout.test}, path, layout);
  result.train.class_names = result.test.class_names = names;
  return result;
}

}  // namespace

DatasetParts load_cifar10(const fs::path& path) {
  return load(path, {"cifar10",
                     "cifar-10-batches-bin",
                     {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
                      "data_batch_4.bin", "data_batch_5.bin"},
                     "test_batch.bin",
                     "batches.meta.txt",
                     10,
                     1});
}

DatasetParts load_cifar100(const fs::path& path) {
  return load(
      path,
      {"cifar100", "cifar-100-binary", {"train.bin"}, "test.bin", "fine_label_names.txt", 100, 2});
}

void add_cifar(DataKindRegister& kinds) {
  kinds.add({"cifar10", "CIFAR-10: a folder or the tar.gz of the binary version",
             [](const fs::path& path, const ImageFolderOptions&) { return load_cifar10(path); }});
  kinds.add({"cifar100", "CIFAR-100: a folder or the tar.gz of the binary version",
             [](const fs::path& path, const ImageFolderOptions&) { return load_cifar100(path); }});
}

}  // namespace muxnet
