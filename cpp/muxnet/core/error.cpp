#include "muxnet/core/error.hpp"

namespace muxnet {

std::string error_text(std::string_view where, std::string_view expected,
                       std::string_view received) {
  return text('[', where, "] expected ", expected, ", received ", received);
}

}  // namespace muxnet
