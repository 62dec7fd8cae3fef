#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace muxnet {

/// The bytes of base64 text, in lines or not, with or without what fills it up, also of a data URL;
/// none where it is not that.
std::optional<std::string> base64_decoded(std::string_view written);

}  // namespace muxnet
