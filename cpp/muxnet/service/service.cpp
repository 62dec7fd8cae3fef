#include "muxnet/service/service.hpp"

#include <algorithm>
#include <cmath>
#include <future>
#include <mutex>

#include "muxnet/core/error.hpp"
#include "muxnet/service/counters.hpp"
#include "muxnet/service/gears.hpp"
#include "muxnet/service/row_progress.hpp"
#include "muxnet/service/scheduler.hpp"
#include "muxnet/service/warm_up.hpp"

namespace muxnet {
namespace {

SchedulerOptions scheduler_options(const ServiceOptions& options) {
  require(options.workers > 0 && options.threads_each > 0, "service", "workers and threads",
          text(options.workers, " workers of ", options.threads_each, " threads"));
  return {static_cast<std::size_t>(options.workers), options.max_batch, options.queue_images,
          options.fill_ms, options.cheaper_when_full};
}

constexpr double slack = 20;  // times its usual time: a batch may run for so long
constexpr std::size_t least_spare = 8;
constexpr std::chrono::milliseconds look_again{50};

}  // namespace

class Service::Implementation : public std::enable_shared_from_this<Implementation> {
 public:
  Implementation(const Deployment& deployment, const ServiceOptions& options)
      : options_(options),
        scheduler_(deployment.models.size() + 1, scheduler_options(options)),
        workers_(
            static_cast<std::size_t>(options.workers), options.threads_each,
            std::max(static_cast<std::size_t>(options.workers), least_spare), timers_,
            [this](Workers::Worker& worker) { work(worker); },
            [this](const JobBatch& batch) { scheduler_.lost(batch); }),
        warm_up_(static_cast<std::size_t>(options.workers), options.threads_each),
        counters_(deployment),
        progress_(scheduler_, timers_, counters_) {
    for (const double ms : {options.warm_up_ms, options.deadline_ms, options.stuck_ms}) {
      require(ms > 0 && ms <= longest_deadline_ms, "service, warm_up_ms, deadline_ms and stuck_ms",
              text("above 0, at most ", longest_deadline_ms), text(ms));
    }
    require(options.target_ms >= 0 && options.target_ms <= longest_deadline_ms,
            "service, target_ms", text("0 to ", longest_deadline_ms), text(options.target_ms));
  }

  void start(Deployment deployment) {
    deploy(std::move(deployment));
    try {
      workers_.start(shared_from_this());
    } catch (...) {
      close(0);
      throw;
    }
    if (options_.target_ms > 0) look_at_load();
  }

  std::uint64_t deploy(Deployment deployment) {
    const std::lock_guard one_at_a_time(deploying_);
    const auto before = current();
    auto made = compile(std::move(deployment), before ? before->version() + 1 : 1,
                        static_cast<std::size_t>(options_.workers));
    if (before) made->require_like(*before);
    if (options_.warm_up) {
      warm_up_.run(made, options_.max_batch, options_.warm_up_ms,
                   [this](Stage stage, std::int64_t batch, double ms) {
                     scheduler_.set_time(stage, batch, ms);
                   });
    }
    auto gears = gears_for(made->parts().point_costs, made->parts().point, options_.target_ms,
                           static_cast<std::size_t>(options_.workers));
    const std::lock_guard lock(mutex_);
    deployment_ = std::move(made);
    gears_ = std::move(gears);
    return deployment_->version();
  }

  void submit(ServiceRequest request, PendingRequest::Done done) {
    auto deployment = current(&request);
    check_request(request, *deployment, options_.queue_images);
    const auto arrival = ServiceClock::now();
    // The caller's may change, and letting go of them may need a lock of another language.
    for (Tensor& images : request.images) images = images.clone();
    if (!request.first_input) request.first_input = inputs_.fetch_add(request.rows());
    if (std::isinf(request.deadline_ms)) request.deadline_ms = options_.deadline_ms;
    const auto pending = std::make_shared<PendingRequest>(std::move(request), std::move(deployment),
                                                          arrival, std::move(done));
    pending->timer = timers_.at(pending->deadline);
    timers_.add(pending->timer, [this, pending] {
      progress_.expire(*pending);
      scheduler_.drop_settled();
    });
    std::vector<Job> jobs;
    for (std::int64_t row = 0; row < pending->row_count(); ++row)
      jobs.push_back({pending, row, {}});
    try {
      if (!pending->looks_first()) return progress_.advance(jobs, Caller::request);
      const ServiceStatus status = scheduler_.place_multiplexer(jobs);
      if (status != ServiceStatus::ok) progress_.refuse(*pending, status);
    } catch (...) {
      // The caller hears of it here, and of its deadline no more.
      if (!pending->settle()) return;
      timers_.cancel(pending->timer);
      throw;
    }
  }

  ServiceStatistics statistics() const {
    const auto waiting = scheduler_.waiting();
    const auto deployment = current();
    ServiceStatistics result = counters_.statistics();
    result.version = deployment->version();
    result.drift = deployment->drift();
    result.workers = workers_.state();
    result.gears = gears();
    for (Stage stage = 0; stage < waiting.size(); ++stage) {
      result.stages[stage].waiting = waiting[stage];
      if (!deployment->elsewhere(stage)) continue;
      result.stages[stage].elsewhere =
          deployment->parts().models[stage - 1].elsewhere->statistics();
    }
    return result;
  }

  WorkersState workers() const { return workers_.state(); }

  bool close(double within_ms) {
    scheduler_.close();
    const std::lock_guard one_at_a_time(closing_);
    const auto within = std::chrono::duration_cast<ServiceClock::duration>(
        std::chrono::duration<double, std::milli>(std::clamp(within_ms, 0.0, longest_deadline_ms)));
    const auto end = ServiceClock::now() + within;
    for (;;) {
      expire_behind_lost();
      const auto now = ServiceClock::now();
      if (now >= end) {
        timers_.run_all();
        scheduler_.abandon_elsewhere();
      }
      if (workers_.wait_until(now + look_again)) break;
    }
    workers_.join();
    timers_.run_all();  // what a lost thread is on, or will leave for others: nobody is there
    timers_.close();
    return workers_.state().stuck.empty();
  }

 private:
  /// Gives a request that names no operating point the one that load has chosen.
  std::shared_ptr<CompiledDeployment> current(ServiceRequest* request = nullptr) const {
    const std::lock_guard lock(mutex_);
    if (gears_ && request != nullptr && !request->point && !request->model) {
      const std::size_t point = gears_->state().point;
      if (point != deployment_->parts().point) request->point = point;
    }
    return deployment_;
  }

  std::optional<GearState> gears() const {
    const std::lock_guard lock(mutex_);
    return gears_ ? std::optional(gears_->state()) : std::nullopt;
  }

  /// Now, and again in a while.
  void look_at_load() {
    const auto now = ServiceClock::now();
    const std::chrono::duration<double> now_s = now.time_since_epoch();
    const LoadReading reading{now_s.count(), scheduler_.backlog_ms(), statistics().work_ms()};
    {
      const std::lock_guard lock(mutex_);
      if (gears_) gears_->observe(reading);
    }
    timers_.add(timers_.at(now + look_again), [this] { look_at_load(); });
  }

  void work(Workers::Worker& worker) {
    for (bool here = true; here;) {
      JobBatch batch = scheduler_.next();
      if (batch.jobs.empty()) return;
      const auto now = ServiceClock::now();
      for (const Job& job : batch.jobs) {
        if (job.request->deadline < now) progress_.expire(*job.request);
      }
      std::erase_if(batch.jobs, [](const Job& job) { return job.request->settled(); });
      if (batch.jobs.empty()) {
        scheduler_.finished(batch, 0);
        continue;
      }
      if (batch.elsewhere) {
        send(worker, std::make_shared<const JobBatch>(std::move(batch)));
        continue;
      }
      double ms = 0;
      try {
        const AtWork at_work;
        ms = run(worker, batch, batch, Caller::worker);
      } catch (const std::exception& failure) {
        progress_.fail(batch, failure);
      }
      here = workers_.end(worker);
      if (here) {
        scheduler_.finished(batch, ms);
      } else {
        scheduler_.returned(batch);
      }
    }
  }

  /// Sends a batch to a model elsewhere, on whose answer no worker waits.
  void send(const Workers::Worker& worker, const std::shared_ptr<const JobBatch>& batch) {
    try {
      const AtWork at_work;
      const Tensor images = batch->images();
      const auto start = ServiceClock::now();
      ServiceClock::time_point last = start;
      for (const Job& job : batch->jobs) last = std::max(last, job.request->deadline);
      const auto reminders = progress_.remind(batch);
      const std::chrono::duration<double, std::milli> within = last - start;
      batch->jobs.front().request->deployment->begin(
          worker.place, batch->stage - 1, images, within.count(),
          [this, self = shared_from_this(), batch, start, reminders](const Answered& found) {
            for (const Timers::Id& reminder : reminders) timers_.cancel(reminder);
            come_back(*batch, start, found);
          });
    } catch (const std::exception& failure) {
      progress_.fail(*batch, failure);
      scheduler_.finished(*batch, 0);
    }
  }

  void come_back(const JobBatch& batch, ServiceClock::time_point start, const Answered& found) {
    const double ms = found.failure ? 0 : ms_since(start);
    try {
      const AtWork at_work;
      if (!found.failure) counters_.batch(batch, start, ms);
      progress_.advance(found.failure ? batch.pass_over() : batch.store(found.answers),
                        Caller::other);
    } catch (const std::exception& failure) {
      progress_.fail(batch, failure);
    }
    scheduler_.finished(batch, ms);
  }

  double run(Workers::Worker& worker, const JobBatch& batch, const JobBatch& part, Caller caller) {
    workers_.begin(worker, batch, std::max(options_.stuck_ms, slack * scheduler_.time_of(batch)));
    CompiledDeployment& deployment = *part.jobs.front().request->deployment;
    const Tensor images = part.images();
    const auto start = ServiceClock::now();
    if (part.stage == 0) {
      const MultiplexerView view = deployment.run_multiplexer(worker.place, images);
      const double ms = ms_since(start);
      part.store(view);
      counters_.batch(part, start, ms);
      progress_.advance(part.jobs, caller);
      return ms;
    }
    Tensor answers;
    try {
      if (deployment.called_first() == model_bit(part.stage - 1)) {
        MultiplexerView view;
        std::tie(answers, view) = deployment.answer_first(worker.place, images);
        part.store(view);
      } else {
        answers = deployment.answer(worker.place, part.stage - 1, images);
      }
    } catch (const std::exception&) {
      const auto parts = part.by_request();
      if (parts.size() == 1) throw;
      return run_apart(worker, batch, parts);
    }
    const double ms = ms_since(start);
    counters_.batch(part, start, ms);
    progress_.advance(part.store(answers), caller);
    return ms;
  }

  /// The images of one request must not fail those that ran beside them.
  double run_apart(Workers::Worker& worker, const JobBatch& batch,
                   const std::vector<JobBatch>& parts) {
    for (const JobBatch& part : parts) {
      try {
        run(worker, batch, part, Caller::other);  // there are more parts before next()
      } catch (const std::exception& failure) {
        progress_.fail(part, failure);
      }
    }
    return 0;  // no time of a batch
  }

  /// Nobody knows whether a stuck model comes back: at the end nothing waits for it.
  void expire_behind_lost() {
    std::vector<std::shared_ptr<PendingRequest>> requests = scheduler_.waiting_for_lost();
    workers_.for_each_lost([&](const JobBatch& batch) {
      for (const Job& job : batch.jobs) requests.push_back(job.request);
    });
    for (const auto& request : requests) progress_.expire(*request);
    scheduler_.drop_settled();
  }

  ServiceOptions options_;
  Timers timers_;
  Scheduler scheduler_;
  Workers workers_;
  WarmUp warm_up_;
  Counters counters_;
  RowProgress progress_;
  std::atomic<std::int64_t> inputs_{0};
  std::mutex deploying_, closing_;
  mutable std::mutex mutex_;  ///< of the deployment and its gears
  std::shared_ptr<CompiledDeployment> deployment_;
  std::optional<Gears> gears_;
};

Service::Service(Deployment deployment, const ServiceOptions& options)
    : implementation_(std::make_unique<std::shared_ptr<Implementation>>(
          std::make_shared<Implementation>(deployment, options))) {
  implementation_.get("service")->start(std::move(deployment));
}
Service::~Service() {
  if (implementation_.at_home()) close();
}

std::uint64_t Service::deploy(Deployment deployment) {
  return implementation_.get("service.deploy")->deploy(std::move(deployment));
}
void Service::submit(ServiceRequest request, std::function<void(ServiceAnswer)> done) {
  implementation_.get("service.submit")->submit(std::move(request), std::move(done));
}
ServiceAnswer Service::infer(ServiceRequest request) {
  // Shared, since it may still be at work when the answer is out.
  const auto promise = std::make_shared<std::promise<ServiceAnswer>>();
  auto answer = promise->get_future();
  submit(std::move(request),
         [promise](ServiceAnswer given) { promise->set_value(std::move(given)); });
  return answer.get();
}
ServiceStatistics Service::statistics() const {
  return implementation_.get("service.statistics")->statistics();
}
WorkersState Service::workers() const { return implementation_.get("service.workers")->workers(); }
bool Service::close(double within_ms) {
  return implementation_.get("service.close")->close(within_ms);
}

}  // namespace muxnet
