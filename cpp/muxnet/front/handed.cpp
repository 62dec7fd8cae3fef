#include "muxnet/front/handed.hpp"

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

constexpr std::string_view ending_error = "[server] expected requests before the end";

}  // namespace

void Handed::hand(HandedRequest request, std::function<void(HttpReply)> reply) {
  {
    const std::lock_guard lock(mutex_);
    request.ticket = next_++;
    waiting_[request.ticket] = std::move(reply);
  }
  events_.add(std::move(request));
}

void Handed::answer(std::uint64_t ticket, HttpReply reply) {
  std::function<void(HttpReply)> waiting;
  {
    const std::lock_guard lock(mutex_);
    const auto found = waiting_.find(ticket);
    require(found != waiting_.end(), "ticket", "that of a request not answered", text(ticket));
    waiting = std::move(found->second);
    waiting_.erase(found);
  }
  waiting(std::move(reply));
}

void Handed::end() {
  std::map<std::uint64_t, std::function<void(HttpReply)>> waiting;
  {
    const std::lock_guard lock(mutex_);
    waiting.swap(waiting_);
  }
  for (const auto& [ticket, reply] : waiting) reply(refusal_reply(503, ending_error, 1));
}

}  // namespace muxnet
