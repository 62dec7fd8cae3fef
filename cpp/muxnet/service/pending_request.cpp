#include "muxnet/service/pending_request.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <utility>

#include "muxnet/core/error.hpp"
#include "muxnet/data/dataset.hpp"

namespace muxnet {
namespace {

std::shared_ptr<const Rule> rule_for(const ServiceRequest& request, const Deployment& deployment) {
  if (request.model) return std::make_shared<FixedRule>(model_bit(*request.model));
  return deployment.rules[request.point.value_or(deployment.point)];
}

std::string refusal_text(ServiceStatus status) {
  switch (status) {
    case ServiceStatus::full:
      return error_text("service", "room in the queue", "more images than can be worked off");
    case ServiceStatus::late:
      return error_text("service", "a deadline that can be kept", "one that is too near");
    case ServiceStatus::cost:
      return error_text("service", "a max_cost that some model keeps to", "one that none does");
    case ServiceStatus::stuck:
      return error_text("service", "a model that answers", "one that is stuck");
    case ServiceStatus::unreachable:
      return error_text("service", "a model that answers", "ones elsewhere that do not");
    case ServiceStatus::closing:
      return error_text("service", "requests before it closes", "one that came after");
    default:
      return error_text("service", "an answer", "a failure");
  }
}

void check_images(const Tensor& images, Shape expected, std::int64_t rows, std::int64_t most) {
  const std::string wanted = to_string(expected);
  expected.front() = rows;
  require(images.shape() == expected && rows > 0 && rows <= most, "service, images",
          text("(n, c, h, w) as ", wanted, " with n from 1 to ", most), to_string(images.shape()));
  check_pixels(images, "service, images");
}

void check_vectors(const Tensor& vectors, std::int64_t width, std::int64_t rows,
                   std::int64_t most) {
  require(vectors.shape() == Shape{rows, width} && vectors.dtype() == DType::f32 && rows > 0 &&
              rows <= most,
          "service, features", text("f32 (n, ", width, ") with n from 1 to ", most),
          text(name_of(vectors.dtype()), ' ', to_string(vectors.shape())));
  const auto numbers = vectors.span<float>();
  require(std::all_of(numbers.begin(), numbers.end(), [](float x) { return std::isfinite(x); }),
          "service, features", "finite numbers", "NaN or infinity");
}

}  // namespace

const char* name_of(ServiceStatus status) {
  constexpr std::array names{"ok",      "full",   "late",  "cost",
                             "closing", "failed", "stuck", "unreachable"};
  return names[static_cast<std::size_t>(status)];
}

const char* name_of(Departure departure) {
  constexpr std::array names{"none", "deadline", "cost", "full", "stuck", "unreachable"};
  return names[static_cast<std::size_t>(departure)];
}

void check_request(const ServiceRequest& request, const CompiledDeployment& deployment,
                   std::int64_t most) {
  const std::size_t models = deployment.costs().size(), points = deployment.parts().rules.size();
  require(request.model.value_or(0) < models, "service, model", text("one of ", models),
          text(request.model.value_or(0)));
  const auto& shapes = deployment.input_shapes();
  require(request.images.size() == shapes.size(), "service, images",
          text(shapes.size(), " tensors, one for each size that models are shown"),
          text(request.images.size()));
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    if (request.model && i != deployment.shown(*request.model + 1)) continue;
    if (shapes[i].size() == 2) {
      check_vectors(request.images[i], shapes[i][1], request.rows(), most);
    } else {
      check_images(request.images[i], shapes[i], request.rows(), most);
    }
  }
  require(request.point.value_or(0) < points, "service, point", text("one of ", points),
          text(request.point.value_or(0)));
  require(request.deadline_ms > 0, "service, deadline_ms", "above 0", text(request.deadline_ms));
  require(request.max_cost > 0, "service, max_cost", "above 0", text(request.max_cost));
}

PendingRequest::PendingRequest(ServiceRequest from, std::shared_ptr<CompiledDeployment> with,
                               ServiceClock::time_point arrival, Done when_done)
    : request(std::move(from)),
      deployment(std::move(with)),
      rule(rule_for(request, deployment->parts())),
      arrived(arrival),
      deadline(arrival + std::chrono::duration_cast<ServiceClock::duration>(
                             std::chrono::duration<double, std::milli>(
                                 std::min(request.deadline_ms, longest_deadline_ms)))),
      evidence(request.rows(), static_cast<std::int64_t>(deployment->costs().size()),
               deployment->classes()),
      rows_(static_cast<std::size_t>(request.rows())),
      rows_left_(request.rows()),
      done_(std::move(when_done)) {
  const std::size_t n = rows_.size();
  evidence.first_input = request.first_input.value_or(0);
  answer.version = deployment->version();
  answer.first_input = evidence.first_input;
  if (!request.decide_only) {
    answer.probabilities = Tensor({row_count(), deployment->classes()});
    answer.answers.resize(n);
  }
  if (rule->least_confidence() && !request.decide_only) {
    answer.confidences.resize(n);
    answer.abstained.resize(n);
  }
  answer.called.resize(n);
  answer.answered_from.resize(n);
  answer.wanted.resize(n);
  if (deployment->parts().shadow && !request.model) answer.shadow.resize(n);
  answer.departures.resize(n);
  answer.costs.resize(n);
  const bool decides = !request.model && !request.decide_only;
  if (decides && !deployment->parts().recorders.empty()) answer.records.resize(n);
  if (!uses_multiplexer()) return;
  evidence.make_room(deployment->parts().multiplexer);
  evidence.called_first = deployment->called_first();
  for (RowState& state : rows_) state.cost = deployment->multiplexer_cost();
}

void RowState::ask(std::uint64_t models) {
  asked = models;
  ++step;
  open_.store((std::uint64_t{step} << count_bits) | static_cast<unsigned>(std::popcount(models)));
  waiting_.store(step);
}

bool RowState::came(std::uint32_t of_step) {
  std::uint64_t open = open_.load();
  do {
    if (open >> count_bits != of_step) return false;
  } while (!open_.compare_exchange_weak(open, open - 1));
  return (open & count_mask) == 1 && take(of_step);
}

bool PendingRequest::finish(std::int64_t index, std::uint64_t answer_from) {
  const auto i = static_cast<std::size_t>(index);
  const RowState& state = rows_[i];
  if (answer_from != 0) {
    const std::int64_t classes = deployment->classes();
    const std::span probabilities(answer.probabilities.data<float>() + index * classes,
                                  static_cast<std::size_t>(classes));
    const Evidence found = evidence.of(index, state.called);
    // A model that the rule did not ask for answers for itself.
    answer.answers[i] = state.last ? rule->Rule::combine(found, answer_from, probabilities)
                                   : rule->combine(found, answer_from, probabilities);
    if (!answer.abstained.empty()) {
      const auto own = static_cast<std::size_t>(answer.answers[i]);
      answer.confidences[i] = state.departure != Departure::none
                                  ? static_cast<double>(probabilities[own])
                                  : rule->confidence(found, answer_from, answer.answers[i]);
      answer.abstained[i] = rule->abstains(answer.confidences[i]) ? 1 : 0;
    }
    if (!answer.records.empty()) answer.records[i] = record(index, answer_from);
    if (by_chosen_rule() && state.departure == Departure::none) deployment->observe(found);
  }
  answer.called[i] = state.called;
  answer.answered_from[i] = answer_from;
  answer.wanted[i] = state.wanted;
  answer.departures[i] = state.departure;
  answer.costs[i] = state.cost;
  if (!answer.shadow.empty()) answer.shadow[i] = shadow_wish(index, state.called);
  return rows_left_.fetch_sub(1, std::memory_order_acq_rel) == 1;
}

std::vector<std::int64_t> PendingRequest::take_waiting() {
  std::vector<std::int64_t> taken;
  bool answered = true;
  for (std::int64_t i = 0; i < row_count(); ++i) {
    RowState& state = row(i);
    if (!state.take()) continue;
    taken.push_back(i);
    answered = answered && state.called != 0;
  }
  const bool all = static_cast<std::int64_t>(taken.size()) == rows_left_.load();
  return answered && all ? taken : std::vector<std::int64_t>{};
}

void PendingRequest::note(const CallSpan& span) {
  const std::lock_guard lock(noting_);
  if (!settled()) answer.calls.push_back(span);
}

std::string PendingRequest::record(std::int64_t index, std::uint64_t answer_from) const {
  const auto& parts = deployment->parts();
  const RowState& state = rows_[static_cast<std::size_t>(index)];
  std::optional<Departed> departed;
  if (state.departure != Departure::none) departed = {name_of(state.departure), answer_from};
  const Recorder& recorder = *parts.recorders[request.point.value_or(parts.point)];
  return recorder.record(evidence.of(index, state.called), state.called, departed);
}

/// All that the shadow asks for as far as the answers at hand lead it.
std::uint64_t PendingRequest::shadow_wish(std::int64_t index, std::uint64_t called) const {
  const Rule& shadow = *deployment->parts().shadow;
  std::uint64_t asked = 0;
  for (;;) {
    const Step step = shadow.next(evidence.of(index, asked));
    asked |= step.call;
    if (step.call == 0 || (step.call & ~called) != 0) return asked;
  }
}

double PendingRequest::age_ms() const {
  return std::chrono::duration<double, std::milli>(ServiceClock::now() - arrived).count();
}

void PendingRequest::answer_now() {
  {
    const std::lock_guard lock(noting_);  // a model may come back just now
    answer.view = evidence.view;
    answer.total_ms = age_ms();
  }
  std::exchange(done_, {})(std::move(answer));
}

void PendingRequest::refuse(ServiceStatus status, const std::string& failure,
                            double retry_after_ms) {
  ServiceAnswer refusal;
  refusal.status = status;
  refusal.message = failure.empty() ? refusal_text(status) : failure;
  refusal.retry_after_ms = std::ceil(retry_after_ms);
  refusal.version = deployment->version();
  refusal.first_input = evidence.first_input;
  refusal.total_ms = age_ms();
  std::exchange(done_, {})(std::move(refusal));
}

}  // namespace muxnet
