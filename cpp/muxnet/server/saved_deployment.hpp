#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "muxnet/networks/multiplexer.hpp"
#include "muxnet/server/served.hpp"

namespace muxnet {

/// In the folder of a saved deployment, what tells the rest.
inline constexpr const char* deployment_file = "deployment.json";

/// Writes all that is served into `folder`, apart from what made it: policies, the multiplexer,
/// whose model is built from `network`, networks' weights, ONNX files with the files that they
/// name, how models elsewhere are asked (tokens and keys in files that only their owner may read).
/// deployment.json, which knows the others' bytes, comes last. Throws std::invalid_argument for a
/// model that only this process has, as a function is, FileError.
void save_deployment(const Served& served, const std::optional<MultiplexerOptions>& network,
                     const std::filesystem::path& folder);

/// Reads what save_deployment wrote; load may choose no operating point of less than
/// `least_accuracy`. Throws FileError on files that cannot be read, std::invalid_argument on those
/// that hold no deployment or do not belong together.
std::shared_ptr<Served> load_deployment(const std::filesystem::path& folder,
                                        double least_accuracy = 0);

}  // namespace muxnet
