#pragma once

#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "muxnet/protocol/transport.hpp"

namespace muxnet {

/// What is wrong with an answer; stays within what decodes and checks it.
class Refused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws Refused with error_text unless `ok`.
void expect(bool ok, std::string_view where, std::string_view expected, std::string_view received);

inline constexpr std::int64_t most_extent = std::int64_t{1} << 32;
inline constexpr std::size_t most_axes = 8;

/// An extent that a server wrote; Refused below `least` or beyond most_extent.
std::int64_t checked_extent(std::int64_t extent, std::int64_t least);
/// Refused with more than most_axes.
void expect_axes(std::size_t axes);

/// The number that `written` is; none where it is not one, or has anything around it.
std::optional<double> number_written(std::string_view written);
/// A time that a server names; none where it makes no sense.
std::optional<double> sensible_time(std::optional<double> said);
/// The same out of "total;dur=1.5" of a Server-Timing header (www.w3.org/TR/server-timing).
std::optional<double> server_timing(std::string_view header);

/// What `decode` returns; what it cannot take is an error value.
template <class Value, class Decode>
Checked<Value> checked(const Decode& decode) {
  try {
    return {decode(), ""};
  } catch (const std::bad_alloc&) {
    return {std::nullopt, "[answer] not enough memory"};
  } catch (const std::exception& error) {
    return {std::nullopt, error.what()};
  }
}

/// Sets the reply's value to what `decode` returns; what that cannot take makes it malformed.
template <class Value, class Decode>
void decode_into(Reply<Value>& reply, const Decode& decode) {
  Checked<Value> decoded = checked<Value>(decode);
  if (decoded.value) {
    reply.value = std::move(*decoded.value);
  } else {
    reply.fault = Fault::malformed;
    reply.message = std::move(decoded.error);
  }
}

}  // namespace muxnet
