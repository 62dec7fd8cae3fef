#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace muxnet {

enum class Role { none, train, held_out, test };

/// The parts of an image folder.
using FolderParts = std::map<Role, std::filesystem::path>;

/// The parts of a folder that has them, by their names; else all of it as the training part. What
/// is no part is told to `left_out`. Throws FileError for a folder that has neither classes nor
/// parts, or of which it cannot be told which of them it has.
FolderParts find_parts(const std::filesystem::path& folder, std::vector<std::string>& left_out);

}  // namespace muxnet
