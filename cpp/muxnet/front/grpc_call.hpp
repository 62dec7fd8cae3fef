#pragma once

#include <grpcpp/generic/async_generic_service.h>

#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "muxnet/front/front.hpp"
#include "muxnet/front/inference.hpp"
#include "muxnet/front/routes.hpp"

namespace muxnet {

class GrpcCall;

/// What all calls share.
struct GrpcCalls {
  const FrontOptions& options;
  Inference& inference;
  Handed& handed;
  Refusals& refusals;
  boost::asio::thread_pool& slow;

  std::mutex mutex{};
  std::list<GrpcCall*> coming{};  ///< whose message has not come, the oldest first
  std::size_t inside = 0;         ///< calls that are worked on
  bool holding = false;           ///< answers wait a moment
  std::vector<std::function<void()>> held{};

  bool has_room() {
    const std::lock_guard lock(mutex);
    if (inside >= static_cast<std::size_t>(options.requests)) return false;
    ++inside;
    return true;
  }
  void leave() {
    const std::lock_guard lock(mutex);
    --inside;
  }
  /// Lets `send` go now, or with the others that are held.
  void send(std::function<void()> send) {
    {
      const std::lock_guard lock(mutex);
      if (holding) return held.push_back(std::move(send));
    }
    send();
  }
};

/// One call: a message comes, one goes. As handlers of streams calls can bound the time in which
/// the message comes; on the wire a call with one message is the same. It lives until it is
/// finished.
class GrpcCall : public grpc::ServerGenericBidiReactor {
 public:
  GrpcCall(GrpcCalls& calls, grpc::GenericCallbackServerContext& context);

  void OnReadDone(bool ok) override;
  void OnDone() override { delete this; }

  /// Ends a call whose message takes too long.
  void give_up();
  double began_s() const { return began_s_; }
  /// It is not among the coming any more.
  void drop() { coming_ = false; }

 private:
  bool allowed();
  void wait_for_message();
  bool take();
  std::shared_ptr<std::string> take_message();
  void infer(std::shared_ptr<std::string> body);
  void read(const std::shared_ptr<InferenceRequested>& asked);
  void finish(const std::shared_ptr<InferenceOutcome>& outcome);
  void answer_small(const std::string& message);
  void load(const std::string& answer);
  void give(const std::string& message);
  void refuse(const RequestRefused& refused);

  GrpcCalls& calls_;
  grpc::GenericCallbackServerContext& context_;
  std::string method_;
  double began_s_;
  bool coming_ = false;  ///< guarded by the mutex that they share, as is at_
  std::list<GrpcCall*>::iterator at_;
  grpc::ByteBuffer message_, answer_;
};

}  // namespace muxnet
