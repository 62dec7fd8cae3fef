#include "muxnet/front/repository.hpp"

#include <algorithm>

#include "muxnet/core/error.hpp"
#include "muxnet/front/refused.hpp"

namespace muxnet {

bool is_ready(const Inference& inference, ServedName name) {
  const auto stuck = inference.service().workers().stuck;
  return !inference.draining() && std::none_of(stuck.begin(), stuck.end(), [&](const auto& batch) {
    return !name || batch.stage == *name + 1;
  });
}

bool is_ready(const Inference& inference) {
  if (inference.draining() || !inference.is_open()) return false;
  const WorkersState workers = inference.service().workers();
  return workers.left == workers.count;
}

std::vector<ListedModel> listed_models(const Inference& inference, bool only_ready) {
  const auto served = inference.served();
  const std::string version = std::to_string(inference.version());
  const std::string reason = inference.draining() ? "draining" : "stuck";
  std::vector<ListedModel> found;
  const auto add = [&](const std::string& name, ServedName asked) {
    if (is_ready(inference, asked)) {
      found.push_back({name, version, "READY", ""});
    } else if (!only_ready) {
      found.push_back({name, version, "UNAVAILABLE", reason});
    }
  };
  add(served->router, {});
  for (std::size_t i = 0; i < served->models.size(); ++i) add(served->models[i], i);
  return found;
}

void check_load(const Inference& inference, std::string_view name, bool load) {
  if (!load) throw RequestRefused(400, error_text("repository", "a load", "an unload"));
  if (inference.served()->find(name)) return;
  throw RequestRefused(404, error_text("repository", "a served model", shown(name)));
}

}  // namespace muxnet
