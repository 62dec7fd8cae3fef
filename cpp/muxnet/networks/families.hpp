#pragma once

#include "muxnet/networks/network.hpp"

namespace muxnet {

/// Each family adds the rows of its configuration table to the registry.
void add_alexnet(NetworkRegistry& registry);
void add_mobilenet_v2(NetworkRegistry& registry);
void add_mnasnet(NetworkRegistry& registry);
void add_resnet(NetworkRegistry& registry);

}  // namespace muxnet
