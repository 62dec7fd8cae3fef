#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "muxnet/routing/policy.hpp"

namespace muxnet {

/// A policy by name. Throws std::invalid_argument that lists the names there are.
std::unique_ptr<Policy> make_policy(std::string_view name, const PolicyOptions& options = {});

/// What Policy::save() wrote. Throws FileError on a file that cannot be read,
/// std::invalid_argument on one that holds no policy.
std::unique_ptr<Policy> load_policy(const std::filesystem::path& path);

/// Names of all policies, sorted.
std::vector<std::string> policy_names();

using PolicyFactory = std::function<std::unique_ptr<Policy>(const PolicyOptions&)>;
/// Throws std::invalid_argument when the name is taken.
void register_policy(const std::string& name, PolicyFactory factory);

}  // namespace muxnet
