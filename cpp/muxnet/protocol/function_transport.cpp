#include "muxnet/protocol/function_transport.hpp"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <utility>

#include "muxnet/core/error.hpp"
#include "muxnet/protocol/clock.hpp"

namespace muxnet {
namespace {

/// What those who tell and the one who waits share.
struct Exchange {
  std::mutex mutex;
  std::condition_variable changed;
  bool woken = false;

  /// `found` is asked under the lock; false: the time is over.
  template <class Found>
  bool wait(std::unique_lock<std::mutex>& lock, double until_ms, Found found) {
    const std::chrono::duration<double, std::milli> left(until_ms - SteadyClock().now_ms());
    return changed.wait_for(lock, left, found);
  }
};

template <class Value>
class FunctionTransfer final : public Transfer<Value> {
 public:
  using Begin = std::function<FunctionServer::GiveUp(TakesReply<Value>)>;

  FunctionTransfer(std::shared_ptr<Exchange> exchange, double bytes, const Begin& begin)
      : exchange_(std::move(exchange)), sent_bytes_(bytes) {
    const auto take = [kept = exchange_, slot = slot_](Reply<Value> reply) {
      const std::lock_guard lock(kept->mutex);
      if (*slot) return;  // it was told before
      *slot = std::move(reply);
      kept->woken = true;
      kept->changed.notify_all();
    };
    try {
      give_up_ = begin(take);
    } catch (const std::exception& failure) {
      Reply<Value> reply;
      reply.fault = Fault::other;
      reply.message = text("[server] ", failure.what());
      take(std::move(reply));
    }
  }
  ~FunctionTransfer() override {
    if (!over() && give_up_) give_up_();
  }
  FunctionTransfer(const FunctionTransfer&) = delete;
  FunctionTransfer& operator=(const FunctionTransfer&) = delete;

  bool wait(double until_ms) override {
    std::unique_lock lock(exchange_->mutex);
    return exchange_->wait(lock, until_ms, [this] { return slot_->has_value(); });
  }
  Reply<Value> take() override {
    const std::lock_guard lock(exchange_->mutex);
    return std::move(**slot_);
  }
  double sent_bytes() const override { return sent_bytes_; }

 private:
  bool over() const {
    const std::lock_guard lock(exchange_->mutex);
    return slot_->has_value();
  }

  std::shared_ptr<Exchange> exchange_;
  std::shared_ptr<std::optional<Reply<Value>>> slot_ =
      std::make_shared<std::optional<Reply<Value>>>();
  double sent_bytes_;
  FunctionServer::GiveUp give_up_;
};

class FunctionTransport final : public Transport {
 public:
  explicit FunctionTransport(FunctionServer server) : server_(std::move(server)) {}

  std::unique_ptr<Transfer<ModelMetadata>> describe(const std::string& /*model*/,
                                                    const std::string& /*version*/) override {
    return std::make_unique<FunctionTransfer<ModelMetadata>>(exchange_, 0, server_.describe);
  }
  std::unique_ptr<Transfer<InferResponse>> infer(const InferInput& input) override {
    return std::make_unique<FunctionTransfer<InferResponse>>(
        exchange_, static_cast<double>(input.bytes.size()),
        [&](const TakesReply<InferResponse>& take) { return server_.infer(input, take); });
  }

  void work(double until_ms) override {
    std::unique_lock lock(exchange_->mutex);
    exchange_->wait(lock, until_ms, [this] { return exchange_->woken; });
    exchange_->woken = false;
  }
  void wake() override {
    const std::lock_guard lock(exchange_->mutex);
    exchange_->woken = true;
    exchange_->changed.notify_all();
  }

 private:
  FunctionServer server_;
  std::shared_ptr<Exchange> exchange_ = std::make_shared<Exchange>();
};

}  // namespace

std::unique_ptr<Transport> make_function_transport(FunctionServer server) {
  return std::make_unique<FunctionTransport>(std::move(server));
}

}  // namespace muxnet
