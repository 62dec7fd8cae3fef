#include "muxnet/core/safetensors.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <stdexcept>
#include <utility>
#include <vector>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "muxnet/core/json.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/core/names.hpp"

namespace muxnet {
namespace {

using Json = nlohmann::json;

constexpr const char* metadata_key = "__metadata__";
constexpr std::size_t max_header_bytes = 100'000'000;  // the format's own bound
constexpr JsonLimits header_limits{.bytes = max_header_bytes, .depth = 3, .values = 4 << 20};

struct DTypeName {
  DType dtype;
  const char* name;
};
constexpr DTypeName dtype_names[] = {{DType::f32, "F32"},
                                     {DType::f64, "F64"},
                                     {DType::u8, "U8"},
                                     {DType::i32, "I32"},
                                     {DType::i64, "I64"}};

const char* name_in_file(DType dtype) {
  const auto* entry = std::find_if(std::begin(dtype_names), std::end(dtype_names),
                                   [&](const DTypeName& e) { return e.dtype == dtype; });
  return entry->name;
}

DType dtype_from_file(const std::string& name) {
  for (const auto& entry : dtype_names) {
    if (name == entry.name) return entry.dtype;
  }
  throw FileError(error_text("dtype", "F32, F64, U8, I32 or I64", name));
}

std::string header_of(const SafeTensors& content) {
  Json header = Json::object();
  if (!content.metadata.empty()) header[metadata_key] = content.metadata;
  std::size_t offset = 0;
  for (const auto& [name, tensor] : content.tensors) {
    require(name != metadata_key, "safetensors", "a tensor name", name);
    header[name] = {{"dtype", name_in_file(tensor.dtype())},
                    {"shape", tensor.shape()},
                    {"data_offsets", {offset, offset + tensor.bytes()}}};
    offset += tensor.bytes();
  }
  try {
    std::string result = header.dump();
    result.resize((result.size() + 7) / 8 * 8, ' ');  // keeps the data 8-byte aligned
    return result;
  } catch (const Json::type_error& error) {
    throw std::invalid_argument(error_text("safetensors", "names in UTF-8", error.what()));
  }
}

/// The array of whole numbers under `key`; nlohmann would round 1.5 and take `true` for 1.
std::vector<std::int64_t> integers(const Json& entry, const char* key) {
  const auto refuse = [&](const Json& value) {
    throw FileError(error_text(key, "an array of whole numbers from 0 to 2^63 - 1",
                               value.is_primitive() ? value.dump() : value.type_name()));
  };
  const Json& values = entry.at(key);
  if (!values.is_array()) refuse(values);
  constexpr auto largest = std::uint64_t{std::numeric_limits<std::int64_t>::max()};
  for (const auto& value : values) {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > largest) refuse(value);
  }
  return values.get<std::vector<std::int64_t>>();
}

struct Extent {
  std::size_t begin;
  std::size_t end;
};

/// Every byte of the data belongs to exactly one tensor, as the format demands.
void check_cover(std::vector<Extent> extents, std::size_t data_bytes) {
  std::sort(extents.begin(), extents.end(), [](Extent a, Extent b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::size_t position = 0;
  for (const auto& extent : extents) {
    if (extent.begin != position) {
      throw FileError(error_text("data_offsets", text("tensors side by side from byte ", position),
                                 text("one that begins at ", extent.begin)));
    }
    position = extent.end;
  }
  if (position != data_bytes) {
    throw FileError(error_text("data", text(position, " bytes"), text(data_bytes, " bytes")));
  }
}

/// A tensor as the header describes it.
struct Entry {
  std::string name;
  DType dtype;
  Shape shape;
  Extent extent;
};

Entry read_entry(const std::string& name, const Json& content, std::uint64_t data_bytes) {
  const auto dtype = dtype_from_file(content.at("dtype").get<std::string>());
  Shape shape = integers(content, "shape");
  const auto offsets = integers(content, "data_offsets");
  if (offsets.size() != 2 || offsets[0] > offsets[1] || std::cmp_greater(offsets[1], data_bytes)) {
    throw FileError(error_text("data_offsets",
                               text("[begin, end] with begin <= end <= ", data_bytes),
                               to_string(offsets)));
  }
  std::int64_t expected = 0;
  if (__builtin_mul_overflow(volume(shape), static_cast<std::int64_t>(size_of(dtype)), &expected) ||
      offsets[1] - offsets[0] != expected) {
    throw FileError(error_text("data_offsets",
                               text("the bytes of ", to_string(shape), " in ", name_of(dtype)),
                               text(offsets[1] - offsets[0], " bytes")));
  }
  return {name,
          dtype,
          std::move(shape),
          {static_cast<std::size_t>(offsets[0]), static_cast<std::size_t>(offsets[1])}};
}

/// The JSON header; what follows it begins at 8 + its size.
std::string header_in(const InputFile& file) {
  std::uint64_t header_bytes = 0;
  if (file.size() < sizeof header_bytes) {
    throw FileError(error_text("size", "at least 8 bytes", text(file.size())));
  }
  file.read_at(0, &header_bytes, sizeof header_bytes);
  const std::uint64_t most =
      std::min<std::uint64_t>(file.size() - sizeof header_bytes, max_header_bytes);
  if (header_bytes > most) {
    throw FileError(error_text("header", text("at most ", most, " bytes"), text(header_bytes)));
  }
  std::string header(header_bytes, '\0');
  file.read_at(sizeof header_bytes, header.data(), header.size());
  return header;
}

std::vector<Entry> entries_in(const Json& header, std::uint64_t data_bytes, SafeTensors& result) {
  if (!header.is_object())
    throw FileError(error_text("header", "a JSON object", header.type_name()));
  std::vector<Entry> entries;
  for (const auto& [name, content] : header.items()) {
    if (name == metadata_key) {
      result.metadata = content.get<std::map<std::string, std::string>>();
      continue;
    }
    try {
      entries.push_back(read_entry(name, content, data_bytes));
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& error) {
      throw FileError(text("tensor '", shortened(name, 200), "': ", error.what()));
    }
  }
  return entries;
}

/// Nothing is made of the data before the whole header fits them.
SafeTensors read(const InputFile& file) {
  const std::string header = header_in(file);
  const std::uint64_t begin = sizeof(std::uint64_t) + header.size();
  const std::uint64_t data_bytes = file.size() - begin;
  SafeTensors result;
  const auto entries = entries_in(parse_json(header, header_limits), data_bytes, result);
  std::vector<Extent> extents;
  for (const auto& entry : entries) extents.push_back(entry.extent);
  check_cover(std::move(extents), data_bytes);
  for (const auto& entry : entries) {
    Tensor tensor(entry.shape, entry.dtype);
    file.read_at(begin + entry.extent.begin, tensor.raw(), tensor.bytes());
    result.tensors.emplace_hint(result.tensors.end(), entry.name, std::move(tensor));
  }
  return result;
}

}  // namespace

const Tensor& SafeTensors::at(const std::string& name) const {
  const auto found = tensors.find(name);
  if (found != tensors.end()) return found->second;
  throw std::invalid_argument(
      error_text("safetensors", text("a tensor '", name, "'"), joined(tensors, key_of)));
}

void save_safetensors(const std::filesystem::path& path, const SafeTensors& content) {
  const std::string header = header_of(content);
  write_atomically(path, [&](int descriptor) {
    const std::uint64_t header_bytes = header.size();
    write_all(descriptor, &header_bytes, sizeof header_bytes, path);
    write_all(descriptor, header.data(), header.size(), path);
    for (const auto& [name, tensor] : content.tensors) {
      write_all(descriptor, tensor.raw(), tensor.bytes(), path);
    }
  });
}

SafeTensors load_safetensors(const std::filesystem::path& path) {
  const InputFile file(path);
  try {
    return read(file);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    throw FileError(text('[', path.string(), "] is no valid safetensors file: ", error.what()));
  }
}

}  // namespace muxnet
