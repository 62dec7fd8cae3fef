#pragma once

#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace muxnet {

/// A file or stream that cannot be read or written as asked (Python: OSError).
class FileError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A file that is there and that this user may not open or read.
class FileDenied : public FileError {
 public:
  using FileError::FileError;
};

/// Training that cannot go on: loss not finite or diverging (Python: muxnet.TrainingError).
class TrainingError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A call on an object that another thread is using in a way that does not go with it (Python:
/// muxnet.BusyError).
class BusyError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// `written` whole up to about `most` bytes, else its beginning and "... (N bytes)"; never cuts
/// through a UTF-8 character.
std::string shortened(std::string_view written, std::size_t most);

/// The head of what somebody else wrote, fit to be shown: in ASCII, without control characters.
std::string shown(std::string_view written);

/// "[where] what is wrong: expected ..., received ...", the one form of every message. Each part is
/// shortened, so that a message stays readable whatever a file holds.
std::string error_text(std::string_view where, std::string_view expected,
                       std::string_view received);

namespace detail {

void append(std::string& out, long long number);
void append(std::string& out, unsigned long long number);
void append(std::string& out, double number);

/// What operator<< writes, for the usual types without a stream, which takes ten times as long to
/// make as to write to.
template <class Part>
void append_part(std::string& out, const Part& part) {
  static_assert(!std::is_function_v<Part>, "a manipulator would be forgotten after each part");
  if constexpr (std::is_convertible_v<const Part&, std::string_view>) {
    out += std::string_view(part);
  } else if constexpr (std::is_integral_v<Part> && sizeof(Part) == 1 &&
                       !std::is_same_v<Part, bool>) {
    out += static_cast<char>(part);
  } else if constexpr (std::is_floating_point_v<Part>) {
    append(out, static_cast<double>(part));
  } else if constexpr (std::is_integral_v<Part> && std::is_unsigned_v<Part>) {
    append(out, static_cast<unsigned long long>(part));
  } else if constexpr (std::is_integral_v<Part>) {
    append(out, static_cast<long long>(part));
  } else {
    std::ostringstream stream;
    stream << part;
    out += stream.str();
  }
}

}  // namespace detail

/// Its arguments as operator<< writes them, one after the other.
template <class... Parts>
std::string text(const Parts&... parts) {
  std::string out;
  (detail::append_part(out, parts), ...);
  return out;
}

/// Throws std::invalid_argument with error_text. For checks that run so often that the texts of
/// require(), made before it is called, would be felt.
[[noreturn]] void refuse(std::string_view where, std::string_view expected,
                         std::string_view received);

/// Throws std::invalid_argument with error_text unless `ok`.
inline void require(bool ok, std::string_view where, std::string_view expected,
                    std::string_view received) {
  if (!ok) refuse(where, expected, received);
}

}  // namespace muxnet
