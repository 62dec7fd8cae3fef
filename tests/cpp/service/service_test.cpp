#include "muxnet/service/service.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "muxnet/routing/policy.hpp"
#include "support/errors.hpp"
#include "support/pool.hpp"

namespace muxnet {
namespace {

using testing::error_of;
using testing::random_images;

/// The model that the input's number names, then for every third input the largest one too.
class ByNumber : public Rule {
 public:
  Step next(const Evidence& evidence) const override {
    const std::uint64_t first = model_bit(static_cast<std::size_t>(evidence.input % 3));
    if (evidence.called == 0) return {first, 0};
    const bool twice = evidence.input % 3 == 0 && evidence.called == first;
    return twice ? Step{model_bit(2), 0} : Step{0, evidence.called};
  }
};

/// Holds up whoever asks it until it is opened.
class Gate final : public Rule {
 public:
  Step next(const Evidence& evidence) const override {
    if (evidence.called == 0) return {model_bit(0), 0};
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [this] { return open_; });
    return {0, evidence.called};
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable opened_;
  bool open_ = false;
};

Deployment deployment(std::shared_ptr<const Rule> rule, const Multiplexer& multiplexer = {}) {
  return {testing::tiny_models(), multiplexer, {std::move(rule)}, 0, nullptr, 2};
}

ServiceRequest request(const Tensor& images, std::int64_t first = 0) {
  ServiceRequest result;
  result.images = {images};
  result.first_input = first;
  return result;
}

/// Each answer is that of exactly the models recorded, and those are the ones the rule names.
void expect_honest(const ServiceAnswer& answer, const Tensor& images, ModelPool& pool) {
  ASSERT_EQ(answer.status, ServiceStatus::ok) << answer.message;
  for (std::int64_t row = 0; row < images.dim(0); ++row) {
    const auto i = static_cast<std::size_t>(row);
    const std::int64_t number = (answer.first_input + row) % 3;
    const std::uint64_t expected =
        number == 0 ? model_bit(0) | model_bit(2) : model_bit(static_cast<std::size_t>(number));
    ASSERT_EQ(answer.called[i], expected);
    ASSERT_EQ(answer.answered_from[i], expected);
    std::vector<float> mean(testing::classes);
    double cost = 0, count = 0;
    for (std::size_t model = 0; model < pool.size(); ++model) {
      if ((expected & model_bit(model)) == 0) continue;
      const Tensor own = pool.probabilities(model, images.rows(row, row + 1));
      for (std::int64_t k = 0; k < testing::classes; ++k) {
        mean[static_cast<std::size_t>(k)] += own.data<float>()[k];
      }
      cost += pool.costs()[model];
      ++count;
    }
    EXPECT_EQ(answer.costs[i], cost);
    for (std::int64_t k = 0; k < testing::classes; ++k) {
      EXPECT_NEAR(answer.probabilities.data<float>()[row * testing::classes + k],
                  mean[static_cast<std::size_t>(k)] / static_cast<float>(count), 1e-5F);
    }
  }
}

TEST(Service, AnswersManyThreadsInOrderFromTheModelsItRecords) {
  constexpr int callers = 4, requests_each = 25;
  Service service(deployment(std::make_shared<ByNumber>()),
                  {.workers = 2, .max_batch = 8, .queue_images = 4096, .fill_ms = 0.2});
  std::vector<std::thread> threads;
  std::mutex one_at_a_time;  // pools are not for two threads
  ModelPool pool(testing::tiny_models());
  for (int caller = 0; caller < callers; ++caller) {
    threads.emplace_back([&, caller] {
      for (int i = 0; i < requests_each; ++i) {
        const auto rows = static_cast<std::int64_t>(1 + (caller + i) % 11);
        const Tensor images = random_images(rows, static_cast<std::uint64_t>(caller * 100 + i));
        const ServiceAnswer answer = service.infer(request(images, 7 * i));
        const std::lock_guard lock(one_at_a_time);
        expect_honest(answer, images, pool);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  const ServiceStatistics found = service.statistics();
  EXPECT_EQ(found.requests.at(ServiceStatus::ok), callers * requests_each);
  EXPECT_EQ(found.total.count(), callers * requests_each);
  std::uint64_t called = 0;
  for (std::size_t model = 0; model < 3; ++model) {
    EXPECT_EQ(static_cast<std::uint64_t>(found.stages[model + 1].images), found.called[model]);
    EXPECT_EQ(found.stages[model + 1].waiting, 0);
    called += found.called[model];
  }
  EXPECT_GT(called, found.images);
  EXPECT_LT(found.cost, found.reference_cost + 48.0 * static_cast<double>(found.images));
  EXPECT_EQ(found.reference_cost, 1536.0 * static_cast<double>(found.images));
}

TEST(Service, RefusesWhenAQueueIsFullAndAnswersTheRest) {
  const auto gate = std::make_shared<Gate>();
  Service service(deployment(gate), {.max_batch = 1, .queue_images = 2});
  std::atomic<int> refused{0}, answered{0};
  constexpr int sent = 12;
  for (int i = 0; i < sent; ++i) {
    service.submit(request(random_images(1)), [&](const ServiceAnswer& answer) {
      ++(answer.status == ServiceStatus::full ? refused : answered);
      EXPECT_EQ(answer.message.empty(), answer.status == ServiceStatus::ok);
    });
  }
  // Refusals come at once: one is held by the gate, at most two wait.
  EXPECT_GE(refused.load(), sent - 3);
  EXPECT_EQ(answered.load(), 0);
  gate->open();
  service.close();
  EXPECT_EQ(answered.load() + refused.load(), sent);
  EXPECT_GE(answered.load(), 2);
  EXPECT_EQ(service.statistics().requests.at(ServiceStatus::full),
            static_cast<std::uint64_t>(refused.load()));
}

TEST(Service, AnswersWhatIsInsideWhenItCloses) {
  std::atomic<int> answered{0};
  Service service(deployment(std::make_shared<ByNumber>()), {.workers = 2, .fill_ms = 1e6});
  for (int i = 0; i < 20; ++i) {
    service.submit(request(random_images(3), i), [&](const ServiceAnswer& answer) {
      if (answer.status == ServiceStatus::ok) ++answered;
    });
  }
  service.close();
  EXPECT_EQ(answered.load(), 20);
  EXPECT_EQ(service.infer(request(random_images(1))).status, ServiceStatus::closing);
}

TEST(Service, RefusesWhatWouldComeTooLate) {
  const auto gate = std::make_shared<Gate>();
  Service service(deployment(gate), {.max_batch = 1});
  std::promise<ServiceStatus> held, late;
  const auto note = [](std::promise<ServiceStatus>& promise) {
    return [&promise](const ServiceAnswer& answer) { promise.set_value(answer.status); };
  };
  service.submit(request(random_images(1)), note(held));
  ServiceRequest hurried = request(random_images(1));
  hurried.deadline_ms = 30;  // above what a batch takes, so that it is let in
  service.submit(hurried, note(late));
  std::this_thread::sleep_for(std::chrono::milliseconds(40));
  gate->open();
  EXPECT_EQ(held.get_future().get(), ServiceStatus::ok);
  EXPECT_EQ(late.get_future().get(), ServiceStatus::late);
}

TEST(Service, OneModelCanBeNamedAndADecisionAskedForAlone) {
  const Multiplexer multiplexer = testing::tiny_multiplexer(3);
  Service service(deployment(std::make_shared<ByNumber>(), multiplexer), {});
  const Tensor images = random_images(4);
  ModelPool pool(testing::tiny_models());

  ServiceRequest named = request(images);
  named.model = 1;
  const ServiceAnswer own = service.infer(named);
  EXPECT_EQ(own.called, std::vector<std::uint64_t>(4, model_bit(1)));
  EXPECT_EQ(own.costs, std::vector<double>(4, pool.costs()[1]));
  EXPECT_TRUE(own.view.weights.empty());
  const Tensor expected = pool.probabilities(1, images);
  for (std::int64_t k = 0; k < expected.size(); ++k) {
    EXPECT_NEAR(own.probabilities.data<float>()[k], expected.data<float>()[k], 1e-6F);
  }

  ServiceRequest asked = request(images);
  asked.decide_only = true;
  const ServiceAnswer decided = service.infer(asked);
  EXPECT_EQ(decided.called, std::vector<std::uint64_t>(4, 0));
  EXPECT_EQ(decided.wanted, (std::vector<std::uint64_t>{1, 2, 4, 1}));
  EXPECT_EQ(decided.costs, std::vector<double>(4, 48.0));  // the multiplexer alone
  EXPECT_EQ(decided.view.weights.shape(), (Shape{4, 3}));
  EXPECT_TRUE(decided.answers.empty());
  EXPECT_EQ(service.statistics().images, 0u);
}

TEST(Service, EachRequestIsAnsweredByOneDeploymentWhileOthersAreSwappedIn) {
  class Always final : public Rule {
   public:
    explicit Always(std::size_t model) : call_(model_bit(model)) {}
    Step next(const Evidence& evidence) const override {
      return evidence.called == 0 ? Step{call_, 0} : Step{0, evidence.called};
    }

   private:
    std::uint64_t call_;
  };
  // Version v calls model v % 3.
  Service service(deployment(std::make_shared<Always>(1)),
                  {.workers = 2, .max_batch = 4, .warm_up = false});
  std::atomic<bool> stop{false};
  std::vector<std::thread> callers;
  std::atomic<int> answers{0};
  for (int caller = 0; caller < 3; ++caller) {
    callers.emplace_back([&] {
      while (!stop.load()) {
        const ServiceAnswer answer = service.infer(request(random_images(5)));
        for (const std::uint64_t called : answer.called) {
          ASSERT_EQ(called, model_bit(static_cast<std::size_t>(answer.version % 3)));
        }
        ++answers;
      }
    });
  }
  for (std::uint64_t version = 2; version < 12; ++version) {
    EXPECT_EQ(service.deploy(deployment(std::make_shared<Always>(version % 3))), version);
    const int before = answers.load();
    while (answers.load() < before + 3) std::this_thread::yield();
  }
  stop.store(true);
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(service.statistics().version, 11u);
}

TEST(Service, TellsWhichBatchesRanOnARequest) {
  Service service(deployment(std::make_shared<ByNumber>()), {});
  const ServiceAnswer answer = service.infer(request(random_images(6)));
  std::vector<std::int64_t> images(4);
  double before = 0;
  for (const CallSpan& call : answer.calls) {
    images.at(call.stage) += call.images;
    EXPECT_LE(call.images, call.batch);
    EXPECT_GE(call.start_ms, 0);
    EXPECT_GE(call.end_ms, std::max(call.start_ms, before));
    before = call.end_ms;
  }
  EXPECT_LE(before, answer.total_ms);
  EXPECT_EQ(images, (std::vector<std::int64_t>{0, 2, 2, 4}));
}

TEST(Service, RecordsWhatAShadowWouldHaveCalled) {
  Deployment with_shadow = deployment(std::make_shared<ByNumber>());
  const auto shadow = std::make_shared<Gate>();  // which wants the small model
  shadow->open();
  with_shadow.shadow = shadow;
  Service service(with_shadow, {});
  const ServiceAnswer answer = service.infer(request(random_images(6)));
  EXPECT_EQ(answer.shadow, std::vector<std::uint64_t>(6, model_bit(0)));
  EXPECT_EQ(answer.called, (std::vector<std::uint64_t>{5, 2, 4, 5, 2, 4}));
  const ServiceStatistics found = service.statistics();
  EXPECT_EQ(found.shadow_images, 6u);
  EXPECT_EQ(found.shadow_agreed, 0u);
}

TEST(Service, RefusesRequestsAndDeploymentsThatDoNotFit) {
  const auto rule = std::make_shared<ByNumber>();
  Service service(deployment(rule), {.queue_images = 8});
  const auto refused = [&](const ServiceRequest& asked) {
    return error_of<std::invalid_argument>([&] { service.infer(asked); });
  };
  EXPECT_EQ(refused(request(Tensor({2, 1, 4, 5}))),
            "[service, images] expected (n, c, h, w) as (1, 1, 4, 4) with n from 1 to 8, received "
            "(2, 1, 4, 5)");
  EXPECT_NE(refused(request(Tensor({9, 1, 4, 4}))), "");
  EXPECT_NE(refused(request(Tensor())), "");
  EXPECT_NE(refused(request(Tensor({1, 1, 4, 4}, DType::f64))), "");
  Tensor bad({1, 1, 4, 4});
  bad.data<float>()[3] = 255;  // check_pixels() is tested with its own
  EXPECT_NE(refused(request(bad)).find("from 0 to 255"), std::string::npos);
  ServiceRequest wrong = request(random_images(1));
  wrong.model = 3;
  EXPECT_NE(refused(wrong), "");
  wrong.model.reset();
  wrong.point = 1;
  EXPECT_NE(refused(wrong), "");
  wrong.point.reset();
  wrong.deadline_ms = 0;
  EXPECT_NE(refused(wrong), "");

  EXPECT_THROW(Service(deployment(rule), {.workers = 0}), std::invalid_argument);
  EXPECT_THROW(Service(deployment(nullptr), {}), std::invalid_argument);
  Deployment other = deployment(rule);
  other.models.pop_back();
  other.reference = 0;
  EXPECT_THROW(service.deploy(other), std::invalid_argument);
  EXPECT_EQ(service.infer(request(random_images(1))).version, 1u);
}

TEST(Service, ARuleThatFailsIsToldOnce) {
  struct Fails final : ByNumber {
    Step next(const Evidence& evidence) const override {
      return fails ? throw std::runtime_error("rule") : ByNumber::next(evidence);
    }
    bool fails = false;
  };
  const auto rule = std::make_shared<Fails>();
  Service service(deployment(rule), {.deadline_ms = 20});
  rule->fails = true;
  std::atomic<int> told = 0;
  EXPECT_THROW(service.submit(request(random_images(1)), [&](const auto&) { ++told; }),
               std::runtime_error);
  std::this_thread::sleep_for(std::chrono::milliseconds(60));
  EXPECT_EQ(told, 0);
}

TEST(Service, RefusesAMonitorOfOtherValuesBeforeARequestMeetsIt) {
  const auto watching = [](const std::map<std::string, std::vector<double>>& calibration) {
    Deployment result = deployment(std::make_shared<ByNumber>());
    result.monitor = std::make_shared<DriftMonitor>(calibration, "version");
    return result;
  };
  Service service(watching({{"first", {0.5}}, {"answer", {0.5}}}), {});
  EXPECT_EQ(error_of<std::invalid_argument>([&] {
              service.deploy(watching({{"other", {0.5}}}));
            }),
            "[drift monitor] expected values of other, received answer, first");
  EXPECT_THROW(service.deploy(watching({{"answer", {0.5}}})), std::invalid_argument);
  EXPECT_EQ(service.infer(request(random_images(1))).version, 1u);
  EXPECT_EQ(service.statistics().drift->observed, 1);
}

}  // namespace
}  // namespace muxnet
