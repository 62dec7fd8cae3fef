// Several threads on one client, and a server that answers when it is told to.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "muxnet/offload/offload_client.hpp"
#include "support/together.hpp"

namespace muxnet {
namespace {

constexpr double long_ms = 60'000;

/// Requests to infer that are open, and when they are answered.
struct Server {
  std::mutex mutex;
  std::condition_variable changed;
  int open = 0;
  std::function<bool(const Server&)> answers;

  void change(const std::function<void()>& how) {
    {
      const std::lock_guard lock(mutex);
      how();
    }
    changed.notify_all();
  }
  void await(const std::function<bool()>& what) {
    std::unique_lock lock(mutex);
    changed.wait(lock, what);
  }
};

class Described final : public Transfer<ModelMetadata> {
 public:
  bool wait(double) override { return true; }
  Reply<ModelMetadata> take() override {
    Reply<ModelMetadata> reply;
    reply.value = {"large", {{"x", "FP32", {-1, 1, 2, 2}}}, {{"y", "FP32", {-1, 3}}}};
    return reply;
  }
  double sent_bytes() const override { return 10; }
};

class Inferred final : public Transfer<InferResponse> {
 public:
  Inferred(Server& server, std::string id) : server_(server), id_(std::move(id)) {
    server_.change([this] { ++server_.open; });
  }
  ~Inferred() override {
    server_.change([this] { --server_.open; });
  }
  bool wait(double until_ms) override {
    std::unique_lock lock(server_.mutex);
    const auto rest = std::chrono::duration<double, std::milli>(until_ms - clock_.now_ms());
    over_ =
        over_ || server_.changed.wait_for(lock, rest, [this] { return server_.answers(server_); });
    return over_;
  }
  Reply<InferResponse> take() override {
    Reply<InferResponse> reply;
    reply.value = {id_, {1, 3}, {0, 0, 1}, {}};
    return reply;
  }
  double sent_bytes() const override { return 100; }

 private:
  Server& server_;
  std::string id_;
  SteadyClock clock_;
  bool over_ = false;
};

class Direct final : public Transport {
 public:
  explicit Direct(Server& server) : server_(server) {}
  std::unique_ptr<Transfer<ModelMetadata>> describe(const std::string&,
                                                    const std::string&) override {
    return std::make_unique<Described>();
  }
  std::unique_ptr<Transfer<InferResponse>> infer(const InferInput& input) override {
    return std::make_unique<Inferred>(server_, input.id);
  }
  void work(double) override {}
  void wake() override {}

 private:
  Server& server_;
};

/// Answers class 0 at once; every input is worth sending.
class Device final : public LocalModels {
 public:
  Device() {
    described_.image_shape = {1, 1, 2, 2};
    described_.classes = 3;
    described_.normalization = {{0}, {1}};
  }
  const HostedModel& small() const override { return described_; }
  OffloadInput blank() const override { return Tensor({1, 1, 2, 2}, DType::u8); }
  void check(const OffloadInput&) const override {}
  double score(const OffloadInput&) override { return 1; }
  Tensor probabilities(const OffloadInput&) override {
    return Tensor::from(std::vector<float>{1, 0, 0}, {1, 3});
  }

 private:
  HostedModel described_;
};

std::unique_ptr<OffloadClient> client_of(Server& server, double deadline_ms) {
  OffloadOptions options;
  options.deadline_ms = deadline_ms;
  options.breaker.failures = 1000;
  auto client = std::make_unique<OffloadClient>(
      std::make_unique<Device>(), [&server] { return std::make_unique<Direct>(server); },
      std::make_shared<SteadyClock>(), options);
  EXPECT_EQ(client->connect(long_ms), "");
  return client;
}

const Tensor image({1, 1, 2, 2}, DType::u8);

TEST(OffloadThreads, ExchangesRunSideBySide) {
  Server server;
  bool met = false;  // alone none ends
  server.answers = [&](const Server& now) { return met = met || now.open == 2; };
  const auto client = client_of(server, long_ms);
  testing::together(2, [&](int) { EXPECT_EQ(client->answer(image).answer, 2); });
  EXPECT_EQ(client->account().of(Route::offloaded), 2);
}

TEST(OffloadThreads, LocalAnswersDoNotWaitForTheLink) {
  Server server;
  bool released = false;
  server.answers = [&](const Server&) { return released; };
  const auto client = client_of(server, long_ms);
  std::thread far([&] { EXPECT_EQ(client->answer(image).answer, 2); });
  server.await([&] { return server.open == 1; });
  EXPECT_EQ(client->answer(image, {{}, Placement::device}).answer, 0);
  EXPECT_EQ(client->account().answers(), 1);  // the other one is still under way
  server.change([&] { released = true; });
  far.join();
  EXPECT_EQ(client->account().answers(), 2);
}

TEST(OffloadThreads, EveryDeadlineCountsFromItsCall) {
  Server server;
  server.answers = [](const Server&) { return false; };
  constexpr double deadline_ms = 1000;
  const auto client = client_of(server, deadline_ms);
  const SteadyClock clock;
  const double start = clock.now_ms();
  std::atomic<int> late = 0;
  testing::together(4, [&](int) {
    const OffloadAnswer answer = client->answer(image);
    EXPECT_EQ(answer.reason, OffloadReason::timed_out);
    EXPECT_EQ(answer.answer, 0);
    late += answer.lateness_ms > 0 ? 1 : 0;
  });
  EXPECT_LT(clock.now_ms() - start, 3 * deadline_ms);  // one after the other: 4
  EXPECT_EQ(client->account().late, late);
  EXPECT_EQ(client->account().answers(), 4);
}

}  // namespace
}  // namespace muxnet
