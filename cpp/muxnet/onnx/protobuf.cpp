#include "muxnet/onnx/protobuf.hpp"

#include "muxnet/core/error.hpp"

namespace muxnet::protobuf {

std::optional<Field> Fields::next() {
  if (left_.empty()) return std::nullopt;
  const std::uint64_t tag = varint();
  Field field{tag >> 3U, tag & 7U, 0, {}};
  switch (field.wire) {
    case varints:
      field.value = varint();
      break;
    case eight_bytes:
      field.bytes = take(8);
      break;
    case length_first:
      field.bytes = take(varint());
      break;
    case four_bytes:
      field.bytes = take(4);
      break;
    default:
      refuse();
  }
  return field;
}

std::uint64_t Fields::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const auto byte = static_cast<unsigned char>(take(1).front());
    value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if (byte < 0x80U) return value;
  }
  refuse();
}

void Fields::refuse() {
  throw std::invalid_argument(error_text("ONNX", "a whole protobuf message", "another file"));
}

std::string_view Fields::take(std::uint64_t count) {
  if (count > left_.size()) refuse();
  const auto taken = left_.substr(0, count);
  left_.remove_prefix(count);
  return taken;
}

void append(const Field& field, std::string_view bytes, std::string& result) {
  const auto write = [&](std::uint64_t value) {
    for (; value > 0x7FU; value >>= 7U) result += static_cast<char>(value | 0x80U);
    result += static_cast<char>(value);
  };
  write(field.number << 3U | field.wire);
  if (field.wire == varints) return write(field.value);
  if (field.wire == length_first) write(bytes.size());
  result += bytes;
}

}  // namespace muxnet::protobuf
