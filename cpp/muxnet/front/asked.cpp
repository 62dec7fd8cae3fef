#include "muxnet/front/asked.hpp"

#include <chrono>

#include "muxnet/front/refused.hpp"

namespace muxnet {

std::uint64_t AskedRequests::ask(ReceivedHttp request) {
  refusals_.tell();
  const bool always = handlers_.always_let_in(request);
  auto refused = refusal(request);
  bool busy = false;
  std::uint64_t ticket = 0;
  {
    const std::lock_guard lock(mutex_);
    ticket = next_++;
    busy = !refused && !always && inside_ >= most_requests_;
    if (!refused && !busy) ++inside_;
  }
  if (busy) {
    refusals_.add("busy", request.client);
    refused = refusal_reply(503, full_error, 1);
  }
  if (refused) {
    tell(ticket, std::move(*refused));
    return ticket;
  }
  handlers_.handler(std::move(request), [this, ticket](HttpReply reply) {
    tell(ticket, std::move(reply));
    const std::lock_guard lock(mutex_);
    --inside_;
    left_.notify_all();
  });
  return ticket;
}

bool AskedRequests::wait_answered(double within_ms) {
  std::unique_lock lock(mutex_);
  return left_.wait_for(lock, std::chrono::duration<double, std::milli>(within_ms),
                        [this] { return inside_ == 0; });
}

/// What a connection refuses by the head, and by the body's true size.
std::optional<HttpReply> AskedRequests::refusal(const ReceivedHttp& request) {
  auto refused = handlers_.refusal(request);
  if (!refused && request.body->size() > most_body_bytes_) {
    refused = HeadRefusal{413, too_large_text(most_body_bytes_), "body_large"};
  }
  if (!refused) return std::nullopt;
  refusals_.add(refused->reason, request.client);
  return refusal_reply(refused->status, refused->text, refused->status == 503 ? 1 : 0);
}

void AskedRequests::tell(std::uint64_t ticket, HttpReply reply) {
  events_.add(AskedAnswer{ticket, reply.status, std::move(reply.content_type),
                          std::move(reply.body), std::move(reply.headers)});
}

}  // namespace muxnet
