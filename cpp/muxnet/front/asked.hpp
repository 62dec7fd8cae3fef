#pragma once

#include <condition_variable>
#include <mutex>

#include "muxnet/front/http_connection.hpp"

namespace muxnet {

/// Requests that another server has received: answered as HttpServer's are, by the same handlers
/// and within the same limits, the answers told as events. Safe for any number of threads.
class AskedRequests {
 public:
  /// `most_body_bytes` of one request, `most_requests` that are worked on at a time.
  AskedRequests(std::uint64_t most_body_bytes, std::size_t most_requests, HttpHandlers handlers,
                Refusals& refusals, FrontEvents& events)
      : most_body_bytes_(most_body_bytes),
        most_requests_(most_requests),
        handlers_(std::move(handlers)),
        refusals_(refusals),
        events_(events) {}

  /// Begins to answer a request; returns the ticket of its AskedAnswer, which is told once.
  std::uint64_t ask(ReceivedHttp request);
  /// Waits until all are answered; false: some are not.
  bool wait_answered(double within_ms);

 private:
  std::optional<HttpReply> refusal(const ReceivedHttp& request);
  void tell(std::uint64_t ticket, HttpReply reply);

  std::uint64_t most_body_bytes_;
  std::size_t most_requests_;
  HttpHandlers handlers_;
  Refusals& refusals_;
  FrontEvents& events_;
  std::mutex mutex_;  ///< of what follows
  std::condition_variable left_;
  std::size_t inside_ = 0;  ///< requests that are worked on
  std::uint64_t next_ = 0;  ///< ticket
};

}  // namespace muxnet
