#include "muxnet/data/idx.hpp"

#include <cstdio>
#include <memory>
#include <numeric>

#include "muxnet/core/names.hpp"
#include "muxnet/data/byte_stream.hpp"
#include "muxnet/data/open.hpp"

namespace muxnet {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t most_data = std::int64_t{1} << 33;  // 180 times MNIST's

std::uint32_t big_endian(const std::uint8_t* bytes) {
  return (std::uint32_t{bytes[0]} << 24) | (std::uint32_t{bytes[1]} << 16) |
         (std::uint32_t{bytes[2]} << 8) | bytes[3];
}

std::string hex(std::uint32_t value) {
  char buffer[16];
  std::snprintf(buffer, sizeof buffer, "0x%08x", value);
  return buffer;
}

fs::path find_file(const fs::path& folder, const std::string& stem, const std::string& kind) {
  std::vector<std::string> tried;
  for (const char* separator : {"-", "."}) {
    for (const char* suffix : {"", ".gz"}) {
      const std::string name = stem + separator + kind + suffix;
      std::error_code ignored;
      if (fs::is_regular_file(folder / name, ignored)) return folder / name;
      tried.push_back(name);
    }
  }
  throw FileError(error_text(folder.string(), "one of the files " + joined(tried), "none of them"));
}

DatasetParts load_folder(const std::string& name, const fs::path& folder,
                         const std::vector<std::string>& class_names) {
  const auto load = [&](const std::string& part) {
    const auto images = find_file(folder, part + "-images", "idx3-ubyte");
    const auto labels = find_file(folder, part + "-labels", "idx1-ubyte");
    return load_idx_dataset(name, images, labels, class_names);
  };
  return {.train = load("train"), .test = load("t10k")};
}

}  // namespace

Tensor load_idx(const fs::path& path, int dimensions) {
  ByteStream stream(path, most_data + 1024);
  const auto head = stream.read_exactly(4, "magic number");
  const auto magic = big_endian(head.data());
  const auto expected = 0x00000800u + static_cast<std::uint32_t>(dimensions);
  if (magic != expected) {
    throw FileError(error_text(path.string(), "the IDX magic number " + hex(expected), hex(magic)));
  }
  const auto extents = stream.read_exactly(4 * static_cast<std::uint64_t>(dimensions), "sizes");
  Shape shape;
  std::int64_t count = 1;
  for (std::size_t at = 0; at < extents.size(); at += 4) {
    shape.push_back(big_endian(extents.data() + at));
    if (__builtin_mul_overflow(count, shape.back(), &count)) count = most_data + 1;
  }
  if (count < 1 || count > most_data) {
    throw FileError(error_text(path.string(), text("sizes of 1 .. ", most_data, " bytes in all"),
                               to_string(shape)));
  }
  auto bytes = std::make_shared<std::vector<std::uint8_t>>(
      stream.read_exactly(static_cast<std::uint64_t>(count), "data"));
  stream.expect_end();
  return Tensor::borrow(bytes->data(), shape, DType::u8, bytes);
}

Dataset load_idx_dataset(const std::string& name, const fs::path& images, const fs::path& labels,
                         std::vector<std::string> class_names) {
  const Tensor pixels = load_idx(images, 3);
  const Tensor marks = load_idx(labels, 1);
  if (marks.dim(0) != pixels.dim(0)) {
    throw FileError(error_text(
        labels.string(),
        text(pixels.dim(0), " labels, as many as images in ", images.filename().string()),
        text(marks.dim(0))));
  }
  Dataset result{name,
                 pixels.reshaped({pixels.dim(0), 1, pixels.dim(1), pixels.dim(2)}),
                 Tensor(marks.shape(), DType::i32),
                 std::move(class_names),
                 {}};
  for (std::int64_t row = 0; row < marks.dim(0); ++row) {
    const int label = marks.data<std::uint8_t>()[row];
    if (label >= result.classes()) {
      throw FileError(error_text(text(labels.string(), ", row ", row),
                                 text("a label of 0 .. ", result.classes() - 1), text(label)));
    }
    result.labels.data<std::int32_t>()[row] = label;
  }
  result.source_index.resize(static_cast<std::size_t>(result.size()));
  std::iota(result.source_index.begin(), result.source_index.end(), 0);
  return result;
}

DatasetParts load_mnist(const fs::path& folder) {
  return load_folder("mnist", folder, {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"});
}

DatasetParts load_fashion_mnist(const fs::path& folder) {
  return load_folder("fashion-mnist", folder,
                     {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt",
                      "Sneaker", "Bag", "Ankle boot"});
}

void add_idx(DataKindRegister& kinds) {
  kinds.add({"mnist", "MNIST: a folder with its four files",
             [](const fs::path& path, const ImageFolderOptions&) { return load_mnist(path); }});
  kinds.add(
      {"fashion-mnist", "Fashion-MNIST: a folder with its four files",
       [](const fs::path& path, const ImageFolderOptions&) { return load_fashion_mnist(path); }});
}

}  // namespace muxnet
