#pragma once

#include "muxnet/networks/entries.hpp"
#include "muxnet/networks/network.hpp"

namespace muxnet {

/// FAMILY.cpp has add_FAMILY, which adds the rows of its configuration table.
NetworkRegister::Adder MUXNET_NETWORKS_ENTRIES;

}  // namespace muxnet
