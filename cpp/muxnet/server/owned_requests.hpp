#pragma once

#include <functional>
#include <set>
#include <string>
#include <utility>

#include "muxnet/front/http_message.hpp"
#include "muxnet/server/server_reading.hpp"

namespace muxnet {

/// The requests beside inference and metadata, which a front hands to its owner: methods and paths.
/// Loading a model comes as load_path, whatever its name.
const std::set<std::pair<std::string, std::string>>& owned_requests();

/// What answers them.
struct OwnedAnswers {
  std::function<ServerReading()> reading;
  /// Counts labels that came back; gives of how many inputs the answers were still known.
  std::function<std::int64_t(const std::vector<std::int64_t>&, const std::vector<std::int64_t>&)>
      learn;

  /// Of all but a load. Throws RequestRefused.
  HttpReply answer(const HandedRequest& request) const;

 private:
  HttpReply labels(const HandedRequest& request) const;
};

}  // namespace muxnet
