#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "muxnet/front/http_message.hpp"
#include "muxnet/front/origins.hpp"

namespace muxnet {

inline constexpr std::string_view packing_header = "content-encoding";

/// How a body is packed, by that header.
struct Packing {
  std::string_view name;  ///< in lower case
  int window;             ///< zlib's windowBits; 0: not packed
};

/// None: in another way than those that are taken.
std::optional<Packing> packing_of(const ReceivedHttp& request);
/// Refuses those.
std::optional<HeadRefusal> packing_refusal(const ReceivedHttp& request);

/// Unpacks bodies in time linear in what they become. Safe for any number of threads.
class PackedBodies {
 public:
  /// At most `most_bytes` when unpacked, and `held_bytes` all that are still held.
  PackedBodies(std::uint64_t most_bytes, std::uint64_t held_bytes)
      : most_bytes_(most_bytes), held_bytes_(held_bytes) {}

  /// Throws RequestRefused for a damaged one, or one beyond the limits, before memory is taken.
  std::shared_ptr<std::string> unpacked(std::string_view packed, const Packing& packing) const;

 private:
  std::uint64_t most_bytes_, held_bytes_;
  std::shared_ptr<std::atomic<std::uint64_t>> held_ =
      std::make_shared<std::atomic<std::uint64_t>>(0);
};

}  // namespace muxnet
