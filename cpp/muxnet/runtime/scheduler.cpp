#include "muxnet/runtime/scheduler.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

constexpr double newest_share = 0.2;  // of a batch's time in the running mean
constexpr double saving = 0.1;  // of an image's time: what makes a larger batch worth waiting for
constexpr auto no_stage = static_cast<Stage>(-1);

std::size_t size_class(std::int64_t batch) {
  return static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(batch - 1)));
}

template <class Function>
void for_each_model(std::uint64_t models, Function function) {
  for (; models != 0; models &= models - 1) {
    function(static_cast<std::size_t>(std::countr_zero(models)));
  }
}

/// What the multiplexer holds of a model; without one, the dearer the better.
double value_of(const Evidence& evidence, std::size_t model, const std::vector<double>& macs) {
  if (!evidence.scores.empty()) return static_cast<double>(evidence.scores[model]);
  if (!evidence.weights.empty()) return static_cast<double>(evidence.weights[model]);
  return macs[model];
}

}  // namespace

Scheduler::Scheduler(std::size_t stages, const SchedulerOptions& options)
    : options_(options), queues_(stages), reserved_(stages), running_(stages) {
  require(options.workers > 0, "service, workers", "at least 1", text(options.workers));
  require(options.max_batch > 0, "service, max_batch", "at least 1", text(options.max_batch));
  require(options.queue_images > 0, "service, queue_images", "at least 1",
          text(options.queue_images));
  require(options.fill_ms >= 0, "service, fill_ms", "at least 0", text(options.fill_ms));
  image_ms_.assign(stages, std::vector<double>(size_class(options.max_batch) + 1));
}

JobBatch Scheduler::next() {
  const auto fill = std::chrono::duration_cast<ServiceClock::duration>(
      std::chrono::duration<double, std::milli>(options_.fill_ms));
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto now = ServiceClock::now();
    auto wake = ServiceClock::time_point::max();
    Stage oldest = no_stage;
    bool empty = true;
    for (Stage stage = 0; stage < queues_.size(); ++stage) {
      if (queues_[stage].empty()) continue;
      empty = false;
      if (must_wait(stage)) continue;  // finished() wakes
      const Job& head = queues_[stage].front();
      const bool full = static_cast<std::int64_t>(queues_[stage].size()) >= options_.max_batch;
      if (!full && !closing_ && head.since + fill > now) {
        wake = std::min(wake, head.since + fill);
      } else if (oldest == no_stage ||
                 head.request->arrived < queues_[oldest].front().request->arrived) {
        oldest = stage;
      }
    }
    if (oldest != no_stage) return take(oldest);
    const bool busy = std::any_of(running_.begin(), running_.end(), [](int n) { return n > 0; });
    if (closing_ && empty && !busy) return {};
    if (wake == ServiceClock::time_point::max()) {
      wake_.wait(lock);
    } else {
      wake_.wait_until(lock, wake);
    }
  }
}

JobBatch Scheduler::take(Stage stage) {
  JobBatch batch{stage, {}};
  auto& queue = queues_[stage];
  const auto* deployment = queue.front().request->deployment.get();
  const std::int64_t most = paying_batch(stage);
  while (!queue.empty() && static_cast<std::int64_t>(batch.jobs.size()) < most &&
         queue.front().request->deployment.get() == deployment) {
    batch.jobs.push_back(std::move(queue.front()));
    queue.pop_front();
  }
  ++running_[stage];
  return batch;
}

bool Scheduler::must_wait(Stage stage) const {
  return running_[stage] > 0 && queues_[stage].front().request->deployment->alone(stage);
}

void Scheduler::finished(const JobBatch& batch, double ms) {
  const std::lock_guard lock(mutex_);
  --running_[batch.stage];
  if (ms > 0) {
    const auto images = static_cast<std::int64_t>(batch.jobs.size());
    const double newest = ms / static_cast<double>(images);
    double& mean = image_ms_[batch.stage][size_class(images)];
    mean = mean == 0 ? newest : (1 - newest_share) * mean + newest_share * newest;
  }
  if (closing_) {
    wake_.notify_all();
  } else if (!queues_[batch.stage].empty()) {
    wake_.notify_one();
  }
}

void Scheduler::push(Stage stage, Job job) {
  job.since = ServiceClock::now();
  queues_[stage].push_back(std::move(job));
  wake_.notify_one();
}

ServiceStatus Scheduler::place_look(std::span<const Job> jobs) {
  const std::lock_guard lock(mutex_);
  if (closing_) return ServiceStatus::closing;
  if (queues_[0].size() + jobs.size() > static_cast<std::size_t>(options_.queue_images)) {
    return ServiceStatus::full;
  }
  for (const Job& job : jobs) push(0, job);
  return ServiceStatus::ok;
}

void Scheduler::place(std::span<Wish> wishes, bool entering) {
  const std::lock_guard lock(mutex_);
  ServiceStatus worst = entering && closing_ ? ServiceStatus::closing : ServiceStatus::ok;
  for (Wish& wish : wishes) {
    choose(wish);
    for_each_model(wish.call, [&](std::size_t model) { ++reserved_[model + 1]; });
    if (wish.status != ServiceStatus::ok && worst == ServiceStatus::ok) worst = wish.status;
  }
  std::fill(reserved_.begin(), reserved_.end(), 0);
  for (Wish& wish : wishes) {
    if (entering && worst != ServiceStatus::ok) wish.status = worst;
    if (wish.status != ServiceStatus::ok || wish.call == 0) continue;
    RowState& row = wish.job.state();
    row.asked = wish.call;
    row.open.store(std::popcount(wish.call), std::memory_order_relaxed);
    for_each_model(wish.call, [&](std::size_t model) { push(model + 1, wish.job); });
  }
}

Departure Scheduler::obstacle(const Wish& wish, std::size_t model, double macs) const {
  const PendingRequest& request = *wish.job.request;
  if (macs + request.deployment->macs()[model] > request.request.max_cost) return Departure::cost;
  const Stage stage = model + 1;
  const auto waiting = static_cast<std::int64_t>(queues_[stage].size()) + reserved_[stage];
  if (waiting >= options_.queue_images) return Departure::full;
  if (request.deadline == ServiceClock::time_point::max()) return Departure::none;
  const std::chrono::duration<double, std::milli> left = request.deadline - ServiceClock::now();
  const bool alone = request.deployment->alone(stage);
  return expected_ms(stage, alone) > left.count() ? Departure::deadline : Departure::none;
}

void Scheduler::choose(Wish& wish) {
  RowState& row = wish.job.state();
  const auto& macs = wish.job.request->deployment->macs();
  std::uint64_t free = 0;
  double spent = row.macs;
  Departure why = Departure::none;
  for_each_model(wish.call, [&](std::size_t model) {
    const Departure found = obstacle(wish, model, spent);
    if (found == Departure::none) {
      free |= model_bit(model);
      spent += macs[model];
    } else {
      why = found;
    }
  });
  if (why == Departure::none) return;
  const bool refused = why == Departure::full && !options_.cheaper_when_full;
  const std::uint64_t obstructed = wish.call & ~free;
  wish.call = free;
  row.departure = why;
  if (refused || wish.job.request->request.model) {
    wish.call = 0;
    wish.status = why == Departure::full       ? ServiceStatus::full
                  : why == Departure::deadline ? ServiceStatus::late
                                               : ServiceStatus::cost;
  } else if (free == 0 && row.called != 0) {
    const Evidence evidence = wish.job.request->evidence.of(wish.job.row, row.called);
    wish.answer_from = wish.job.request->rule->answer_now(evidence);
  } else if (free == 0) {
    substitute(wish, obstructed);
  }
}

void Scheduler::substitute(Wish& wish, std::uint64_t obstructed) {
  RowState& row = wish.job.state();
  const auto& macs = wish.job.request->deployment->macs();
  const Evidence evidence = wish.job.request->evidence.of(wish.job.row, row.called);
  double best = 0;
  bool has_room = true, in_time = true;
  for_each_model(all_models(macs.size()) & ~obstructed, [&](std::size_t model) {
    const Departure found = obstacle(wish, model, row.macs);
    has_room = has_room && found != Departure::full;
    in_time = in_time && found != Departure::deadline;
    const double value = value_of(evidence, model, macs);
    if (found != Departure::none || (wish.call != 0 && value <= best)) return;
    wish.call = model_bit(model);
    best = value;
  });
  row.last = true;
  if (wish.call != 0) return;
  in_time = in_time && row.departure != Departure::deadline;
  has_room = has_room && row.departure != Departure::full;
  wish.status = !has_room  ? ServiceStatus::full
                : !in_time ? ServiceStatus::late
                           : ServiceStatus::cost;
}

double Scheduler::batch_ms(Stage stage, std::int64_t batch) const {
  const std::int64_t images = std::min(batch, paying_batch(stage));
  return static_cast<double>(images) * image_ms_[stage][size_class(images)];
}

std::int64_t Scheduler::paying_batch(Stage stage) const {
  if (options_.fill_ms > 0) return options_.max_batch;
  const auto& times = image_ms_[stage];
  const double best = *std::min_element(times.begin(), times.end());
  if (best == 0) return options_.max_batch;  // not known at all sizes
  const auto first = std::find_if(times.begin(), times.end(),
                                  [&](double ms) { return (1 - saving) * ms <= best; });
  return std::min(std::int64_t{1} << (first - times.begin()), options_.max_batch);
}

double Scheduler::backlog_locked() const {
  double sum = 0;
  for (Stage stage = 0; stage < queues_.size(); ++stage) sum += queue_ms(stage);
  return sum / static_cast<double>(options_.workers);
}

double Scheduler::queue_ms(Stage stage) const {
  const auto waiting = static_cast<std::int64_t>(queues_[stage].size()) + reserved_[stage];
  if (waiting == 0) return 0;
  const std::int64_t most = paying_batch(stage);
  const std::int64_t whole = (waiting - 1) / most;
  return static_cast<double>(whole) * batch_ms(stage, most) +
         batch_ms(stage, waiting - whole * most);
}

double Scheduler::expected_ms(Stage stage, bool alone) const {
  const auto waiting = static_cast<std::int64_t>(queues_[stage].size()) + reserved_[stage];
  const double ahead = alone ? std::max(backlog_locked(), queue_ms(stage)) : backlog_locked();
  return ahead + batch_ms(stage, waiting + 1);
}

void Scheduler::set_time(Stage stage, std::int64_t batch, double ms) {
  const std::lock_guard lock(mutex_);
  image_ms_[stage][size_class(batch)] = ms / static_cast<double>(batch);
}

double Scheduler::backlog_ms() const {
  const std::lock_guard lock(mutex_);
  return backlog_locked();
}

std::vector<std::int64_t> Scheduler::waiting() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::int64_t> result;
  for (const auto& queue : queues_) result.push_back(static_cast<std::int64_t>(queue.size()));
  return result;
}

void Scheduler::close() {
  const std::lock_guard lock(mutex_);
  closing_ = true;
  wake_.notify_all();
}

}  // namespace muxnet
