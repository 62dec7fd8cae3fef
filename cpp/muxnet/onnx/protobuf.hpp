#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace muxnet::protobuf {

enum Wire : std::uint64_t { varints = 0, eight_bytes = 1, length_first = 2, four_bytes = 5 };

/// One field of a message: its number, its form, and its value or its bytes.
struct Field {
  std::uint64_t number = 0;
  std::uint64_t wire = 0;
  std::uint64_t value = 0;
  std::string_view bytes;

  /// Whether it is this field, and has bytes: a message or a text.
  bool holds(std::uint64_t field) const { return number == field && wire == length_first; }
  /// Whether it is this field, and a whole number.
  bool counts(std::uint64_t field) const { return number == field && wire == varints; }
};

/// The fields of a message, one by one, nothing copied. Throws std::invalid_argument for bytes that
/// are no message. Source: protobuf.dev/programming-guides/encoding.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : left_(bytes) {}

  std::optional<Field> next();
  std::uint64_t varint();
  bool empty() const { return left_.empty(); }

  [[noreturn]] static void refuse();

 private:
  std::string_view take(std::uint64_t count);

  std::string_view left_;
};

/// Hands the whole numbers of a repeated field, packed or one, to `each`.
template <class Each>
void for_varints(const Field& field, const Each& each) {
  if (field.wire == varints) return each(field.value);
  if (field.wire != length_first) Fields::refuse();
  Fields packed(field.bytes);
  while (!packed.empty()) each(packed.varint());
}

/// Writes a field at the end of `result`: of length_first its `bytes`, of others its value or
/// bytes.
void append(const Field& field, std::string_view bytes, std::string& result);

}  // namespace muxnet::protobuf
