#include "muxnet/protocol/checks.hpp"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

static_assert(std::endian::native == std::endian::little, "the protocol's tensors are copied");

template <class Number>
std::vector<double> numbers_of(std::string_view bytes) {
  expect(bytes.size() % sizeof(Number) == 0, "output", text("bytes in groups of ", sizeof(Number)),
         text(bytes.size()));
  std::vector<double> values;
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(Number)) {
    Number value{};
    std::memcpy(&value, bytes.data() + at, sizeof(Number));
    values.push_back(static_cast<double>(value));
  }
  return values;
}

}  // namespace

void expect(bool ok, std::string_view where, std::string_view expected, std::string_view received) {
  if (!ok) throw Refused(error_text(where, expected, received));
}

std::int64_t checked_extent(std::int64_t extent, std::int64_t least) {
  expect(extent >= least && extent <= most_extent, "shape", text("extents of at least ", least),
         text(extent));
  return extent;
}

void expect_axes(std::size_t axes) {
  expect(axes <= most_axes, "shape", text("at most ", most_axes, " axes"), text(axes));
}

void expect_numbers(std::string_view datatype) {
  expect(datatype == "FP32" || datatype == "FP64", "output", "datatype FP32 or FP64",
         shown(datatype));
}

std::vector<double> numbers_in(std::string_view bytes, std::string_view datatype) {
  return datatype == "FP32" ? numbers_of<float>(bytes) : numbers_of<double>(bytes);
}

std::optional<double> sensible_time(std::optional<double> said) {
  const bool sensible = said && std::isfinite(*said) && *said >= 0;
  return sensible ? said : std::nullopt;
}

std::optional<double> number_written(std::string_view written) {
  double value = 0;
  const char* end = written.data() + written.size();
  const auto [stop, error] = std::from_chars(written.data(), end, value);
  return error == std::errc() && stop == end ? std::optional(value) : std::nullopt;
}

std::optional<double> server_timing(std::string_view header) {
  constexpr std::string_view key = "total;dur=";
  const auto at = header.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = header.substr(at + key.size());
  return sensible_time(number_written(rest.substr(0, rest.find_first_of(",; "))));
}

}  // namespace muxnet
