#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "muxnet/front/inference.hpp"

namespace muxnet {

/// Whether requests of a name are answered: not draining, and none of its models is stuck.
bool is_ready(const Inference& inference, ServedName name);
/// Whether requests are taken: not before all models ran, draining, with one stuck.
bool is_ready(const Inference& inference);

/// An entry of the protocol's model repository extension.
struct ListedModel {
  std::string name;
  std::string version;
  std::string state;   ///< READY, UNAVAILABLE
  std::string reason;  ///< of the latter
};

/// The router and its models.
std::vector<ListedModel> listed_models(const Inference& inference, bool only_ready);

/// Loading a served name reads all anew, and none can be taken away. Throws RequestRefused.
void check_load(const Inference& inference, std::string_view name, bool load);

}  // namespace muxnet
