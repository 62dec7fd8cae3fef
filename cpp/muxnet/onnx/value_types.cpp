#include "muxnet/onnx/value_types.hpp"

#include <iterator>

namespace muxnet {
namespace {

// Fields of TensorProto.
constexpr std::uint64_t floats = 4, i32s = 5, strings = 6, i64s = 7, doubles = 10, u64s = 11;

// By number; the types of 8 bits and fewer are for weights alone.
constexpr ElementType types[] = {{"", 0, 0},           {"f32", 32, floats}, {"u8", 8, i32s},
                                 {"i8", 8, i32s},      {"u16", 16, i32s},   {"i16", 16, i32s},
                                 {"i32", 32, i32s},    {"i64", 64, i64s},   {"string", 0, strings},
                                 {"bool", 8, i32s},    {"f16", 16, i32s},   {"f64", 64, doubles},
                                 {"u32", 32, u64s},    {"u64", 64, u64s},   {"", 0, 0},
                                 {"", 0, 0},           {"bf16", 16, i32s},  {"f8e4m3", 8, i32s},
                                 {"f8e4m3u", 8, i32s}, {"f8e5m2", 8, i32s}, {"f8e5m2u", 8, i32s},
                                 {"u4", 4, i32s},      {"i4", 4, i32s}};

}  // namespace

const ElementType* element_type(std::int64_t number) {
  const bool known = number > 0 && number < std::ssize(types);
  return known && !types[number].name.empty() ? &types[number] : nullptr;
}

int number_of(std::string_view name) {
  for (int number = 1; number < std::ssize(types); ++number) {
    if (!name.empty() && types[number].name == name) return number;
  }
  return 0;
}

std::int64_t element_bytes(std::string_view name) { return types[number_of(name)].bits / 8; }

}  // namespace muxnet
