#pragma once

#include <string>

#include "muxnet/cost/quantity.hpp"

namespace muxnet {

/// A wireless link as the device sees it. Radio power while it sends or receives at r Mbps is
/// alpha r + base; after the last byte it stays up for the tail. Threads
/// may use one at once that nobody changes.
/// Source: Huang et al., A Close Examination of Performance and Power Characteristics of 4G LTE
/// Networks, MobiSys 2012.
struct LinkProfile {
  std::string name;               ///< of the link
  Quantity upload_mbps;           ///< megabits a second from the device
  Quantity download_mbps;         ///< megabits a second to the device
  Quantity rtt_ms;                ///< round trip of an empty request
  Quantity upload_mw_per_mbps;    ///< alpha of sending
  Quantity download_mw_per_mbps;  ///< alpha of receiving
  Quantity base_mw;               ///< radio up, nothing moving
  Quantity tail_ms;               ///< radio up after the last byte
  Quantity tail_mw;
};

/// Bytes of one request and its answer, as they are sent.
struct Payload {
  double upload_bytes = 0;
  double download_bytes = 0;
};

/// What lies between the device and the server's answer, for one request that finds the radio up:
/// - upload: 8 bytes / (1000 r) ms at alpha_up r + base mW, and half a round trip at base;
/// - download: the same the other way round, then the tail, which costs energy and no latency;
/// - waiting: `server_ms` at base mW; the server's own energy is not the device's.
/// The energy of a later request within the tail of an earlier one is less: this is an upper bound
/// for them. Throws std::invalid_argument for negative bytes and known rates not above 0.
struct Exchange {
  Cost upload;    ///< from the device
  Cost waiting;   ///< for the server
  Cost download;  ///< to the device, with the radio's tail
};
Exchange exchange(const LinkProfile& link, const Payload& payload, const Quantity& server_ms);

}  // namespace muxnet
