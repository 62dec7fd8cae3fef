#include "muxnet/policies/registry.hpp"

#include <map>
#include <mutex>

#include "muxnet/core/error.hpp"
#include "muxnet/policies/policies.hpp"

namespace muxnet {
namespace {

struct Registry {
  std::mutex mutex;
  std::map<std::string, PolicyFactory, std::less<>> factories{
      {"agreement_cascade", make_agreement_cascade},
      {"always", make_always},
      {"argmax", make_argmax},
      {"average_ensemble", make_average_ensemble},
      {"best_single", make_best_single},
      {"cascade", make_cascade},
      {"entropy_cascade", make_entropy_cascade},
      {"knn", make_knn},
      {"learned_cascade", make_learned_cascade},
      {"logistic_deferral", make_logistic_deferral},
      {"margin_cascade", make_margin_cascade},
      {"offload", make_offload},
      {"oracle", make_oracle},
      {"random_mixing", make_random_mixing},
      {"threshold_ensemble", make_threshold_ensemble}};
};

Registry& registry() {
  static Registry instance;
  return instance;
}

}  // namespace

std::unique_ptr<Policy> make_policy(std::string_view name, const PolicyOptions& options) {
  PolicyFactory factory;
  std::string known;
  {
    const std::lock_guard lock(registry().mutex);
    for (const auto& [key, entry] : registry().factories) {
      if (key == name) factory = entry;
      known += (known.empty() ? "" : ", ") + key;
    }
  }
  require(factory != nullptr, "make_policy", text("one of ", known), name);
  return factory(options);
}

std::unique_ptr<Policy> load_policy(const std::filesystem::path& path) {
  return read_policy(path, make_policy);
}

std::vector<std::string> policy_names() {
  const std::lock_guard lock(registry().mutex);
  std::vector<std::string> names;
  for (const auto& [name, factory] : registry().factories) names.push_back(name);
  return names;
}

void register_policy(const std::string& name, PolicyFactory factory) {
  const std::lock_guard lock(registry().mutex);
  const bool added = registry().factories.emplace(name, std::move(factory)).second;
  require(added, "register_policy", "a new name", text('\'', name, "', which is taken"));
}

}  // namespace muxnet
