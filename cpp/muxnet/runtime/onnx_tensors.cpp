#include "muxnet/runtime/onnx_tensors.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <optional>

#include "muxnet/core/error.hpp"
#include "muxnet/core/tensor.hpp"

namespace muxnet {
namespace {

constexpr int max_depth = 16;  // of graphs within graphs

enum Wire : std::uint64_t { varints = 0, eight_bytes = 1, length_first = 2, four_bytes = 5 };

/// One field of a protobuf message: its number, its form, and its value or its bytes.
struct Field {
  std::uint64_t number = 0;
  std::uint64_t wire = 0;
  std::uint64_t value = 0;
  std::string_view bytes;

  bool holds(std::uint64_t message) const { return number == message && wire == length_first; }
};

/// The fields of a message, one by one. Source: protobuf.dev/programming-guides/encoding.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : left_(bytes) {}

  std::optional<Field> next() {
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

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1).front());
      value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80U) return value;
    }
    refuse();
  }

  bool empty() const { return left_.empty(); }

  [[noreturn]] static void refuse() {
    throw std::invalid_argument(error_text("ONNX", "a whole protobuf message", "another file"));
  }

 private:
  std::string_view take(std::uint64_t count) {
    if (count > left_.size()) refuse();
    const auto taken = left_.substr(0, count);
    left_.remove_prefix(count);
    return taken;
  }

  std::string_view left_;
};

/// How a data_type lies in a TensorProto: bytes of a value in raw_data, and the field that has its
/// values where they are not raw.
struct Layout {
  std::int64_t raw_bytes;
  std::uint64_t field;
};
constexpr std::uint64_t float_data = 4, int32_data = 5, int64_data = 7, double_data = 10,
                        uint64_data = 11;
constexpr Layout layouts[] = {{0, 0},           {4, float_data}, {1, int32_data}, {1, int32_data},
                              {2, int32_data},  {2, int32_data}, {4, int32_data}, {8, int64_data},
                              {0, 0},           {1, int32_data}, {2, int32_data}, {8, double_data},
                              {4, uint64_data}, {8, uint64_data}};

/// What a TensorProto holds.
struct Held {
  Shape shape;
  std::uint32_t type = 0;
  std::int64_t raw_bytes = 0;
  std::array<std::int64_t, uint64_data + 1> values{};  // by field
  std::string_view name;
  bool elsewhere = false;
};

/// Adds the whole numbers of a field, packed or one, to `each`.
template <class Each>
void for_varints(const Field& field, const Each& each) {
  if (field.wire == varints) return each(field.value);
  if (field.wire != length_first) Fields::refuse();
  Fields packed(field.bytes);
  while (!packed.empty()) each(packed.varint());
}

std::int64_t fixed_count(const Field& field, std::uint64_t wire, std::int64_t width) {
  if (field.wire != wire && field.wire != length_first) Fields::refuse();
  return std::ssize(field.bytes) / width;
}

void add_field(const Field& field, Held& held) {
  constexpr std::uint32_t external = 1;
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
    case 8:
      held.name = field.bytes;
      break;
    case 9:
      if (field.wire != length_first) Fields::refuse();
      held.raw_bytes = std::ssize(field.bytes);
      break;
    case 13:
      held.elsewhere = true;
      break;
    case 14:
      held.elsewhere |= static_cast<std::uint32_t>(field.value) == external;
      break;
    default:
      break;
  }
}

void check_tensor(std::string_view bytes) {
  Held held;
  Fields fields(bytes);
  while (const auto field = fields.next()) add_field(*field, held);
  const auto where = text("tensor '", shown(held.name), '\'');
  require(!held.elsewhere, where, "its values in the model's own file", "those of another");
  const bool numbers = held.type < std::size(layouts) && layouts[held.type].raw_bytes > 0;
  require(numbers, where, "a type of plain numbers", text("type ", held.type));
  const Layout& layout = layouts[held.type];
  const std::int64_t values = volume(held.shape), listed = held.values[layout.field];
  const std::int64_t raw = held.raw_bytes / layout.raw_bytes;
  const bool whole = held.raw_bytes % layout.raw_bytes == 0 && (raw == values || raw == 0) &&
                     (listed == values || listed == 0) && std::max(raw, listed) == values;
  require(whole, where, text("the values of shape ", to_string(held.shape)),
          text(std::max(raw, listed)));
}

void check_graph(std::string_view bytes, int depth);

void check_attribute(std::string_view bytes, int depth) {
  Fields fields(bytes);
  int singles = 0;
  while (const auto field = fields.next()) {
    // Two of a kind would be read as one message.
    singles += field->holds(5) || field->holds(6) ? 1 : 0;
    if (singles > 1) Fields::refuse();
    if (field->holds(5) || field->holds(10)) check_tensor(field->bytes);
    if (field->holds(6) || field->holds(11)) check_graph(field->bytes, depth + 1);
  }
}

void check_node(std::string_view bytes, int depth) {
  Fields fields(bytes);
  while (const auto field = fields.next()) {
    if (field->holds(5)) check_attribute(field->bytes, depth);
  }
}

void check_graph(std::string_view bytes, int depth) {
  require(depth <= max_depth, "ONNX", text("graphs at most ", max_depth, " levels deep"), "more");
  Fields fields(bytes);
  while (const auto field = fields.next()) {
    if (field->holds(1)) check_node(field->bytes, depth);
    if (field->holds(5)) check_tensor(field->bytes);
  }
}

}  // namespace

void check_onnx_tensors(std::string_view model) {
  Fields fields(model);
  while (const auto field = fields.next()) {
    if (field->holds(7)) check_graph(field->bytes, 0);
  }
}

}  // namespace muxnet
