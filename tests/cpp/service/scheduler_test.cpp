#include "muxnet/service/scheduler.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <thread>

#include "support/pool.hpp"

namespace muxnet {
namespace {

/// Three models, of 48, 384 and 1536 MACs, without a multiplexer.
class SchedulerTest : public ::testing::Test {
 protected:
  std::shared_ptr<PendingRequest> request(std::int64_t rows, ServiceRequest with = {}) {
    with.images = {testing::random_images(rows)};
    return std::make_shared<PendingRequest>(std::move(with), deployment_, ServiceClock::now(),
                                            [](const ServiceAnswer&) {});
  }

  static std::vector<Wish> wishes(const std::shared_ptr<PendingRequest>& request,
                                  std::uint64_t call) {
    std::vector<Wish> result;
    for (std::int64_t row = 0; row < request->row_count(); ++row) {
      result.push_back({{request, row, {}}, call, 0, ServiceStatus::ok});
    }
    return result;
  }

  std::shared_ptr<CompiledDeployment> deployment_ = std::make_shared<CompiledDeployment>(
      Deployment{testing::tiny_models(), {}, {std::make_shared<FixedRule>(1)}, 0, nullptr, 2}, 1,
      1);
};

TEST_F(SchedulerTest, GivesFullBatchesOfTheOldestRequestFirst) {
  Scheduler scheduler(4, {.max_batch = 3});
  const auto first = request(4), second = request(1);
  auto late = wishes(second, model_bit(0)), early = wishes(first, model_bit(1));
  scheduler.place(late, Caller::request);
  scheduler.place(early, Caller::request);
  EXPECT_EQ(scheduler.waiting(), (std::vector<std::int64_t>{0, 1, 4, 0}));
  for (const auto& [stage, jobs] : {std::pair<Stage, std::size_t>{2, 3}, {2, 1}, {1, 1}}) {
    const JobBatch batch = scheduler.next();
    EXPECT_EQ(batch.stage, stage);
    EXPECT_EQ(batch.jobs.size(), jobs);
    scheduler.finished(batch, 1);
  }
  scheduler.close();
  EXPECT_TRUE(scheduler.next().jobs.empty());
}

TEST_F(SchedulerTest, GivesNoLargerBatchesThanSaveTime) {
  const auto sizes = [&](const SchedulerOptions& options, const std::vector<double>& image_ms) {
    Scheduler scheduler(4, options);
    for (std::size_t i = 0; i < image_ms.size(); ++i) {
      const auto batch = std::int64_t{1} << i;
      scheduler.set_time(1, batch, static_cast<double>(batch) * image_ms[i]);
    }
    auto asked = wishes(request(11), model_bit(0));
    scheduler.place(asked, Caller::request);
    std::vector<std::size_t> result;
    while (scheduler.waiting()[1] > 0) result.push_back(scheduler.next().jobs.size());
    return result;
  };
  using Sizes = std::vector<std::size_t>;
  EXPECT_EQ(sizes({.max_batch = 8}, {1.0, 0.6, 0.59, 0.58}), (Sizes{2, 2, 2, 2, 2, 1}));
  EXPECT_EQ(sizes({.max_batch = 8}, {1.0, 1.0, 1.0, 1.0}), Sizes(11, 1));
  EXPECT_EQ(sizes({.max_batch = 8}, {1.0, 0.6, 0.4, 0.3}), (Sizes{8, 3}));
  EXPECT_EQ(sizes({.max_batch = 6}, {1.0, 0.6, 0.4, 0.3}), (Sizes{6, 5}));
  EXPECT_EQ(sizes({.max_batch = 8}, {1.0, 1.0}), (Sizes{8, 3}));  // the others are not known
  EXPECT_EQ(sizes({.max_batch = 8, .fill_ms = 1}, {1.0, 1.0, 1.0, 1.0}), (Sizes{8, 3}));
}

TEST_F(SchedulerTest, KnowsHowLongWhatWaitsWillTake) {
  Scheduler scheduler(4, {.max_batch = 2});
  scheduler.set_time(1, 1, 10);
  scheduler.set_time(1, 2, 12);
  auto asked = wishes(request(5), model_bit(0));
  scheduler.place(asked, Caller::request);
  EXPECT_DOUBLE_EQ(scheduler.backlog_ms(), 12 + 12 + 10);
  scheduler.set_time(1, 2, 20);  // pays no more
  EXPECT_DOUBLE_EQ(scheduler.backlog_ms(), 5 * 10);
}

TEST_F(SchedulerTest, WaitsForABatchToFillAndNoLonger) {
  Scheduler scheduler(4, {.max_batch = 2, .fill_ms = 20});
  auto one = wishes(request(1), model_bit(0));
  const auto start = ServiceClock::now();
  scheduler.place(one, Caller::request);
  EXPECT_EQ(scheduler.next().jobs.size(), 1u);
  EXPECT_GE(ServiceClock::now() - start, std::chrono::milliseconds(20));
}

TEST_F(SchedulerTest, RefusesARequestThatFindsNoRoomAsAWhole) {
  Scheduler scheduler(4, {.queue_images = 3});
  auto fits = wishes(request(2), model_bit(2)), more = wishes(request(2), model_bit(2));
  scheduler.place(fits, Caller::request);
  scheduler.place(more, Caller::request);
  EXPECT_EQ(fits[1].status, ServiceStatus::ok);
  EXPECT_EQ(more[0].status, ServiceStatus::full);
  EXPECT_EQ(more[1].status, ServiceStatus::full);
  EXPECT_EQ(scheduler.waiting()[3], 2);
  const Job job{request(4), 0, {}};
  EXPECT_EQ(scheduler.place_multiplexer(std::vector<Job>(4, job)), ServiceStatus::full);
  EXPECT_EQ(scheduler.place_multiplexer(std::vector<Job>(3, job)), ServiceStatus::ok);
}

TEST_F(SchedulerTest, TakesAnotherModelWhereOneIsFullIfSoChosen) {
  Scheduler scheduler(4, {.queue_images = 1, .cheaper_when_full = true});
  auto asked = wishes(request(4), model_bit(2));
  scheduler.place(asked, Caller::other);
  // Without a multiplexer's scores the dearest of those with room.
  EXPECT_EQ(asked[0].call, model_bit(2));
  EXPECT_EQ(asked[1].call, model_bit(1));
  EXPECT_EQ(asked[2].call, model_bit(0));
  EXPECT_EQ(asked[3].status, ServiceStatus::full);
  EXPECT_EQ(asked[1].job.state().departure, Departure::full);
  EXPECT_EQ(asked[0].job.state().departure, Departure::none);
}

TEST_F(SchedulerTest, PassesOverWhatIsTooDear) {
  Scheduler scheduler(4, {});
  const auto asked_of = [&](double max_cost, std::uint64_t call) {
    ServiceRequest limited;
    limited.max_cost = max_cost;
    auto asked = wishes(request(1, limited), call);
    scheduler.place(asked, Caller::request);
    return asked.front();
  };
  EXPECT_EQ(asked_of(1536, model_bit(2)).call, model_bit(2));
  EXPECT_EQ(asked_of(1535, model_bit(2)).call, model_bit(1));
  EXPECT_EQ(asked_of(48 + 383, all_models(3)).call, model_bit(0));  // of an ensemble what fits
  EXPECT_EQ(asked_of(47, model_bit(2)).status, ServiceStatus::cost);
}

TEST_F(SchedulerTest, PassesOverWhatCannotKeepTheDeadline) {
  Scheduler scheduler(4, {.max_batch = 4});
  scheduler.set_time(3, 1, 1000);
  scheduler.set_time(2, 1, 1e7);
  ServiceRequest hurried;
  hurried.deadline_ms = 1e6;
  auto asked = wishes(request(1, hurried), model_bit(1));
  scheduler.place(asked, Caller::request);
  EXPECT_EQ(asked[0].call, model_bit(2));  // takes a second, not three hours
  EXPECT_EQ(asked[0].job.state().departure, Departure::deadline);
  EXPECT_EQ(scheduler.backlog_ms(), 1000);
  // What waits counts: 4 at a time, 3e5 ms each.
  scheduler.set_time(3, 4, 3e5);
  auto many = wishes(request(12), model_bit(2));
  scheduler.place(many, Caller::request);
  auto behind = wishes(request(1, hurried), model_bit(2));
  scheduler.place(behind, Caller::request);
  EXPECT_NE(behind[0].call, model_bit(2));
}

TEST_F(SchedulerTest, NeverAnswersForAModelThatARequestNames) {
  Scheduler scheduler(4, {.queue_images = 1, .cheaper_when_full = true});
  ServiceRequest named;
  named.model = 1;
  named.max_cost = 100;
  auto asked = wishes(request(1, named), model_bit(1));
  scheduler.place(asked, Caller::request);
  EXPECT_EQ(asked[0].status, ServiceStatus::cost);
  EXPECT_EQ(asked[0].call, 0u);
}

TEST_F(SchedulerTest, RunsNothingBesideAModelThatWantsToBeAlone) {
  std::vector<HostedModel> models = testing::tiny_models();
  models[0].at_once = 1;
  deployment_ = std::make_shared<CompiledDeployment>(
      Deployment{models, {}, {std::make_shared<FixedRule>(1)}, 0, nullptr, 2}, 1, 1);
  Scheduler scheduler(4, {.workers = 2, .max_batch = 1});
  auto alone = wishes(request(2), model_bit(0)), other = wishes(request(2), model_bit(1));
  scheduler.place(alone, Caller::request);
  scheduler.place(other, Caller::request);
  const JobBatch first = scheduler.next();
  EXPECT_EQ(first.stage, 1u);
  for (int i = 0; i < 2; ++i) {  // older ones of the first model wait
    EXPECT_EQ(scheduler.next().stage, 2u);
  }
  auto waiting = std::async(std::launch::async, [&] { return scheduler.next().stage; });
  EXPECT_EQ(waiting.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  scheduler.finished(first, 1);
  EXPECT_EQ(waiting.get(), 1u);
}

TEST_F(SchedulerTest, ExpectsNoHelpOfOtherWorkersWithAModelThatWantsToBeAlone) {
  for (const bool alone : {false, true}) {
    std::vector<HostedModel> models = testing::tiny_models();
    models[0].at_once = alone ? 1 : 0;
    deployment_ = std::make_shared<CompiledDeployment>(
        Deployment{models, {}, {std::make_shared<FixedRule>(1)}, 0, nullptr, 2}, 1, 1);
    Scheduler scheduler(4, {.workers = 2, .max_batch = 1});
    scheduler.set_time(1, 1, 1e5);
    auto before = wishes(request(8), model_bit(0));
    scheduler.place(before, Caller::request);
    ServiceRequest hurried;
    hurried.deadline_ms = 6e5;  // eight batches ahead of it: 4e5 ms by two workers
    auto asked = wishes(request(1, hurried), model_bit(0));
    scheduler.place(asked, Caller::request);
    EXPECT_EQ(asked[0].call == model_bit(0), !alone);
  }
}

TEST_F(SchedulerTest, PassesOverAModelThatDoesNotComeBackAndOnlyThat) {
  Scheduler scheduler(4, {.max_batch = 1});
  auto first = wishes(request(2), model_bit(0));
  scheduler.place(first, Caller::request);
  const JobBatch batch = scheduler.next();
  scheduler.lost(batch);
  EXPECT_EQ(scheduler.waiting_for_lost().size(), 1u);
  auto asked = wishes(request(1), model_bit(0));
  scheduler.place(asked, Caller::request);
  EXPECT_EQ(asked[0].call, model_bit(2));
  EXPECT_EQ(asked[0].job.state().departure, Departure::stuck);
  ServiceRequest named;
  named.model = 0;
  auto alone = wishes(request(1, named), model_bit(0));
  scheduler.place(alone, Caller::request);
  EXPECT_EQ(alone[0].status, ServiceStatus::stuck);
  EXPECT_EQ(scheduler.next().stage, 3u);

  // Another deployment's model of that name is another model.
  deployment_ = std::make_shared<CompiledDeployment>(
      Deployment{testing::tiny_models(), {}, {std::make_shared<FixedRule>(1)}, 0, nullptr, 2}, 2,
      1);
  auto other = wishes(request(1), model_bit(0));
  scheduler.place(other, Caller::request);
  EXPECT_EQ(other[0].call, model_bit(0));
  const JobBatch taken = scheduler.next();
  EXPECT_EQ(taken.jobs.front().request, other[0].job.request);

  scheduler.returned(batch);
  EXPECT_TRUE(scheduler.waiting_for_lost().empty());
  EXPECT_EQ(scheduler.next().jobs.front().request, first[1].job.request);
}

TEST_F(SchedulerTest, EndsThoughABatchIsLostOnceWhatWaitsIsSettled) {
  Scheduler scheduler(4, {.max_batch = 1});
  auto asked = wishes(request(2), model_bit(0));
  scheduler.place(asked, Caller::request);
  scheduler.lost(scheduler.next());
  scheduler.close();
  auto end = std::async(std::launch::async, [&] { return scheduler.next().jobs.size(); });
  EXPECT_EQ(end.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  EXPECT_TRUE(asked[0].job.request->settle());
  scheduler.drop_settled();
  EXPECT_EQ(end.get(), 0u);
  EXPECT_EQ(scheduler.waiting()[1], 0);
}

TEST_F(SchedulerTest, WhoTakesABatchWakesOthersForWhatIsLeft) {
  for (const Caller caller : {Caller::request, Caller::worker, Caller::other}) {
    Scheduler scheduler(4, {.workers = 3, .max_batch = 1});
    const auto stage = [&] { return scheduler.next().stage; };
    auto one = std::async(std::launch::async, stage);
    auto another = std::async(std::launch::async, stage);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // both wait
    auto asked = wishes(request(1), model_bit(0) | model_bit(1) | model_bit(2));
    scheduler.place(asked, caller);
    std::vector<Stage> taken{scheduler.next().stage, one.get(), another.get()};
    std::sort(taken.begin(), taken.end());
    EXPECT_EQ(taken, (std::vector<Stage>{1, 2, 3}));
  }
}

TEST_F(SchedulerTest, LetsNothingInAfterItsEndAndFinishesWhatIsThere) {
  Scheduler scheduler(4, {.fill_ms = 1e6});
  auto before = wishes(request(1), model_bit(0)), after = wishes(request(1), model_bit(0));
  scheduler.place(before, Caller::request);
  scheduler.close();
  scheduler.place(after, Caller::request);
  EXPECT_EQ(after[0].status, ServiceStatus::closing);
  EXPECT_EQ(scheduler.place_multiplexer({}), ServiceStatus::closing);
  const JobBatch batch = scheduler.next();
  ASSERT_EQ(batch.jobs.size(), 1u);
  // A request that is inside goes on to its next model.
  auto second = wishes(before[0].job.request, model_bit(1));
  scheduler.place(second, Caller::other);
  EXPECT_EQ(second[0].status, ServiceStatus::ok);
  scheduler.finished(batch, 1);
  EXPECT_EQ(scheduler.next().stage, 2u);
}

}  // namespace
}  // namespace muxnet
