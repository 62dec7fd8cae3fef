#include "muxnet/protocol/datatypes.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "muxnet/core/bfloat16.hpp"
#include "muxnet/core/error.hpp"
#include "muxnet/core/half.hpp"
#include "muxnet/protocol/checks.hpp"

namespace muxnet {
namespace {

static_assert(std::endian::native == std::endian::little, "the protocol's tensors are copied");

struct Half {
  std::uint16_t bits = 0;

  Half() = default;
  explicit Half(float value) : bits(to_half(value)) {}
  explicit operator float() const { return from_half(bits); }
};

/// 0 .. 255 for 0 .. 1.
struct Pixel {
  std::uint8_t value = 0;

  explicit Pixel(float part) {
    constexpr float slack = 1e-3F;  // of a scale that is not exactly 255
    const bool fits = part >= -slack && part <= 1 + slack;
    // A message for each pixel would take longer than all else.
    if (!fits) expect(false, "input UINT8", "numbers 0 .. 1 for 0 .. 255", text(part));
    value = static_cast<std::uint8_t>(std::lround(255 * std::clamp(part, 0.0F, 1.0F)));
  }
};

template <class Number>
double widened(Number value) {
  if constexpr (std::is_arithmetic_v<Number>) {
    return static_cast<double>(value);
  } else {
    return static_cast<double>(static_cast<float>(value));
  }
}

template <class Number>
std::vector<double> read(std::string_view bytes) {
  expect(bytes.size() % sizeof(Number) == 0, "output", text("bytes in groups of ", sizeof(Number)),
         text(bytes.size()));
  std::vector<double> values;
  values.reserve(bytes.size() / sizeof(Number));
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(Number)) {
    Number value{};
    std::memcpy(&value, bytes.data() + at, sizeof(Number));
    values.push_back(widened(value));
  }
  return values;
}

template <class Number>
std::string write(std::span<const float> values) {
  std::string bytes(values.size() * sizeof(Number), '\0');
  char* place = bytes.data();
  for (const float value : values) {
    const Number number(value);
    std::memcpy(place, &number, sizeof(Number));
    place += sizeof(Number);
  }
  return bytes;
}

struct Datatype {
  std::string_view name;
  bool fractions;
  std::vector<double> (*read)(std::string_view bytes);
  std::string (*write)(std::span<const float> values) = nullptr;  ///< null: inputs are not sent so
};

constexpr std::array<Datatype, 12> datatypes = {{
    {"FP32", true, &read<float>, &write<float>},
    {"FP64", true, &read<double>, &write<double>},
    {"FP16", true, &read<Half>, &write<Half>},
    {"BF16", true, &read<bfloat16>, &write<bfloat16>},
    {"UINT8", false, &read<std::uint8_t>, &write<Pixel>},
    {"INT8", false, &read<std::int8_t>},
    {"UINT16", false, &read<std::uint16_t>},
    {"INT16", false, &read<std::int16_t>},
    {"UINT32", false, &read<std::uint32_t>},
    {"INT32", false, &read<std::int32_t>},
    {"UINT64", false, &read<std::uint64_t>},
    {"INT64", false, &read<std::int64_t>},
}};

const Datatype* find(std::string_view name) {
  const auto* found = std::find_if(datatypes.begin(), datatypes.end(),
                                   [&](const Datatype& type) { return type.name == name; });
  return found == datatypes.end() ? nullptr : found;
}

}  // namespace

bool is_sent(std::string_view datatype) {
  const Datatype* found = find(datatype);
  return found != nullptr && found->write != nullptr;
}

bool has_fractions(std::string_view datatype) {
  const Datatype* found = find(datatype);
  return found != nullptr && found->fractions;
}

bool is_whole(std::string_view datatype) {
  const Datatype* found = find(datatype);
  return found != nullptr && !found->fractions;
}

std::string bytes_of(const Tensor& numbers, std::string_view datatype) {
  const bool pixels = numbers.dtype() == DType::u8;
  expect(is_sent(datatype) && (!pixels || datatype == "UINT8"), "input", "numbers of FP32",
         text(name_of(numbers.dtype()), " for ", shown(datatype)));
  if (pixels || datatype == "FP32") {
    return {static_cast<const char*>(numbers.raw()), numbers.bytes()};
  }
  return find(datatype)->write(numbers.span<float>());
}

void expect_numbers(std::string_view datatype) {
  expect(find(datatype) != nullptr, "output", "numbers, as of FP32", shown(datatype));
}

std::vector<double> numbers_in(std::string_view bytes, std::string_view datatype) {
  expect_numbers(datatype);
  return find(datatype)->read(bytes);
}

}  // namespace muxnet
