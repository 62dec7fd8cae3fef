#include "muxnet/protocol/checks.hpp"

#include <charconv>
#include <cmath>

#include "muxnet/core/error.hpp"

namespace muxnet {

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
