/// Models that do not come back from their images.
#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "muxnet/service/service.hpp"
#include "support/errors.hpp"
#include "support/pool.hpp"

namespace muxnet {
namespace {

using testing::contains;
using testing::error_of;
using testing::random_images;

/// Holds whoever passes while it is shut.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [this] { return open_; });
  }
  void set(bool open) {
    const std::lock_guard lock(mutex_);
    open_ = open;
    opened_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = true;
};

/// The same model behind a gate.
HostedModel behind(std::shared_ptr<Gate> gate, HostedModel model) {
  class Held final : public Classifier {
   public:
    Held(std::shared_ptr<Gate> gate, std::unique_ptr<Classifier> inner)
        : gate_(std::move(gate)), inner_(std::move(inner)) {}
    Tensor answer(const Tensor& images) override {
      gate_->pass();
      return inner_->answer(images);
    }

   private:
    std::shared_ptr<Gate> gate_;
    std::unique_ptr<Classifier> inner_;
  };
  model.open = [gate = std::move(gate), open = std::move(model.open)] {
    return std::make_unique<Held>(gate, open());
  };
  return model;
}

/// The small model, then the large one, which alone answers.
class SmallThenLarge final : public Rule {
 public:
  Step next(const Evidence& evidence) const override {
    if (evidence.called == 0) return {model_bit(0), 0};
    if (evidence.called == model_bit(0)) return {model_bit(2), 0};
    return {0, model_bit(2)};
  }
};

class StuckModels : public ::testing::Test {
 protected:
  ~StuckModels() override { gate_->set(true); }  // threads that are left to themselves end

  Deployment deployment(std::size_t held, std::shared_ptr<const Rule> rule) const {
    auto models = testing::tiny_models();
    models[held] = behind(gate_, models[held]);
    return {models, {}, {std::move(rule)}, 0, nullptr, 2};
  }

  static ServiceRequest named(std::size_t model, double deadline_ms = 1e6) {
    ServiceRequest result;
    result.images = {random_images(2)};
    result.model = model;
    result.deadline_ms = deadline_ms;
    return result;
  }

  static void wait_for_left(const Service& service, std::size_t left) {
    while (service.workers().left != left) std::this_thread::yield();
  }

  const std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
  const ServiceOptions options_{.max_batch = 4, .stuck_ms = 30};
};

TEST_F(StuckModels, RefuseByTheDeadlineAndHoldUpNoOther) {
  Service service(deployment(2, std::make_shared<FixedRule>(1)), options_);
  gate_->set(false);
  auto held = std::async(std::launch::async, [&] { return service.infer(named(2)); });
  wait_for_left(service, 0);  // of the only one, in whose place another is
  const WorkersState found = service.workers();
  EXPECT_EQ(found.count, 1u);
  ASSERT_EQ(found.stuck.size(), 1u);
  EXPECT_EQ(found.stuck[0].stage, 3u);
  EXPECT_EQ(found.stuck[0].version, 1u);
  EXPECT_GE(found.stuck[0].seconds, 0.03);

  EXPECT_EQ(service.infer(named(1)).status, ServiceStatus::ok);
  const ServiceAnswer refused = service.infer(named(2));
  EXPECT_EQ(refused.status, ServiceStatus::stuck);
  EXPECT_EQ(refused.message, "[service] expected a model that answers, received one that is stuck");

  gate_->set(true);
  EXPECT_EQ(held.get().status, ServiceStatus::ok);  // its deadline is far
  wait_for_left(service, 1);
  EXPECT_EQ(service.infer(named(2)).status, ServiceStatus::ok);
}

TEST_F(StuckModels, AreGivenUpAtTheDeadlineWhateverElseIsBusy) {
  ServiceOptions patient = options_;
  patient.stuck_ms = 1e6;  // nobody knows yet that it is stuck
  Service service(deployment(2, std::make_shared<FixedRule>(1)), patient);
  gate_->set(false);
  EXPECT_EQ(service.infer(named(2, 20)).status, ServiceStatus::late);
  EXPECT_EQ(service.infer(named(0, 20)).status, ServiceStatus::late);  // behind it
  EXPECT_EQ(service.statistics().requests.at(ServiceStatus::late), 2u);
  while (service.statistics().stages[1].waiting > 0) std::this_thread::yield();
  gate_->set(true);
  EXPECT_EQ(service.infer(named(0)).status, ServiceStatus::ok);
}

TEST_F(StuckModels, RequestsThatNameNoDeadlineHaveTheService) {
  ServiceOptions hurried = options_;
  hurried.deadline_ms = 20;
  Service service(deployment(2, std::make_shared<FixedRule>(1)), hurried);
  gate_->set(false);
  ServiceRequest request = named(2);
  request.deadline_ms = ServiceRequest{}.deadline_ms;
  EXPECT_EQ(service.infer(request).status, ServiceStatus::late);
}

TEST_F(StuckModels, LeaveTheAnswerToThoseThatHaveAnswered) {
  Service service(deployment(2, std::make_shared<SmallThenLarge>()), options_);
  gate_->set(false);
  ServiceRequest request = named(0, 100);
  request.model.reset();
  ModelPool pool(testing::tiny_models());
  const Tensor small = pool.probabilities(0, request.images.front());
  for (const Departure why : {Departure::deadline, Departure::stuck}) {
    const ServiceAnswer answer = service.infer(request);
    ASSERT_EQ(answer.status, ServiceStatus::ok) << answer.message;
    for (std::size_t row = 0; row < 2; ++row) {
      EXPECT_EQ(answer.called[row], model_bit(0));
      EXPECT_EQ(answer.wanted[row], model_bit(0) | model_bit(2));
      EXPECT_EQ(answer.answered_from[row], model_bit(0));
      EXPECT_EQ(answer.departures[row], why);
      EXPECT_EQ(answer.costs[row], 48.0);
    }
    for (std::int64_t k = 0; k < small.size(); ++k) {
      EXPECT_NEAR(answer.probabilities.data<float>()[k], small.data<float>()[k], 1e-6F);
    }
    wait_for_left(service, 0);
  }
}

TEST_F(StuckModels, DoNotKeepTheServiceFromEnding) {
  for (const std::size_t behind : {0, 1, 3}) {
    gate_->set(true);
    Service service(deployment(2, std::make_shared<FixedRule>(1)), options_);
    gate_->set(false);
    std::vector<std::promise<ServiceStatus>> ends(1 + behind);
    for (auto& end : ends) {
      service.submit(named(2), [&](const ServiceAnswer& answer) { end.set_value(answer.status); });
    }
    EXPECT_FALSE(service.close());
    for (auto& end : ends) EXPECT_EQ(end.get_future().get(), ServiceStatus::late);
    EXPECT_EQ(service.infer(named(0)).status, ServiceStatus::closing);
    gate_->set(true);
    wait_for_left(service, 1);
  }
}

TEST_F(StuckModels, AreLeftAtOnceWhereTheTimeToEndIsOver) {
  ServiceOptions patient = options_;
  patient.stuck_ms = 1e6;
  Service service(deployment(2, std::make_shared<FixedRule>(1)), patient);
  gate_->set(false);
  std::promise<ServiceStatus> held, waiting;
  service.submit(named(2), [&](const ServiceAnswer& answer) { held.set_value(answer.status); });
  service.submit(named(1), [&](const ServiceAnswer& answer) { waiting.set_value(answer.status); });
  while (service.statistics().stages[3].waiting > 0) std::this_thread::yield();
  EXPECT_FALSE(service.close(20));
  EXPECT_EQ(held.get_future().get(), ServiceStatus::late);
  EXPECT_EQ(waiting.get_future().get(), ServiceStatus::late);
  gate_->set(true);
  wait_for_left(service, 1);
}

TEST_F(StuckModels, AreReplacedByADeploymentThatAnswers) {
  Service service(deployment(2, std::make_shared<FixedRule>(1)), options_);
  gate_->set(false);
  auto held = std::async(std::launch::async, [&] { return service.infer(named(2)).status; });
  wait_for_left(service, 0);
  Deployment other{testing::tiny_models(), {}, {std::make_shared<FixedRule>(1)}, 0, nullptr, 2};
  EXPECT_EQ(service.deploy(other), 2u);
  EXPECT_EQ(service.infer(named(2)).status, ServiceStatus::ok);
  gate_->set(true);
  EXPECT_EQ(held.get(), ServiceStatus::ok);
}

TEST_F(StuckModels, AreNotDeployed) {
  Deployment good{testing::tiny_models(), {}, {std::make_shared<FixedRule>(1)}, 0, nullptr, 2};
  ServiceOptions options = options_;
  options.warm_up_ms = 40;
  Service service(good, options);
  options.warm_up_ms = 1e6;
  gate_->set(false);
  const auto deploy = [&] { service.deploy(deployment(1, std::make_shared<FixedRule>(1))); };
  EXPECT_EQ(error_of<std::runtime_error>(deploy),
            "[middle] expected an answer within 0.04 s before it serves, received none");
  // Its threads are not piled up.
  EXPECT_TRUE(contains(error_of<std::runtime_error>([&] { service.deploy(good); }),
                       "has not come back from an earlier deploy"));
  EXPECT_EQ(service.infer(named(1)).version, 1u);
  gate_->set(true);
  for (bool again = true; again;) {
    try {
      EXPECT_EQ(service.deploy(good), 2u);
      again = false;
    } catch (const std::runtime_error&) {
      std::this_thread::yield();
    }
  }
}

TEST_F(StuckModels, CostNoMoreThreadsThanThereMayBe) {
  ServiceOptions options = options_;
  options.workers = 2;
  Service service(deployment(2, std::make_shared<FixedRule>(1)), options);
  for (int round = 0; round < 3; ++round) {
    gate_->set(false);
    std::vector<std::future<ServiceStatus>> held;
    for (int i = 0; i < 8; ++i) {
      held.push_back(
          std::async(std::launch::async, [&] { return service.infer(named(2)).status; }));
    }
    while (service.workers().stuck.empty()) std::this_thread::yield();
    EXPECT_LE(service.workers().stuck.size(), 2u);  // then nothing more is tried
    EXPECT_EQ(service.infer(named(0)).status, ServiceStatus::ok);
    gate_->set(true);
    for (auto& one : held) {
      const ServiceStatus status = one.get();
      EXPECT_TRUE(status == ServiceStatus::ok || status == ServiceStatus::stuck);
    }
    wait_for_left(service, 2);
  }
}

}  // namespace
}  // namespace muxnet
