#include "muxnet/service/gears.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <mutex>
#include <thread>

#include "muxnet/runtime/remote_call.hpp"
#include "muxnet/service/service.hpp"
#include "support/pool.hpp"

namespace muxnet {
namespace {

constexpr double target_ms = 100;
constexpr std::size_t workers = 2;
const std::vector<double> costs = {0.2, 0.5, 1.0, 1.1, 2.0, 4.0};  // also ms of one image
constexpr std::size_t dearest = 5;

/// A service that is looked at every 50 ms: work comes evenly, and workers do it in turn.
class Queue {
 public:
  Queue() { see(); }

  void run(double seconds, double images_per_s) {
    constexpr double step_ms = 50;
    for (double ms = 0; ms < 1000 * seconds; ms += step_ms) {
      backlog_ms_ += images_per_s * step_ms / 1000 * costs[point()] / workers;
      const double done = std::min(backlog_ms_, step_ms);
      backlog_ms_ -= done;
      work_ms_ += workers * done;
      now_s_ += step_ms / 1000;
      see();
    }
  }
  std::size_t point() const { return gears_.state().point; }
  std::uint64_t changes() const { return gears_.state().changes; }
  double backlog_ms() const { return backlog_ms_; }
  const Gears& gears() const { return gears_; }

 private:
  void see() { gears_.observe({now_s_, backlog_ms_, work_ms_}); }

  Gears gears_{costs, dearest, target_ms, workers};
  double now_s_ = 0, backlog_ms_ = 0, work_ms_ = 0;
};

TEST(Gears, StaysWhereThereIsNoLoad) {
  Queue queue;
  queue.run(20, 400);  // 0.8 of what the dearest point can answer
  EXPECT_EQ(queue.point(), dearest);
  EXPECT_EQ(queue.changes(), 0U);
}

TEST(Gears, GoesDownUntilWhatWaitsIsWorkedOff) {
  Queue queue;
  queue.run(1, 1500);  // three times as much
  EXPECT_LE(costs[queue.point()], 1.1);
  queue.run(2, 1500);
  EXPECT_LT(queue.backlog_ms(), target_ms / 4);
  const auto& last = queue.gears().state().last;
  ASSERT_TRUE(last);
  EXPECT_NEAR(last->busy, 1, 0.3);
  EXPECT_GT(last->backlog_ms, target_ms / 4);
}

TEST(Gears, GoesDownWhereTheRestIsRefusedBeforeItWaits) {
  Gears gears(costs, dearest, target_ms, workers);
  for (int i = 0; i <= 40; ++i) gears.observe({0.05 * i, 5, 95.0 * i});  // two busy workers
  EXPECT_LE(gears.state().point, 2U);
  EXPECT_GE(gears.state().changes, 2U);
  for (int i = 0; i <= 100; ++i) gears.observe({2.05 + 0.05 * i, 0, 3800 + 20.0 * i});  // a fifth
  EXPECT_EQ(gears.state().point, dearest);
}

TEST(Gears, ComesBackWhenTheLoadIsGone) {
  Queue queue;
  queue.run(3, 1500);
  const std::size_t low = queue.point();
  ASSERT_LT(low, dearest);
  queue.run(10, 100);
  EXPECT_EQ(queue.point(), dearest);
  EXPECT_GT(queue.gears().state().last->to_point, low);
}

TEST(Gears, TriesADearerPointEverMoreSeldomWhereItDoesNotLast) {
  // By what it has cost so far a dearer one would have room; it takes five times as long.
  Gears gears({1.0, 2.0}, 1, target_ms, 1);
  const auto run = [&](double from_s, double until_s) {
    std::uint64_t before = gears.state().changes;
    double work_ms = 0;
    for (double now_s = from_s; now_s < until_s; now_s += 0.05) {
      const bool dear = gears.state().point == 1;
      work_ms += dear ? 50 : 15;
      gears.observe({now_s, dear ? 30.0 : 0.0, work_ms});
    }
    return gears.state().changes - before;
  };
  const auto early = run(0, 30);
  run(30, 300);
  const auto late = run(300, 330);
  EXPECT_GE(early, 6U);
  EXPECT_LE(late, 2U);
}

TEST(Gears, EachIsAQuarterCheaperThanTheNext) {
  Queue queue;
  std::vector<std::size_t> points;
  for (int i = 0; i < 40; ++i) {
    queue.run(0.05, 1e5);
    if (points.empty() || points.back() != queue.point()) points.push_back(queue.point());
  }
  EXPECT_EQ(points, (std::vector<std::size_t>{4, 3, 1, 0}));  // 1.0 is too near to 1.1
}

TEST(Gears, DearerPointsThanTheDeploymentsAreNotUsed) {
  Gears gears(costs, 2, target_ms, workers);
  for (int i = 1; i < 200; ++i) gears.observe({0.05 * i, 0, 0});
  EXPECT_EQ(gears.state().point, 2U);
}

TEST(Gears, AreNoneWithoutATimeOrCosts) {
  EXPECT_FALSE(gears_for(costs, 0, 0, 1));
  EXPECT_FALSE(gears_for({}, 0, 10, 1));
  EXPECT_TRUE(gears_for(costs, 0, 10, 1));
  EXPECT_THROW(Gears(costs, 0, -1, 1), std::invalid_argument);
  EXPECT_THROW(Gears(costs, costs.size(), 10, 1), std::invalid_argument);
}

/// Always one model.
class Only final : public Rule {
 public:
  explicit Only(std::size_t model) : mask_(model_bit(model)) {}
  Step next(const Evidence& evidence) const override {
    return evidence.called == 0 ? Step{mask_, 0} : Step{0, mask_};
  }

 private:
  std::uint64_t mask_;
};

/// The same model, which takes 5 ms longer for an image.
HostedModel slow(HostedModel model) {
  class Slow final : public Classifier {
   public:
    explicit Slow(std::unique_ptr<Classifier> inner) : inner_(std::move(inner)) {}
    Tensor answer(const Tensor& images) override {
      std::this_thread::sleep_for(std::chrono::milliseconds(5 * images.dim(0)));
      return inner_->answer(images);
    }

   private:
    std::unique_ptr<Classifier> inner_;
  };
  model.open = [open = std::move(model.open)] { return std::make_unique<Slow>(open()); };
  return model;
}

ServiceRequest one_image(std::optional<std::size_t> point = {}) {
  ServiceRequest request;
  request.images = {testing::random_images(1)};
  request.point = point;
  return request;
}

std::vector<std::future<ServiceAnswer>> a_second_of_work(Service& service) {
  std::vector<std::future<ServiceAnswer>> waiting;
  for (int i = 0; i < 200; ++i) {
    auto promise = std::make_shared<std::promise<ServiceAnswer>>();
    waiting.push_back(promise->get_future());
    service.submit(one_image(),
                   [promise](ServiceAnswer got) { promise->set_value(std::move(got)); });
  }
  return waiting;
}

/// Goes between the first of three models and `dear`, the last, by load.
std::unique_ptr<Service> between_cheap_and(const HostedModel& dear) {
  auto models = testing::tiny_models();
  models[2] = dear;
  Deployment deployment{models, {}, {std::make_shared<Only>(0), std::make_shared<Only>(2)}, 1};
  deployment.point_costs = {1.0, 10.0};
  ServiceOptions options;
  options.max_batch = 1;
  options.target_ms = 40;
  return std::make_unique<Service>(deployment, options);
}

void expect_change_amid(const Service& service, std::vector<std::future<ServiceAnswer>>& waiting) {
  while (service.statistics().gears->changes == 0) {
    ASSERT_NE(waiting.back().wait_for(std::chrono::milliseconds(1)), std::future_status::ready);
  }
}

TEST(ServiceGears, ACheaperPointAnswersWhileManyWait) {
  const auto service = between_cheap_and(slow(testing::tiny_models()[2]));
  EXPECT_EQ(service->infer(one_image()).called, std::vector{model_bit(2)});
  auto waiting = a_second_of_work(*service);
  ASSERT_NO_FATAL_FAILURE(expect_change_amid(*service, waiting));
  EXPECT_EQ(service->infer(one_image()).called, std::vector{model_bit(0)});
  EXPECT_EQ(service->infer(one_image(1)).called, std::vector{model_bit(2)});  // as it asks
  for (auto& answer : waiting) EXPECT_EQ(answer.get().status, ServiceStatus::ok);
}

/// The same model behind a function that answers one batch after the other, 5 ms for an image.
HostedModel elsewhere(const HostedModel& model) {
  const auto turn = std::make_shared<std::mutex>();
  const AskRemote ask = [turn, model](const std::shared_ptr<RemoteCall>& call) {
    std::thread([turn, model, call] {
      if (!call->inputs()) return call->here();
      const std::lock_guard lock(*turn);
      std::this_thread::sleep_for(std::chrono::milliseconds(5 * call->inputs()->dim(0)));
      call->answer(model.open()->answer(*call->inputs()));
    }).detach();
    return [] {};
  };
  RemoteModelOptions options;
  options.server.url = "next door";
  options.in_flight = 2;
  return host_elsewhere(model, ask, options);
}

TEST(ServiceGears, WhatWaitsForAModelElsewhereCounts) {
  const auto service = between_cheap_and(elsewhere(testing::tiny_models()[2]));
  EXPECT_EQ(service->infer(one_image()).called, std::vector{model_bit(2)});
  auto waiting = a_second_of_work(*service);
  ASSERT_NO_FATAL_FAILURE(expect_change_amid(*service, waiting));
  for (auto& answer : waiting) EXPECT_EQ(answer.get().status, ServiceStatus::ok);
}

TEST(ServiceGears, CostsAreOfEveryRule) {
  Deployment deployment{testing::tiny_models(), {}, {std::make_shared<Only>(0)}};
  deployment.point_costs = {1.0, 2.0};
  EXPECT_THROW(Service(deployment, {}), std::invalid_argument);
}

}  // namespace
}  // namespace muxnet
