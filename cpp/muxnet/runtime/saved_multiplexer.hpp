#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "muxnet/networks/multiplexer.hpp"
#include "muxnet/runtime/run_multiplexer.hpp"

namespace muxnet {

/// A multiplexer as a router's folder keeps it.
struct SavedMultiplexer {
  Multiplexer multiplexer;          ///< the network, and how its scores become weights
  MultiplexerOptions network;       ///< that its model is built from, but for the body
  std::vector<std::string> models;  ///< whose answers it has learnt from
  std::int64_t classes = 0;         ///< of these
  std::string cost_kind;            ///< of the models' costs and its own
  std::string learnt_from;          ///< which inputs: TableIdentity::digest()
};

inline constexpr const char* multiplexer_file = "multiplexer.json";
inline constexpr const char* multiplexer_weights_file = "multiplexer.safetensors";

/// Writes multiplexer.safetensors and then multiplexer.json, which knows the other's bytes, into
/// `folder`, each atomically. Throws FileError, and what load_multiplexer would throw.
void save_multiplexer(const SavedMultiplexer& saved, const std::filesystem::path& folder);

/// Reads what save_multiplexer wrote. Throws FileError on files that cannot be read,
/// std::invalid_argument on those that hold no multiplexer or do not belong together.
SavedMultiplexer load_multiplexer(const std::filesystem::path& folder);

}  // namespace muxnet
