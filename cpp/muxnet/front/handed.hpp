#pragma once

#include <functional>
#include <map>
#include <mutex>

#include "muxnet/front/events.hpp"
#include "muxnet/front/http_message.hpp"

namespace muxnet {

/// Requests that the server's owner answers, and what waits for that. Threads may call it at once.
class Handed {
 public:
  explicit Handed(FrontEvents& events) : events_(events) {}

  void hand(HandedRequest request, std::function<void(HttpReply)> reply);
  void answer(std::uint64_t ticket, HttpReply reply);
  /// Refuses all that still wait.
  void end();

 private:
  FrontEvents& events_;
  std::mutex mutex_;
  std::uint64_t next_ = 0;
  std::map<std::uint64_t, std::function<void(HttpReply)>> waiting_;
};

}  // namespace muxnet
