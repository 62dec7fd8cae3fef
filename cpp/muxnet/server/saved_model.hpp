#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "muxnet/runtime/hosted_model.hpp"

namespace muxnet {

/// What deployment.json says of a model, whose files, if it has any, are written to
/// `folder` / `place`. Throws std::invalid_argument for one that only this process has, FileError.
nlohmann::ordered_json save_model(const HostedModel& model, const std::filesystem::path& folder,
                                  const std::string& place);

/// The model that it says. Throws std::invalid_argument, JsonError and what the JSON library does,
/// FileError.
HostedModel load_model(const nlohmann::json& said, const std::filesystem::path& folder);

/// The file of that name in `folder`. Throws std::invalid_argument for one outside.
std::filesystem::path inside(const std::filesystem::path& folder, const std::string& name);

}  // namespace muxnet
