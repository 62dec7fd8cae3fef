/// Models that another process runs, which no worker waits for.
#include <gtest/gtest.h>

#include <condition_variable>
#include <cstring>
#include <future>
#include <mutex>
#include <thread>

#include "muxnet/runtime/endpoint_model.hpp"
#include "muxnet/service/service.hpp"
#include "support/pool.hpp"

namespace muxnet {
namespace {

using testing::random_images;

/// A server of the large model as a test orders it to be, whichever thread asks.
class Cloud {
 public:
  enum class Mode : std::uint8_t { answers, hangs, dead, mad };

  void order(Mode mode) {
    const std::lock_guard lock(mutex_);
    mode_ = mode;
    changed_.notify_all();
  }
  Mode mode() const {
    const std::lock_guard lock(mutex_);
    return mode_;
  }
  void work(double until_ms) {
    std::unique_lock lock(mutex_);
    const double left = std::clamp(until_ms - SteadyClock().now_ms(), 0.0, 20.0);
    changed_.wait_for(lock, std::chrono::duration<double, std::milli>(left),
                      [&] { return woken_; });
    woken_ = false;
  }
  void wake() {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    changed_.notify_all();
  }

  const HostedModel model = testing::tiny_models()[2];

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Mode mode_ = Mode::answers;
  bool woken_ = false;
};

template <class Value>
class Exchange final : public Transfer<Value> {
 public:
  Exchange(Cloud& cloud, Value value) : cloud_(cloud), value_(std::move(value)) {}
  bool wait(double) override { return cloud_.mode() != Cloud::Mode::hangs; }
  double sent_bytes() const override { return 1; }
  Reply<Value> take() override {
    Reply<Value> reply;
    if (cloud_.mode() == Cloud::Mode::dead) {
      reply.fault = Fault::unreachable;
      reply.message = "nobody there";
    } else {
      reply.value = value_;
    }
    return reply;
  }

 private:
  Cloud& cloud_;
  Value value_;
};

class CloudTransport final : public Transport {
 public:
  explicit CloudTransport(std::shared_ptr<Cloud> cloud) : cloud_(std::move(cloud)) {}
  std::unique_ptr<Transfer<ModelMetadata>> describe(const std::string&,
                                                    const std::string&) override {
    const ModelMetadata metadata{"m",
                                 {{"x", "FP32", {-1, 1, testing::side, testing::side}}},
                                 {{"probabilities", "FP32", {-1, testing::classes}}}};
    return std::make_unique<Exchange<ModelMetadata>>(*cloud_, metadata);
  }
  std::unique_ptr<Transfer<InferResponse>> infer(const InferInput& input) override {
    Tensor images(input.shape);
    std::memcpy(images.data<float>(), input.bytes.data(), input.bytes.size());
    const Tensor found = cloud_->model.open()->answer(images);
    InferResponse response{input.id, found.shape(), {}, {}};
    const auto values = found.span<float>();
    response.values.assign(values.begin(), values.end());
    if (cloud_->mode() == Cloud::Mode::mad) {
      response.values[0] = std::numeric_limits<double>::quiet_NaN();
    }
    return std::make_unique<Exchange<InferResponse>>(*cloud_, response);
  }
  void work(double until_ms) override { cloud_->work(until_ms); }
  void wake() override { cloud_->wake(); }

 private:
  std::shared_ptr<Cloud> cloud_;
};

class ModelsElsewhere : public ::testing::Test {
 protected:
  /// The small and the middle one here, the large one elsewhere, which `rule` asks for.
  Deployment deployment(std::uint64_t wanted = model_bit(2)) const {
    auto models = testing::tiny_models();
    RemoteModelOptions options;
    options.name = "large";
    options.endpoint.model = "m";
    options.server.url = "test://cloud";
    options.breaker.cooldown_ms = 10;
    options.retry.base_ms = 1;
    options.in_flight = 2;
    const auto client = std::make_shared<EndpointClient>(
        [cloud = cloud_] { return std::make_unique<CloudTransport>(cloud); },
        std::make_shared<SteadyClock>(), options);
    models[2] = host(host_elsewhere(models[2], client), AnswerKind::probabilities);
    return {models, {}, {std::make_shared<FixedRule>(wanted)}, 0, nullptr, 2};
  }

  static ServiceRequest request(std::int64_t rows = 2, double deadline_ms = 1e5) {
    ServiceRequest result;
    result.images = {random_images(rows)};
    result.deadline_ms = deadline_ms;
    return result;
  }

  /// The middle one, the dearest of the others, has answered two rows.
  static void expect_passed_over(const ServiceAnswer& found) {
    ASSERT_EQ(found.status, ServiceStatus::ok) << found.message;
    EXPECT_EQ(found.called, std::vector<std::uint64_t>(2, model_bit(1)));
    EXPECT_EQ(found.departures, std::vector<Departure>(2, Departure::unreachable));
    EXPECT_EQ(found.costs, std::vector<double>(2, testing::tiny_pool()->costs()[1]));
  }

  static void wait_until_back(Service& service) {
    while (service.infer(request()).called.front() != model_bit(2)) std::this_thread::yield();
  }

  const std::shared_ptr<Cloud> cloud_ = std::make_shared<Cloud>();
};

TEST_F(ModelsElsewhere, AnswerAsTheyWouldHere) {
  Service service(deployment(), {});
  const ServiceAnswer found = service.infer(request(5));
  ASSERT_EQ(found.status, ServiceStatus::ok) << found.message;
  const Tensor expected = testing::tiny_pool()->probabilities(2, random_images(5));
  for (std::int64_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(found.probabilities.data<float>()[i], expected.data<float>()[i], 1e-5F);
  }
  EXPECT_EQ(found.called, std::vector<std::uint64_t>(5, model_bit(2)));
  EXPECT_EQ(found.departures, std::vector<Departure>(5, Departure::none));
}

TEST_F(ModelsElsewhere, AreCounted) {
  Service service(deployment(), {});
  ASSERT_EQ(service.infer(request()).status, ServiceStatus::ok);
  const auto statistics = service.statistics();
  ASSERT_TRUE(statistics.stages[3].elsewhere);
  EXPECT_FALSE(statistics.stages[1].elsewhere);
  EXPECT_EQ(statistics.stages[3].elsewhere->failures, 0);
}

TEST_F(ModelsElsewhere, HoldUpNoWorker) {
  Service service(deployment(), {.workers = 1, .max_batch = 2});
  ASSERT_EQ(service.infer(request()).status, ServiceStatus::ok);
  cloud_->order(Cloud::Mode::hangs);
  std::vector<std::future<ServiceAnswer>> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.push_back(std::async(std::launch::async, [&] { return service.infer(request()); }));
  }
  while (service.statistics().stages[3].elsewhere->in_flight < 2) std::this_thread::yield();
  ServiceRequest local = request();
  local.model = 0;
  EXPECT_EQ(service.infer(local).status, ServiceStatus::ok);
  EXPECT_EQ(service.workers().left, 1U);
  cloud_->order(Cloud::Mode::answers);
  for (auto& answer : waiting) EXPECT_EQ(answer.get().status, ServiceStatus::ok);
}

TEST_F(ModelsElsewhere, ThatAreDeadArePassedOverUntilTheyAreBack) {
  Service service(deployment(), {});
  for (const auto mode : {Cloud::Mode::dead, Cloud::Mode::mad}) {
    cloud_->order(mode);
    for (int i = 0; i < 5; ++i) expect_passed_over(service.infer(request()));
    EXPECT_GT(service.statistics().stages[3].elsewhere->failures, 0);
    cloud_->order(Cloud::Mode::answers);
    wait_until_back(service);
  }
}

TEST_F(ModelsElsewhere, AnswerWithTheRestOfAnEnsemble) {
  Service service(deployment(model_bit(0) | model_bit(2)), {});
  cloud_->order(Cloud::Mode::dead);
  const ServiceAnswer found = service.infer(request());
  ASSERT_EQ(found.status, ServiceStatus::ok) << found.message;
  EXPECT_EQ(found.answered_from, std::vector<std::uint64_t>(2, model_bit(0)));
  EXPECT_EQ(found.departures, std::vector<Departure>(2, Departure::unreachable));
}

TEST_F(ModelsElsewhere, ThatHangLeaveTimeForTheNext) {
  Service service(deployment(), {});
  ASSERT_EQ(service.infer(request()).status, ServiceStatus::ok);
  cloud_->order(Cloud::Mode::hangs);
  expect_passed_over(service.infer(request(2, 300)));
  cloud_->order(Cloud::Mode::answers);  // what comes back late changes nothing
  wait_until_back(service);
}

TEST_F(ModelsElsewhere, AreSaidToBeUnreachableWhereNobodyElseMayAnswer) {
  Service service(deployment(), {});
  cloud_->order(Cloud::Mode::dead);
  ServiceRequest named = request();
  named.model = 2;
  const ServiceAnswer found = service.infer(named);
  EXPECT_EQ(found.status, ServiceStatus::unreachable);
  EXPECT_EQ(found.message,
            "[service] expected a model that answers, received ones elsewhere that do not");
}

TEST_F(ModelsElsewhere, DoNotHoldUpTheEnd) {
  Service service(deployment(), {});
  ASSERT_EQ(service.infer(request()).status, ServiceStatus::ok);
  cloud_->order(Cloud::Mode::hangs);
  // What is counted may be told a moment after the answer.
  while (service.statistics().stages[3].elsewhere->in_flight > 0) std::this_thread::yield();
  auto held = std::async(std::launch::async, [&] { return service.infer(request()); });
  while (service.statistics().stages[3].elsewhere->in_flight < 1) std::this_thread::yield();
  EXPECT_TRUE(service.close(50));
  const ServiceStatus status = held.get().status;  // whether another had the time is open
  EXPECT_TRUE(status == ServiceStatus::late || status == ServiceStatus::ok);
}

}  // namespace
}  // namespace muxnet
