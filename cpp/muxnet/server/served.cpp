#include "muxnet/server/served.hpp"

#include <limits>

namespace muxnet {
namespace {

bool looks(const std::shared_ptr<const Policy>& policy) {
  return policy && policy->uses_multiplexer();
}

/// One for each operating point, and one for the chosen one.
std::vector<std::shared_ptr<const Recorder>> recorders_of(const Served& served) {
  CallCosts costs;
  std::vector<double>& each = costs.models[served.cost_kind];
  for (const HostedModel& model : served.models) each.push_back(model.cost);
  if (looks(served.policy)) costs.multiplexer[served.cost_kind] = cost_of(*served.multiplexer);
  std::vector<std::shared_ptr<const Recorder>> recorders;
  for (std::size_t i = 0; i < served.policy->operating_points().size(); ++i) {
    recorders.push_back(std::make_shared<Recorder>(*served.policy, costs, i));
  }
  recorders.push_back(std::make_shared<Recorder>(*served.policy, costs));
  return recorders;
}

}  // namespace

std::vector<std::string> names_of(const Served& served) {
  std::vector<std::string> names;
  for (const HostedModel& model : served.models) names.push_back(model.name);
  return names;
}

bool uses_multiplexer(const Served& served) { return looks(served.policy) || looks(served.shadow); }

Deployment deployment_of(const Served& served, bool record) {
  const Policy& policy = *served.policy;
  const auto held = policy.reading("serve");
  Deployment found;
  found.models = served.models;
  if (uses_multiplexer(served)) found.multiplexer = served.multiplexer.value();
  for (const OperatingPoint& point : policy.operating_points()) {
    found.rules.push_back(policy.rule(point));
    const bool enough = point.accuracy >= served.least_accuracy;
    found.point_costs.push_back(enough ? point.cost : std::numeric_limits<double>::infinity());
  }
  found.point = found.rules.size();
  found.rules.push_back(policy.rule());
  found.point_costs.push_back(policy.point().cost);
  found.reference = policy.best_single();
  if (record) found.recorders = recorders_of(served);
  if (served.shadow) found.shadow = served.shadow->rule();
  found.monitor = served.monitor;
  found.shown = served.shown;
  found.multiplexer_for_shadow = !policy.uses_multiplexer();
  return found;
}

std::shared_ptr<const ServedModels> front_models(const Served& served, const std::string& router) {
  return std::make_shared<ServedModels>(ServedModels{router, names_of(served),
                                                     std::ssize(served.class_names), served.formats,
                                                     served.shown, served.policy});
}

const OperatingPoint& point_of(const Served& served, std::size_t place) {
  const auto& points = served.policy->operating_points();
  return place < points.size() ? points[place] : served.policy->point();
}

}  // namespace muxnet
