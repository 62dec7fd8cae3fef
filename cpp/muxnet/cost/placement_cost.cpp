#include "muxnet/cost/placement_cost.hpp"

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

void require_share(double share, std::string_view where) {
  require(share >= 0 && share <= 1, where, "a share in [0, 1]", text(share));
}

}  // namespace

Cost mobile_only(const Cost& mobile) { return mobile; }

Cost cloud_only(const Cost& upload, const Cost& cloud, const Cost& download) {
  return upload + cloud + download;
}

Cost hybrid(double local, const Cost& multiplexer, const Cost& mobile, const Cost& cloud) {
  require_share(local, "hybrid, local");
  return local * (multiplexer + mobile) + (1 - local) * (multiplexer + cloud);
}

Cost multiplexed(std::span<const double> called, std::span<const Cost> models,
                 const Cost& multiplexer) {
  require(called.size() == models.size(), "multiplexed", text(models.size(), " called shares"),
          text(called.size()));
  Cost result = multiplexer;
  for (std::size_t i = 0; i < called.size(); ++i) {
    require_share(called[i], "multiplexed, called");
    result = result + called[i] * models[i];
  }
  return result;
}

}  // namespace muxnet
