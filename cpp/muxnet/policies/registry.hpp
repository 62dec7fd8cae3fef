#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "muxnet/core/register.hpp"
#include "muxnet/policies/entries.hpp"
#include "muxnet/routing/policy.hpp"

namespace muxnet {

/// A policy, not yet fitted.
struct PolicyEntry {
  std::string name;   ///< by which it is chosen
  std::string title;  ///< what it is, for people
  std::function<std::unique_ptr<Policy>(const PolicyOptions&)> make;
  bool reported = false;  ///< among those that `muxnet run` fits and reports
  bool studied = true;    ///< among those that `muxnet study` fits
};
using PolicyRegister = Register<PolicyEntry>;

/// The built-in policies, in the order in which they are reported, and those added since.
PolicyRegister& policies();

/// NAME.cpp has add_NAME, which adds its policies.
PolicyRegister::Adder MUXNET_POLICIES_ENTRIES;

/// PolicyEntry::make for a class.
template <class Kind>
std::unique_ptr<Policy> make_policy_of(const PolicyOptions& options) {
  return std::make_unique<Kind>(options);
}

/// Names of those that a study fits, those that look at the multiplexer last.
std::vector<std::string> studied_policies();

/// A policy by name. Throws std::invalid_argument that lists the names there are.
std::unique_ptr<Policy> make_policy(std::string_view name, const PolicyOptions& options = {});

/// What Policy::save() wrote. Throws FileError on a file that cannot be read,
/// std::invalid_argument on one that holds no policy.
std::unique_ptr<Policy> load_policy(const std::filesystem::path& path);

}  // namespace muxnet
