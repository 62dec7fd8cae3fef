// Which models a row is queued for, by what they are expected to take.
#include <algorithm>
#include <array>

#include "muxnet/routing/model_mask.hpp"
#include "muxnet/service/scheduler.hpp"

namespace muxnet {
namespace {

/// What the multiplexer holds of a model; without one, the dearer the better.
double value_of(const Evidence& evidence, std::size_t model, const std::vector<double>& costs) {
  if (!evidence.scores.empty()) return static_cast<double>(evidence.scores[model]);
  if (!evidence.weights.empty()) return static_cast<double>(evidence.weights[model]);
  return costs[model];
}

ServiceStatus refusal_for(Departure departure) {
  switch (departure) {
    case Departure::full:
      return ServiceStatus::full;
    case Departure::deadline:
      return ServiceStatus::late;
    case Departure::stuck:
      return ServiceStatus::stuck;
    case Departure::unreachable:
      return ServiceStatus::unreachable;
    default:
      return ServiceStatus::cost;
  }
}

/// Of several obstacles the one that is told: how much it helps to come again, or to ask otherwise.
int helps(Departure departure) {
  constexpr std::array order{Departure::none,        Departure::cost,     Departure::stuck,
                             Departure::unreachable, Departure::deadline, Departure::full};
  return static_cast<int>(std::find(order.begin(), order.end(), departure) - order.begin());
}

}  // namespace

Departure Scheduler::obstacle(const Wish& wish, std::size_t model, double cost) const {
  const PendingRequest& request = *wish.job.request;
  if (cost + request.deployment->costs()[model] > request.request.max_cost) return Departure::cost;
  const Stage stage = model + 1;
  if (is_lost(wish.job, stage)) return Departure::stuck;
  const bool failed = (wish.job.state().failed & model_bit(model)) != 0;
  if (failed || !request.deployment->reachable(stage)) return Departure::unreachable;
  const auto waiting = static_cast<std::int64_t>(queues_[stage].size()) + reserved_[stage];
  if (waiting >= options_.queue_images) return Departure::full;
  const std::chrono::duration<double, std::milli> left = request.deadline - ServiceClock::now();
  const double expected = expected_ms(stage, *request.deployment);
  return expected > left.count() ? Departure::deadline : Departure::none;
}

void Scheduler::choose(Wish& wish) {
  RowState& row = wish.job.state();
  const auto& costs = wish.job.request->deployment->costs();
  std::uint64_t free = 0;
  double spent = row.cost;
  Departure why = Departure::none;
  for (const std::size_t model : models_of(wish.call)) {
    const Departure found = obstacle(wish, model, spent);
    if (found == Departure::none) {
      free |= model_bit(model);
      spent += costs[model];
    } else {
      why = found;
    }
  }
  if (why == Departure::none) return;
  const bool refused = why == Departure::full && !options_.cheaper_when_full;
  const std::uint64_t obstructed = wish.call & ~free;
  wish.call = free;
  row.departure = why;
  if (refused || wish.job.request->request.model) {
    wish.call = 0;
    wish.status = refusal_for(why);
  } else if (free == 0 && row.called != 0) {
    const Evidence evidence = wish.job.request->evidence.of(wish.job.row, row.called);
    wish.answer_from = wish.job.request->rule->answer_now(evidence);
  } else if (free == 0) {
    substitute(wish, obstructed);
  }
}

void Scheduler::substitute(Wish& wish, std::uint64_t obstructed) {
  RowState& row = wish.job.state();
  const auto& costs = wish.job.request->deployment->costs();
  const Evidence evidence = wish.job.request->evidence.of(wish.job.row, row.called);
  double best = 0;
  Departure worst = row.departure;
  for (const std::size_t model : models_of(all_models(costs.size()) & ~obstructed)) {
    const Departure found = obstacle(wish, model, row.cost);
    worst = std::max(worst, found, [](Departure a, Departure b) { return helps(a) < helps(b); });
    const double value = value_of(evidence, model, costs);
    if (found != Departure::none || (wish.call != 0 && value <= best)) continue;
    wish.call = model_bit(model);
    best = value;
  }
  row.last = true;
  if (wish.call != 0) return;
  wish.status = refusal_for(worst);
}

double Scheduler::backlog_locked() const {
  double sum = 0;
  for (Stage stage = 0; stage < queues_.size(); ++stage) sum += queue_ms(stage);
  return sum / static_cast<double>(options_.workers);
}

/// Of what the workers run; what runs elsewhere costs them nothing.
double Scheduler::queue_ms(Stage stage) const {
  const auto waiting = static_cast<std::int64_t>(queues_[stage].size()) + reserved_[stage];
  const auto& queue = queues_[stage];
  const bool away = !queue.empty() && queue.front().request->deployment->elsewhere(stage);
  return any_lost(stage) || away ? 0 : times_.queue(stage, waiting);
}

/// Of what waits for a model elsewhere; what is on its way there is not counted.
double Scheduler::elsewhere_ms(Stage stage) const {
  const auto& queue = queues_[stage];
  if (queue.empty() || !queue.front().request->deployment->elsewhere(stage)) return 0;
  const auto at_once = static_cast<double>(queue.front().request->deployment->at_once(stage));
  return times_.queue(stage, static_cast<std::int64_t>(queue.size())) / at_once;
}

double Scheduler::expected_ms(Stage stage, const CompiledDeployment& deployment) const {
  const auto waiting = static_cast<std::int64_t>(queues_[stage].size()) + reserved_[stage];
  const double own = times_.largest(stage, waiting + 1);
  const auto at_once = static_cast<double>(deployment.at_once(stage));
  if (deployment.elsewhere(stage)) return times_.queue(stage, waiting) / at_once + own;
  return (at_once == 1 ? std::max(backlog_locked(), queue_ms(stage)) : backlog_locked()) + own;
}

std::optional<double> Scheduler::other_ms(const PendingRequest& request, Stage stage) const {
  const std::lock_guard lock(mutex_);
  const CompiledDeployment& deployment = *request.deployment;
  std::optional<double> least;
  for (Stage other = 1; other < queues_.size() && !request.request.model; ++other) {
    if (other == stage || !deployment.reachable(other) || any_lost(other)) continue;
    const double ms = expected_ms(other, deployment);
    if (!least || ms < *least) least = ms;
  }
  return least;
}

}  // namespace muxnet
