#include "muxnet/runtime/service.hpp"

#include <omp.h>

#include <algorithm>
#include <bit>
#include <future>
#include <mutex>
#include <thread>

#include "muxnet/core/error.hpp"
#include "muxnet/core/lanes.hpp"
#include "muxnet/data/dataset.hpp"
#include "muxnet/runtime/scheduler.hpp"

namespace muxnet {
namespace {

double ms_since(ServiceClock::time_point start) {
  return std::chrono::duration<double, std::milli>(ServiceClock::now() - start).count();
}

SchedulerOptions scheduler_options(const ServiceOptions& options) {
  require(options.workers > 0 && options.threads_each > 0, "service", "workers and threads",
          text(options.workers, " workers of ", options.threads_each, " threads"));
  return {static_cast<std::size_t>(options.workers), options.max_batch, options.queue_images,
          options.fill_ms, options.cheaper_when_full};
}

void check_request(const ServiceRequest& request, const CompiledDeployment& deployment,
                   std::int64_t most) {
  const Tensor& images = request.images;
  const std::int64_t rows = images.shape().empty() ? 0 : images.dim(0);
  Shape expected = deployment.input_shape();
  expected.front() = rows;
  require(images.shape() == expected && rows > 0 && rows <= most, "service, images",
          text("(n, c, h, w) as ", to_string(deployment.input_shape()), " with n from 1 to ", most),
          to_string(images.shape()));
  const bool floats = images.dtype() == DType::f32;
  require(floats || images.dtype() == DType::u8, "service, images", "u8 or f32",
          name_of(images.dtype()));
  require(!floats || all_finite(images.span<float>()), "service, images", "finite pixels",
          "NaN or infinity");
  const std::size_t models = deployment.macs().size(), points = deployment.parts().rules.size();
  require(request.model.value_or(0) < models, "service, model", text("one of ", models),
          text(request.model.value_or(0)));
  require(request.point.value_or(0) < points, "service, point", text("one of ", points),
          text(request.point.value_or(0)));
  require(request.deadline_ms > 0, "service, deadline_ms", "above 0", text(request.deadline_ms));
  require(request.max_cost > 0, "service, max_cost", "above 0", text(request.max_cost));
}

}  // namespace

class Service::Implementation {
 public:
  Implementation(Deployment deployment, const ServiceOptions& options)
      : options_(options), scheduler_(deployment.models.size() + 1, scheduler_options(options)) {
    statistics_.stages.resize(deployment.models.size() + 1);
    statistics_.called.resize(deployment.models.size());
    statistics_.stages[0].name = "multiplexer";
    for (std::size_t i = 0; i < deployment.models.size(); ++i) {
      statistics_.stages[i + 1].name = deployment.models[i].name;
    }
    deploy(std::move(deployment));
    runner_ = std::thread([this] { on_workers([this](std::size_t worker) { work(worker); }); });
  }

  std::uint64_t deploy(Deployment deployment) {
    const std::lock_guard one_at_a_time(deploying_);
    const auto before = current();
    auto made = std::make_shared<CompiledDeployment>(std::move(deployment),
                                                     before ? before->version() + 1 : 1,
                                                     static_cast<std::size_t>(options_.workers));
    if (before) require_alike(*before, *made);
    if (options_.warm_up) warm_up(*made);
    const std::lock_guard lock(mutex_);
    deployment_ = std::move(made);
    return deployment_->version();
  }

  void submit(ServiceRequest request, PendingRequest::Done done) {
    auto deployment = current();
    check_request(request, *deployment, options_.queue_images);
    const auto arrival = ServiceClock::now();
    // The caller's may change, and letting go of them may need a lock of another language.
    request.images = request.images.clone();
    if (!request.first_input) request.first_input = inputs_.fetch_add(request.images.dim(0));
    const auto pending = std::make_shared<PendingRequest>(std::move(request), std::move(deployment),
                                                          arrival, std::move(done));
    std::vector<Job> jobs;
    for (std::int64_t row = 0; row < pending->row_count(); ++row)
      jobs.push_back({pending, row, {}});
    if (!pending->looks()) {
      advance(jobs, true);
      return;
    }
    const ServiceStatus status = scheduler_.place_look(jobs);
    if (status != ServiceStatus::ok) refuse(*pending, status);
  }

  ServiceStatistics statistics() const {
    const auto waiting = scheduler_.waiting();
    const auto deployment = current();
    const std::lock_guard lock(statistics_mutex_);
    ServiceStatistics result = statistics_;
    result.version = deployment->version();
    result.drift = deployment->drift();
    for (std::size_t i = 0; i < waiting.size(); ++i) result.stages[i].waiting = waiting[i];
    return result;
  }

  void close() {
    scheduler_.close();
    const std::lock_guard lock(deploying_);
    if (runner_.joinable()) runner_.join();
  }

 private:
  std::shared_ptr<CompiledDeployment> current() const {
    const std::lock_guard lock(mutex_);
    return deployment_;
  }

  static void require_alike(const CompiledDeployment& before, const CompiledDeployment& after) {
    const auto names = [](const CompiledDeployment& deployment) {
      std::string result;
      for (const auto& model : deployment.parts().models) result += model.name + ' ';
      return result;
    };
    require(names(before) == names(after), "deploy", text("the models ", names(before)),
            names(after));
    require(before.input_shape() == after.input_shape() && before.classes() == after.classes(),
            "deploy", text("images ", to_string(before.input_shape())),
            to_string(after.input_shape()));
  }

  /// Runs `task` once per worker, each on a thread of its own with its share of the threads.
  void on_workers(const std::function<void(std::size_t)>& task) const {
    const auto count = static_cast<std::size_t>(options_.workers);
    std::vector<std::function<void()>> tasks;
    for (std::size_t worker = 0; worker < count; ++worker) {
      tasks.emplace_back([&, worker] {
        omp_set_num_threads(options_.threads_each);
        task(worker);
      });
    }
    Lanes(options_.workers, options_.threads_each).run(tasks);
  }

  /// Compiles every plan before it is needed, and measures what each takes.
  void warm_up(CompiledDeployment& deployment) {
    const auto note = [this](Stage stage, std::int64_t batch, double ms) {
      scheduler_.set_time(stage, batch, ms);
    };
    // The calling thread's own number of threads stays as it is.
    std::async(std::launch::async, [&] {
      on_workers([&](std::size_t worker) { deployment.warm_up(worker, options_.max_batch, note); });
    }).get();
  }

  void work(std::size_t worker) {
    for (;;) {
      JobBatch batch = scheduler_.next();
      if (batch.jobs.empty()) return;
      const auto now = ServiceClock::now();
      for (const Job& job : batch.jobs) {
        if (job.request->deadline < now) {
          refuse(*job.request, ServiceStatus::late);
        }
      }
      std::erase_if(batch.jobs, [](const Job& job) { return job.request->refused(); });
      double ms = 0;
      try {
        const AtWork at_work;
        if (!batch.jobs.empty()) ms = run(worker, batch);
      } catch (const std::exception& failure) {
        fail(batch, failure);
      }
      scheduler_.finished(batch, ms);
    }
  }

  double run(std::size_t worker, const JobBatch& batch) {
    CompiledDeployment& deployment = *batch.jobs.front().request->deployment;
    const Tensor images = batch.images();
    const auto start = ServiceClock::now();
    if (batch.stage == 0) {
      const MultiplexerView view = deployment.look(worker, images);
      const double ms = ms_since(start);
      for (std::size_t i = 0; i < batch.jobs.size(); ++i) {
        const Job& job = batch.jobs[i];
        job.request->evidence.store(job.row, view, static_cast<std::int64_t>(i));
      }
      count(batch, start, ms);
      advance(batch.jobs, false);
      return ms;
    }
    Tensor answers;
    try {
      answers = deployment.answer(worker, batch.stage - 1, images);
    } catch (const std::exception&) {
      const auto parts = batch.by_request();
      if (parts.size() == 1) throw;
      return run_apart(worker, parts);
    }
    const double ms = ms_since(start);
    count(batch, start, ms);
    advance(answered(batch, answers), false);
    return ms;
  }

  /// The images of one request must not fail those that ran beside them.
  double run_apart(std::size_t worker, const std::vector<JobBatch>& parts) {
    for (const JobBatch& part : parts) {
      try {
        run(worker, part);
      } catch (const std::exception& failure) {
        fail(part, failure);
      }
    }
    return 0;  // no time of a batch
  }

  void fail(const JobBatch& batch, const std::exception& failure) {
    for (const Job& job : batch.jobs) refuse(*job.request, ServiceStatus::failed, failure.what());
  }

  /// Stores what a model says, and returns the jobs of rows that all models asked have answered.
  static std::vector<Job> answered(const JobBatch& batch, const Tensor& answers) {
    const std::size_t model = batch.stage - 1;
    std::vector<Job> whole;
    for (std::size_t i = 0; i < batch.jobs.size(); ++i) {
      const Job& job = batch.jobs[i];
      job.request->evidence.store(job.row, model, answers, static_cast<std::int64_t>(i));
      RowState& row = job.state();
      if (row.open.fetch_sub(1, std::memory_order_acq_rel) != 1) continue;
      row.called |= row.asked;
      const auto& macs = job.request->deployment->macs();
      for (std::uint64_t rest = row.asked; rest != 0; rest &= rest - 1) {
        row.macs += macs[static_cast<std::size_t>(std::countr_zero(rest))];
      }
      whole.push_back(job);
    }
    return whole;
  }

  /// Takes each row to its next step: a call, or its answer.
  void advance(std::span<const Job> jobs, bool entering) {
    std::vector<Wish> wishes;
    for (const Job& job : jobs) {
      if (job.request->refused()) continue;
      RowState& row = job.state();
      if (row.last) {
        finish(job, row.called);
        continue;
      }
      const Step step = job.request->rule->next(job.request->evidence.of(job.row, row.called));
      row.wanted |= step.call;
      if (step.call == 0 || job.request->request.decide_only) {
        finish(job, step.call == 0 ? step.answer_from : 0);
      } else {
        wishes.push_back({job, step.call, 0, ServiceStatus::ok});
      }
    }
    scheduler_.place(wishes, entering);
    for (const Wish& wish : wishes) {
      if (wish.status != ServiceStatus::ok) {
        refuse(*wish.job.request, wish.status);
      } else if (wish.answer_from != 0) {
        finish(wish.job, wish.answer_from);
      }
    }
  }

  void finish(const Job& job, std::uint64_t answer_from) {
    PendingRequest& request = *job.request;
    if (!request.finish(job.row, answer_from) || request.refused()) return;
    count(request);
    request.answer_now();
  }

  void refuse(PendingRequest& request, ServiceStatus status, const std::string& failure = {}) {
    const double retry_after_ms = status == ServiceStatus::full ? scheduler_.backlog_ms() : 0;
    if (!request.refuse(status, failure, retry_after_ms)) return;
    const std::lock_guard lock(statistics_mutex_);
    ++statistics_.requests[status];
  }

  void count(const JobBatch& batch, ServiceClock::time_point start, double ms) {
    note(batch, start, ms);
    const std::lock_guard lock(statistics_mutex_);
    statistics_.stages[batch.stage].count(static_cast<std::int64_t>(batch.jobs.size()), ms);
  }

  /// Tells each request of its part in a batch.
  static void note(const JobBatch& batch, ServiceClock::time_point start, double ms) {
    const auto images = static_cast<std::int64_t>(batch.jobs.size());
    for (auto job = batch.jobs.begin(); job != batch.jobs.end();) {
      PendingRequest& request = *job->request;
      const auto end = std::find_if(
          job, batch.jobs.end(), [&](const Job& other) { return other.request.get() != &request; });
      const double since =
          std::chrono::duration<double, std::milli>(start - request.arrived).count();
      request.note({batch.stage, since, since + ms, end - job, images});
      job = end;
    }
  }

  void count(const PendingRequest& request) {
    const bool routed = !request.request.model && !request.request.decide_only;
    const CompiledDeployment& deployment = *request.deployment;
    const std::lock_guard lock(statistics_mutex_);
    ++statistics_.requests[ServiceStatus::ok];
    statistics_.total.add(ms_since(request.arrived));
    if (routed) {
      statistics_.count(request.answer, deployment.macs()[deployment.parts().reference]);
    }
  }

  ServiceOptions options_;
  Scheduler scheduler_;
  std::atomic<std::int64_t> inputs_{0};
  std::mutex deploying_;
  mutable std::mutex mutex_;  ///< of the deployment
  std::shared_ptr<CompiledDeployment> deployment_;
  mutable std::mutex statistics_mutex_;
  ServiceStatistics statistics_;
  std::thread runner_;
};

Service::Service(Deployment deployment, const ServiceOptions& options)
    : implementation_(std::make_unique<Implementation>(std::move(deployment), options)) {}
Service::~Service() {
  if (implementation_.at_home()) close();
}

std::uint64_t Service::deploy(Deployment deployment) {
  return implementation_.get("service.deploy").deploy(std::move(deployment));
}
void Service::submit(ServiceRequest request, std::function<void(ServiceAnswer)> done) {
  implementation_.get("service.submit").submit(std::move(request), std::move(done));
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
  return implementation_.get("service.statistics").statistics();
}
void Service::close() { implementation_.get("service.close").close(); }

}  // namespace muxnet
