#include "muxnet/offload/offload_client.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "muxnet/core/counted.hpp"
#include "muxnet/core/error.hpp"
#include "muxnet/cost/placement_cost.hpp"
#include "muxnet/offload/failure.hpp"
#include "muxnet/offload/image_input.hpp"

namespace muxnet {
namespace {

constexpr auto where = "offload client";
constexpr double memory = 0.2;  // weight of the newest payload's size
constexpr std::size_t empty_exchanges = 5;

/// Of the answers of its own.
std::int64_t own_classes(const HostedModel& model) {
  return model.places.empty() ? model.classes : std::ssize(model.places);
}

Quantity measured(const DurationEstimate& estimate) {
  return Quantity(estimate.mean_ms(), Origin::measured);
}

}  // namespace

/// One input on its way.
struct OffloadClient::Work {
  double start_ms = 0;
  double deadline_ms = 0;
  double fall_back_ms = 0;  ///< when the small model has to start
  const OffloadInput* input = nullptr;
  std::shared_ptr<const HostedModel> shown;  ///< the cloud's model as the endpoint shows it
  Fault fault = Fault::none;                 ///< of the last attempt
  std::optional<double> rest_ms;
  bool hedged = false;
  OffloadAnswer result;
};

OffloadClient::OffloadClient(std::unique_ptr<LocalModels> local,
                             OffloadConnections::Connect connect, std::shared_ptr<Clock> clock,
                             OffloadOptions options)
    : local_(std::move(local)),
      clock_(std::move(clock)),
      options_(std::move(options)),
      connections_(std::make_unique<OffloadConnections>(std::move(connect))),
      estimator_(options_.link),
      breaker_(options_.breaker, mix(options_.seed, 1)),
      retry_(options_.retry, mix(options_.seed, 2)),
      last_exchange_ms_(-std::numeric_limits<double>::infinity()) {
  require(local_ && clock_, where, "models and a clock", "none");
  check(options_);
  require(cloud().classes == local_->small().classes, where,
          text("a model in the cloud of ", local_->small().classes, " classes"),
          text(cloud().classes));
  connections_.get(where).borrow();
  // At most, until one was sent.
  const std::size_t pixel = options_.endpoint.payload == raw_payload ? sizeof(float) : 1;
  payload_bytes_ = static_cast<double>(volume(cloud().image_shape)) * pixel;
  measure_local();
  breaker_.open_for(clock_->now_ms(), 0);
}

void OffloadClient::measure_local() {
  const OffloadInput blank = local_->blank();
  constexpr int passes = 8, warm_up = 3;
  for (int i = 0; i < passes; ++i) {
    const double start = clock_->now_ms();
    local_->score(blank);
    const double decided = clock_->now_ms();
    local_->probabilities(blank);
    if (i < warm_up) continue;
    multiplexer_time_.observe(decided - start);
    local_time_.observe(clock_->now_ms() - decided);
  }
}

std::string OffloadClient::learn_endpoint(const Reply<ModelMetadata>& reply) {
  if (reply.fault != Fault::none) return reply.message;
  const bool ours = reply.value.platform.starts_with(own_platform);
  const auto shown = std::make_shared<HostedModel>(ours ? as_served(cloud()) : cloud());
  auto endpoint = settle(options_.endpoint, reply.value, shown->image_shape, own_classes(*shown));
  endpoint_ = std::move(endpoint.value);
  shown_ = shown;
  return endpoint.error;
}

std::string OffloadClient::connect(double timeout_ms) {
  const double until = clock_->now_ms() + timeout_ms;
  const auto transport = connections_.get(where).borrow();
  std::vector<double> times;
  for (std::size_t i = 0; i < empty_exchanges; ++i) {
    const auto transfer = transport->describe(options_.endpoint.model, options_.endpoint.version);
    if (!transfer->wait(until)) return text("[server] no answer within ", timeout_ms, " ms");
    const auto reply = transfer->take();
    const std::lock_guard lock(mutex_);
    const std::string problem = learn_endpoint(reply);
    if (!problem.empty()) return problem;
    if (reply.exchange_ms) times.push_back(*reply.exchange_ms);
  }
  std::sort(times.begin(), times.end());
  const std::lock_guard lock(mutex_);
  connections_.get(where).drop_probe();
  if (!times.empty()) estimator_.observe_empty(times[times.size() / 2]);
  breaker_.succeeded();
  return "";
}

void OffloadClient::tend_probe() {
  OffloadConnections& connections = connections_.get(where);
  const double now = clock_->now_ms();
  if (!connections.probing() && breaker_.probe_due(now)) {
    connections.start_probe(options_.endpoint, now);
    ++account_.probes;
  }
  if (!connections.probing()) return;
  const auto reply = connections.poll_probe(now, options_.probe_timeout_ms);
  if (reply)
    learn_endpoint(*reply).empty() ? breaker_.probe_succeeded() : breaker_.probe_failed(now);
}

Cost OffloadClient::exchange_cost(double sent_bytes, double received_bytes,
                                  const Quantity& server) const {
  // A server that does not say how long it takes is part of what the bytes take.
  const Exchange parts = exchange(estimator_.link(), {sent_bytes, received_bytes},
                                  server.known() ? server : Quantity::zero());
  return cloud_only(parts.upload, parts.waiting, parts.download);
}

Prospects OffloadClient::prospects(const Work& work) const {
  const double now = clock_->now_ms();
  Prospects result;
  result.local = options_.small;
  result.local.latency_ms = measured(local_time_);
  result.cloud = exchange_cost(payload_bytes_, answer_bytes_, estimator_.server_ms());
  result.time_left_ms = work.fall_back_ms - now;
  result.link_up = endpoint_.has_value() && breaker_.allows();
  result.untried = now - last_exchange_ms_ > options_.refresh_ms;
  return result;
}

OffloadReason OffloadClient::choose(Work& work, Placement placement) {
  if (placement == Placement::device) return OffloadReason::confidential;
  std::unique_lock lock(mutex_);
  if (!endpoint_ || !breaker_.allows()) return OffloadReason::link_down;
  const double multiplexer_ms = placement == Placement::decide ? multiplexer_time_.bound_ms() : 0;
  if (clock_->now_ms() + multiplexer_ms >= work.fall_back_ms) return OffloadReason::too_slow;
  if (placement == Placement::cloud) return OffloadReason::offloaded;
  lock.unlock();
  const double found = timed_score(*work.input);
  work.result.score = found;
  work.result.energy_mj = work.result.energy_mj + options_.multiplexer_cost.energy_mj;
  lock.lock();
  return decide(options_.objective, found, prospects(work));
}

double OffloadClient::timed_score(const OffloadInput& input) {
  const double start = clock_->now_ms();
  const double found = local_->score(input);
  const double took = clock_->now_ms() - start;
  const std::lock_guard lock(mutex_);
  multiplexer_time_.observe(took);
  return found;
}

double OffloadClient::score(const OffloadInput& input) {
  local_->check(input);
  return timed_score(input);
}

OffloadReason OffloadClient::judge(Work& work, Reply<InferResponse> reply,
                                   const ExpectedOutput& expected) const {
  work.fault = reply.fault;
  work.rest_ms = reply.rest_ms;
  if (reply.fault != Fault::none) {
    work.result.detail = std::move(reply.message);
    return reason_of(reply.fault);
  }
  auto answer = check_answer(std::move(reply.value), expected);
  if (!answer.value) {
    work.fault = Fault::malformed;
    work.result.detail = answer.error;
    return reason_of(work.fault);
  }
  work.result.probabilities =
      placed(answer.value->probabilities, local_->small().classes, work.shown->places);
  work.result.server_ms = answer.value->server_ms;
  return OffloadReason::offloaded;
}

OffloadReason OffloadClient::given_up(Work& work, double sent, double waited_ms) {
  work.result.detail = text("no answer within ", waited_ms, " ms");
  const std::lock_guard lock(mutex_);
  const Quantity expected = exchange_cost(sent, answer_bytes_, {}).latency_ms;
  if (expected.known() && waited_ms > expected.value()) {
    estimator_.observe({sent, answer_bytes_}, waited_ms, {});
  }
  return OffloadReason::timed_out;
}

OffloadReason OffloadClient::attempt(Work& work, Transport& transport, InferInput& input,
                                     double give_up_ms) {
  input.id = text(++sequence_);
  const double start = clock_->now_ms();
  OffloadAnswer& result = work.result;
  ++result.attempts;
  work.fault = Fault::timed_out;
  work.rest_ms = {};
  const auto transfer = transport.infer(input);
  const double sent = transfer->sent_bytes();
  result.sent_bytes += sent;
  if (!transfer->wait(give_up_ms)) {
    const double waited = clock_->now_ms() - start;
    // From here the device has an answer of its own; the cloud's may still come meanwhile.
    run_local(work);
    if (!transfer->wait(clock_->now_ms())) return given_up(work, sent, waited);
    work.hedged = true;
  }
  Reply<InferResponse> reply = transfer->take();
  const double received = reply.received_bytes;
  const std::optional<double> exchange_ms = reply.exchange_ms;
  result.received_bytes += received;
  const OffloadReason reason = judge(
      work, std::move(reply),
      {input.id, input.output, own_classes(*work.shown), options_.endpoint.logits, input.rows});
  const std::lock_guard lock(mutex_);
  if (reason != OffloadReason::offloaded) {
    result.energy_mj = result.energy_mj + exchange_cost(sent, 0, {}).energy_mj;
    return reason;
  }
  last_exchange_ms_ = clock_->now_ms();
  answer_bytes_ += memory * (received - answer_bytes_);
  if (exchange_ms) estimator_.observe({sent, received}, *exchange_ms, result.server_ms);
  const Quantity server =
      result.server_ms ? Quantity(*result.server_ms, Origin::measured) : Quantity();
  result.energy_mj = result.energy_mj + exchange_cost(sent, received, server).energy_mj;
  return reason;
}

OffloadReason OffloadClient::send(Work& work) {
  std::unique_lock lock(mutex_);
  if (!endpoint_) return OffloadReason::link_down;
  const Endpoint endpoint = *endpoint_;
  work.shown = shown_;
  lock.unlock();
  InferInput input = make_input(options_.endpoint, endpoint, *work.shown, work.input->image);
  const auto transport = connections_.get(where).borrow();
  lock.lock();
  if (!breaker_.enter(clock_->now_ms())) return OffloadReason::link_down;
  retry_.begin();
  const double give_up =
      std::min(work.fall_back_ms, clock_->now_ms() + options_.request_timeout_ms);
  for (int made = 1;; ++made) {
    lock.unlock();
    const OffloadReason reason = attempt(work, *transport, input, give_up);
    lock.lock();
    payload_bytes_ += memory * (work.result.sent_bytes / work.result.attempts - payload_bytes_);
    if (reason == OffloadReason::offloaded) {
      breaker_.succeeded();
      return reason;
    }
    const auto wait = retry_ms(work, made, give_up);
    if (!wait) return reason;
    lock.unlock();
    clock_->sleep_ms(*wait);
    lock.lock();
  }
}

std::optional<double> OffloadClient::retry_ms(const Work& work, int made, double give_up_ms) {
  const double now = clock_->now_ms();
  work.rest_ms ? breaker_.open_for(now, *work.rest_ms) : breaker_.failed(now);
  if (!may_pass(work.fault) || !breaker_.allows()) return std::nullopt;
  const Quantity expected = prospects(work).cloud.latency_ms;
  const double needed = expected.known() ? expected.value() : 0;
  if (now + needed >= give_up_ms) return std::nullopt;
  const auto wait = retry_.next_ms(made);
  if (!wait || now + *wait + needed >= give_up_ms) return std::nullopt;
  ++account_.retries;
  return wait;
}

void OffloadClient::run_local(Work& work) {
  const double start = clock_->now_ms();
  work.result.probabilities = local_->probabilities(*work.input);
  work.result.energy_mj = work.result.energy_mj + options_.small.energy_mj;
  const double took = clock_->now_ms() - start;
  const std::lock_guard lock(mutex_);
  local_time_.observe(took);
}

OffloadAnswer OffloadClient::finish(Work& work) {
  OffloadAnswer& result = work.result;
  const auto values = result.probabilities.span<float>();
  result.answer =
      static_cast<std::int32_t>(std::max_element(values.begin(), values.end()) - values.begin());
  const std::lock_guard lock(mutex_);
  const double now = clock_->now_ms();
  result.latency_ms = now - work.start_ms;
  result.lateness_ms = std::max(now - work.deadline_ms, 0.0);
  ++account_.by_reason.at(static_cast<std::size_t>(result.reason));
  if (result.lateness_ms > 0) ++account_.late;
  account_.worst_lateness_ms = std::max(account_.worst_lateness_ms, result.lateness_ms);
  if (work.hedged && result.reason == OffloadReason::offloaded) ++account_.hedged;
  account_.sent_bytes += result.sent_bytes;
  account_.received_bytes += result.received_bytes;
  return std::move(result);
}

OffloadAnswer OffloadClient::answer(const OffloadInput& input, const Handling& handling) {
  Work work;
  work.start_ms = clock_->now_ms();
  const double deadline = handling.deadline_ms.value_or(options_.deadline_ms);
  require(deadline > 0, where, "a deadline above 0 ms", text(deadline));
  work.deadline_ms = work.start_ms + deadline;
  work.input = &input;
  local_->check(input);
  work.result.energy_mj = Quantity::zero();
  const Counted call(calls_);
  {
    const std::lock_guard lock(mutex_);
    work.fall_back_ms =
        work.deadline_ms - options_.margin_ms - call.number() * local_time_.bound_ms();
    tend_probe();
  }
  work.result.reason = choose(work, handling.placement);
  if (work.result.reason == OffloadReason::offloaded) work.result.reason = send(work);
  if (work.result.probabilities.empty()) run_local(work);
  return finish(work);
}

}  // namespace muxnet
