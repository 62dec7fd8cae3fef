#pragma once

#include <cstdint>

namespace muxnet {

/// What a graph is compiled for.
enum class Mode : std::uint8_t { train, infer };

}  // namespace muxnet
