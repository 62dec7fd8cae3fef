#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "muxnet/front/served_models.hpp"
#include "muxnet/routing/drift.hpp"
#include "muxnet/routing/policy.hpp"
#include "muxnet/runtime/hosted_model.hpp"
#include "muxnet/runtime/run_multiplexer.hpp"
#include "muxnet/service/deployment.hpp"

namespace muxnet {

/// What a server serves: models, the policy that routes among them, and what requests see of both.
/// Threads may read it at once.
struct Served {
  std::vector<HostedModel> models;         ///< in the order of the policy's
  std::optional<Multiplexer> multiplexer;  ///< where the policy or the shadow looks at one
  std::shared_ptr<const Policy> policy;    ///< that routes
  std::shared_ptr<const Policy> shadow;    ///< that decides beside, and is only recorded; or none
  std::vector<std::string> class_names;    ///< (K)
  std::vector<ShownFormat> formats;        ///< of what stages are shown, each once
  std::vector<std::size_t> shown;  ///< which of them the multiplexer and each model is shown
  std::string cost_kind;           ///< of the models' costs
  std::shared_ptr<DriftMonitor> monitor{};  ///< of the policy's operating point, or none
  double least_accuracy = 0;                ///< of operating points that load may choose
};

std::vector<std::string> names_of(const Served& served);
/// Whether the policy or the shadow looks at a multiplexer.
bool uses_multiplexer(const Served& served);

/// All of it for a service; the chosen operating point comes after all others. `record`: it makes
/// decision records of what it answers.
Deployment deployment_of(const Served& served, bool record);

/// All of it as requests see it, the router by that name.
std::shared_ptr<const ServedModels> front_models(const Served& served, const std::string& router);

/// The operating point of one of the deployment's rules.
const OperatingPoint& point_of(const Served& served, std::size_t place);

}  // namespace muxnet
