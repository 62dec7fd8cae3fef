#pragma once

#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

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

/// Joins its arguments through operator<<.
template <class... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

/// Throws std::invalid_argument with error_text unless `ok`.
inline void require(bool ok, std::string_view where, std::string_view expected,
                    std::string_view received) {
  if (!ok) throw std::invalid_argument(error_text(where, expected, received));
}

}  // namespace muxnet
