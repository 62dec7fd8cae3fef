#include "muxnet/onnx/tensor_check.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <iterator>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "muxnet/core/tensor.hpp"
#include "muxnet/onnx/protobuf.hpp"
#include "muxnet/onnx/value_types.hpp"

namespace muxnet {
namespace {

using namespace protobuf;
namespace fs = std::filesystem;

constexpr std::uint64_t float_data = 4, int32_data = 5, string_data = 6, int64_data = 7,
                        double_data = 10, uint64_data = 11;
constexpr std::int64_t most_values = std::int64_t{1} << 48U;

/// What a TensorProto holds.
struct Held {
  Shape shape;
  std::uint32_t type = 0;
  std::int64_t raw_bytes = 0;
  std::array<std::int64_t, uint64_data + 1> values{};  // by field
  std::string_view name;
  bool elsewhere = false;
  std::string_view location;  // where its values lie in another file
  std::int64_t offset = 0;
  std::int64_t length = -1;
};

std::int64_t fixed_count(const Field& field, std::uint64_t wire, std::int64_t width) {
  if (field.wire != wire && field.wire != length_first) Fields::refuse();
  return std::ssize(field.bytes) / width;
}

std::int64_t whole_number(std::string_view key, std::string_view written) {
  std::int64_t value = -1;
  const auto [end, error] = std::from_chars(written.begin(), written.end(), value);
  require(error == std::errc() && end == written.end() && value >= 0,
          text("values in another file, ", key), "a whole number",
          text('\'', shown(written), '\''));
  return value;
}

void add_entry(std::string_view entry, Held& held) {
  std::string_view key, value;
  Fields fields(entry);
  while (const auto field = fields.next()) {
    if (field->holds(1)) key = field->bytes;
    if (field->holds(2)) value = field->bytes;
  }
  if (key == "location") held.location = value;
  if (key == "offset") held.offset = whole_number(key, value);
  if (key == "length") held.length = whole_number(key, value);
}

void add_place(const Field& field, Held& held) {
  constexpr std::uint32_t external = 1;
  if (field.number == 13) add_entry(field.bytes, held);
  held.elsewhere |= field.number == 13 ||
                    (field.number == 14 && static_cast<std::uint32_t>(field.value) == external);
}

void add_field(const Field& field, Held& held) {
  switch (field.number) {
    case 1:
      for_varints(field, [&](std::uint64_t extent) {
        if (held.shape.size() <= max_axes) held.shape.push_back(static_cast<std::int64_t>(extent));
      });
      break;
    case 2:
      held.type = static_cast<std::uint32_t>(field.value);
      break;
    case float_data:
      held.values[float_data] += fixed_count(field, four_bytes, 4);
      break;
    case double_data:
      held.values[double_data] += fixed_count(field, eight_bytes, 8);
      break;
    case int32_data:
    case int64_data:
    case uint64_data:
      for_varints(field, [&](std::uint64_t) { ++held.values[field.number]; });
      break;
    case string_data:
      ++held.values[string_data];
      break;
    case 8:
      held.name = field.bytes;
      break;
    case 9:
      if (field.wire != length_first) Fields::refuse();
      held.raw_bytes = std::ssize(field.bytes);
      break;
    default:
      add_place(field, held);
  }
}

Held read(std::string_view tensor) {
  Held held;
  Fields fields(tensor);
  while (const auto field = fields.next()) add_field(*field, held);
  return held;
}

std::int64_t bytes_of(const Held& held, const ElementType& type) {
  const std::int64_t values = volume(held.shape);
  return (values / 8) * type.bits + (values % 8 * type.bits + 7) / 8;
}

/// Values in another file: one beside the model, and long enough.
void check_place(const Held& held, std::int64_t bytes, const std::string& where,
                 const std::string& folder, std::set<std::string>& files) {
  const std::string name(held.location);
  const fs::path path(name);
  const bool inside = !name.empty() && name.find('\0') == std::string::npos && path.is_relative() &&
                      std::find(path.begin(), path.end(), "..") == path.end();
  require(inside, where, "values in a file of the model's own folder", shown(name));
  require(held.length < 0 || held.length == bytes, where, text(bytes, " bytes of values"),
          text(held.length));
  std::int64_t there = 0;
  try {
    there = static_cast<std::int64_t>(InputFile(fs::path(folder) / path).size());
  } catch (const FileError& failure) {
    throw std::invalid_argument(error_text(where, "values in another file", failure.what()));
  }
  require(bytes <= there && held.offset <= there - bytes, where,
          text(bytes, " bytes from byte ", held.offset, " on in ", shown(name)),
          text("a file of ", there));
  files.insert(name);
}

}  // namespace

void check_onnx_tensor(std::string_view tensor, const std::string& folder,
                       std::set<std::string>& files) {
  const Held held = read(tensor);
  const auto where = text("tensor '", shown(held.name), '\'');
  const ElementType* type = element_type(held.type);
  require(type != nullptr, where, "a type of plain numbers", text("type ", held.type));
  const std::int64_t values = volume(held.shape), listed = held.values[type->field];
  require(values <= most_values, where, text("at most ", most_values, " values"), text(values));
  const std::int64_t bytes = bytes_of(held, *type);
  if (held.elsewhere) {
    require(type->bits > 0 && held.raw_bytes == 0, where, "values in one place", "several");
    return check_place(held, bytes, where, folder, files);
  }
  // Raw, or listed, or both.
  const bool raw = held.raw_bytes == bytes && (type->bits > 0 || values == 0);
  const std::int64_t numbers = type->bits == 4 ? (values + 1) / 2 : values;  // two in one
  const bool whole = (raw || held.raw_bytes == 0) && (listed == numbers || listed == 0) &&
                     (raw || listed == numbers);
  require(whole, where, text("the values of shape ", to_string(held.shape)),
          text(held.raw_bytes > 0 ? held.raw_bytes : listed,
               held.raw_bytes > 0 ? " bytes" : " values"));
}

ExternalValues external_values(std::string_view tensor) {
  const Held held = read(tensor);
  const ElementType* type = element_type(held.type);
  if (!held.elsewhere || type == nullptr) return {};
  return {std::string(held.location), held.offset, bytes_of(held, *type)};
}

}  // namespace muxnet
