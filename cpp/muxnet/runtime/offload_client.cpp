#include "muxnet/runtime/offload_client.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "muxnet/core/error.hpp"
#include "muxnet/cost/deployment.hpp"
#include "muxnet/runtime/offload_failure.hpp"

namespace muxnet {
namespace {

constexpr auto where = "offload client";
constexpr double memory = 0.2;  // weight of the newest payload's size
constexpr std::size_t empty_exchanges = 5;
constexpr int least_polls = 5;  // a probe is worked on only when somebody asks for an answer

Figure measured(const DurationEstimate& estimate) {
  return Figure(estimate.mean_ms(), Origin::measured);
}

void check(const OffloadOptions& options) {
  require(options.deadline_ms > 0 && options.request_timeout_ms > 0 &&
              options.probe_timeout_ms > 0 && options.margin_ms >= 0 && options.refresh_ms > 0,
          where, "times above 0 ms", "others");
  const std::string& payload = options.endpoint.payload;
  require(payload == "raw" || payload == "png" || payload == "jpeg", where,
          "a payload raw, png or jpeg", payload);
  if (!options.objective.needs_energy()) return;
  const LinkProfile& link = options.link;
  const bool radio = link.upload_mw_per_mbps.known() && link.download_mw_per_mbps.known() &&
                     link.base_mw.known() && link.tail_ms.known() && link.tail_mw.known();
  require(radio, where, "a link whose radio's powers are known, for an objective of energy",
          link.name.empty() ? "none" : link.name);
  require(options.objective.per_mj == 0 || options.small.energy_mj.known(), where,
          "the small model's energy, for an objective of energy", "none");
}

}  // namespace

/// One input on its way.
struct OffloadClient::Work {
  double start_ms = 0;
  double deadline_ms = 0;
  double fall_back_ms = 0;  ///< when the small model has to start
  const Tensor* image = nullptr;
  Tensor prepared;
  Fault fault = Fault::none;  ///< of the last attempt
  std::optional<double> rest_ms;
  bool hedged = false;
  OffloadAnswer result;
};

OffloadClient::OffloadClient(std::unique_ptr<LocalModels> local,
                             std::unique_ptr<Transport> transport, std::shared_ptr<Clock> clock,
                             OffloadOptions options)
    : local_(std::move(local)),
      transport_(std::move(transport)),
      clock_(std::move(clock)),
      options_(std::move(options)),
      estimator_(options_.link),
      breaker_(options_.breaker, mix(options_.seed, 1)),
      retry_(options_.retry, mix(options_.seed, 2)),
      last_exchange_ms_(-std::numeric_limits<double>::infinity()) {
  require(local_ && transport_ && clock_, where, "models, a transport and a clock", "none");
  check(options_);
  // At most, until one was sent.
  const std::size_t pixel = options_.endpoint.payload == "raw" ? sizeof(float) : 1;
  payload_bytes_ = static_cast<double>(volume(local_->image_shape())) * pixel;
  measure_local();
  breaker_.open_for(clock_->now_ms(), 0);
}

void OffloadClient::measure_local() {
  const Tensor blank = local_->prepare(Tensor(local_->image_shape(), DType::u8));
  constexpr int passes = 8, warm_up = 3;
  for (int i = 0; i < passes; ++i) {
    const double start = clock_->now_ms();
    local_->score(blank);
    const double looked = clock_->now_ms();
    local_->probabilities(blank);
    if (i < warm_up) continue;
    look_time_.observe(looked - start);
    local_time_.observe(clock_->now_ms() - looked);
  }
}

std::unique_ptr<Transfer<ModelMetadata>> OffloadClient::describe() {
  return transport_->describe(options_.endpoint.model, options_.endpoint.version);
}

std::string OffloadClient::learn_endpoint(const Reply<ModelMetadata>& reply) {
  if (reply.fault != Fault::none) return reply.message;
  auto endpoint = settle(options_.endpoint, reply.value, local_->image_shape());
  endpoint_ = std::move(endpoint.value);
  return endpoint.error;
}

std::string OffloadClient::connect(double timeout_ms) {
  const std::lock_guard lock(mutex_);
  probe_.reset();
  const double until = clock_->now_ms() + timeout_ms;
  std::vector<double> times;
  for (std::size_t i = 0; i < empty_exchanges; ++i) {
    const auto transfer = describe();
    if (!transfer->wait(until)) return text("[server] no answer within ", timeout_ms, " ms");
    const auto reply = transfer->take();
    const std::string problem = learn_endpoint(reply);
    if (!problem.empty()) return problem;
    if (reply.exchange_ms) times.push_back(*reply.exchange_ms);
  }
  std::sort(times.begin(), times.end());
  if (!times.empty()) estimator_.observe_empty(times[times.size() / 2]);
  breaker_.succeeded();
  return "";
}

void OffloadClient::tend_probe() {
  const double now = clock_->now_ms();
  if (!probe_ && breaker_.probe_due(now)) {
    probe_ = describe();
    probe_started_ms_ = now;
    probe_polls_ = 0;
    ++account_.probes;
  }
  if (!probe_) return;
  ++probe_polls_;
  if (probe_->wait(now)) {
    const bool usable = learn_endpoint(probe_->take()).empty();
    usable ? breaker_.probe_succeeded() : breaker_.probe_failed(now);
    probe_.reset();
  } else if (now - probe_started_ms_ > options_.probe_timeout_ms && probe_polls_ >= least_polls) {
    probe_.reset();
    breaker_.probe_failed(now);
  }
}

Cost OffloadClient::exchange_cost(double sent_bytes, double received_bytes,
                                  const Figure& server) const {
  // A server that does not say how long it takes is part of what the bytes take.
  const Exchange parts = exchange(estimator_.link(), {sent_bytes, received_bytes},
                                  server.known() ? server : Figure::zero());
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
  if (!endpoint_ || !breaker_.allows()) return OffloadReason::link_down;
  const double look_ms = placement == Placement::decide ? look_time_.bound_ms() : 0;
  if (clock_->now_ms() + look_ms >= work.fall_back_ms) return OffloadReason::too_slow;
  if (placement == Placement::cloud) return OffloadReason::answered;
  const double start = clock_->now_ms();
  const double score = local_->score(work.prepared);
  look_time_.observe(clock_->now_ms() - start);
  work.result.score = score;
  work.result.energy_mj = work.result.energy_mj + options_.look.energy_mj;
  return decide(options_.objective, score, prospects(work));
}

OffloadReason OffloadClient::judge(Work& work, Reply<InferResponse> reply,
                                   const ExpectedOutput& expected) {
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
  work.result.probabilities = answer.value->probabilities;
  work.result.server_ms = answer.value->server_ms;
  return OffloadReason::answered;
}

OffloadReason OffloadClient::attempt(Work& work, InferInput& input, double give_up_ms) {
  input.id = text(++sequence_);
  const double start = clock_->now_ms();
  OffloadAnswer& result = work.result;
  ++result.attempts;
  work.fault = Fault::timed_out;
  work.rest_ms = {};
  const auto transfer = transport_->infer(input);
  const double sent = transfer->sent_bytes();
  result.sent_bytes += sent;
  payload_bytes_ += memory * (sent - payload_bytes_);
  if (!transfer->wait(give_up_ms)) {
    const double waited = clock_->now_ms() - start;
    // From here the device has an answer of its own; the cloud's may still come meanwhile.
    run_local(work);
    if (!transfer->wait(clock_->now_ms())) {
      const Figure expected = exchange_cost(sent, answer_bytes_, {}).latency_ms;
      if (expected.known() && waited > expected.value()) {
        estimator_.observe({sent, answer_bytes_}, waited, {});
      }
      result.detail = text("no answer within ", waited, " ms");
      return OffloadReason::timed_out;
    }
    work.hedged = true;
  }
  Reply<InferResponse> reply = transfer->take();
  const double received = reply.received_bytes;
  const std::optional<double> exchange_ms = reply.exchange_ms;
  result.received_bytes += received;
  const OffloadReason reason =
      judge(work, std::move(reply),
            {input.id, input.output, local_->classes(), options_.endpoint.logits});
  if (reason == OffloadReason::answered) {
    last_exchange_ms_ = clock_->now_ms();
    answer_bytes_ += memory * (received - answer_bytes_);
    if (exchange_ms) estimator_.observe({sent, received}, *exchange_ms, result.server_ms);
    const Figure server = result.server_ms ? Figure(*result.server_ms, Origin::measured) : Figure();
    result.energy_mj = result.energy_mj + exchange_cost(sent, received, server).energy_mj;
  } else {
    result.energy_mj = result.energy_mj + exchange_cost(sent, 0, {}).energy_mj;
  }
  return reason;
}

OffloadReason OffloadClient::send(Work& work) {
  retry_.begin();
  const double give_up =
      std::min(work.fall_back_ms, clock_->now_ms() + options_.request_timeout_ms);
  InferInput input = make_input(options_.endpoint, *endpoint_, *work.image, work.prepared);
  for (int made = 1;; ++made) {
    const OffloadReason reason = attempt(work, input, give_up);
    const double now = clock_->now_ms();
    if (reason == OffloadReason::answered) {
      breaker_.succeeded();
      return reason;
    }
    work.rest_ms ? breaker_.open_for(now, *work.rest_ms) : breaker_.failed(now);
    if (!may_pass(work.fault) || !breaker_.allows()) return reason;
    const Figure expected = prospects(work).cloud.latency_ms;
    const double needed = expected.known() ? expected.value() : 0;
    if (now + needed >= give_up) return reason;
    const auto wait = retry_.next_ms(made);
    if (!wait || now + *wait + needed >= give_up) return reason;
    clock_->sleep_ms(*wait);
    ++account_.retries;
  }
}

void OffloadClient::run_local(Work& work) {
  const double start = clock_->now_ms();
  work.result.probabilities = local_->probabilities(work.prepared);
  local_time_.observe(clock_->now_ms() - start);
  work.result.energy_mj = work.result.energy_mj + options_.small.energy_mj;
}

OffloadAnswer OffloadClient::finish(Work& work) {
  OffloadAnswer& result = work.result;
  const auto values = result.probabilities.span<float>();
  result.answer =
      static_cast<std::int32_t>(std::max_element(values.begin(), values.end()) - values.begin());
  const double now = clock_->now_ms();
  result.latency_ms = now - work.start_ms;
  result.lateness_ms = std::max(now - work.deadline_ms, 0.0);
  ++account_.by_reason.at(static_cast<std::size_t>(result.reason));
  if (result.lateness_ms > 0) ++account_.late;
  account_.worst_lateness_ms = std::max(account_.worst_lateness_ms, result.lateness_ms);
  if (work.hedged && result.reason == OffloadReason::answered) ++account_.hedged;
  account_.sent_bytes += result.sent_bytes;
  account_.received_bytes += result.received_bytes;
  return std::move(result);
}

OffloadAnswer OffloadClient::answer(const Tensor& image, const Handling& handling) {
  const std::lock_guard lock(mutex_);
  Work work;
  work.start_ms = clock_->now_ms();
  const double deadline = handling.deadline_ms.value_or(options_.deadline_ms);
  require(deadline > 0, where, "a deadline above 0 ms", text(deadline));
  work.deadline_ms = work.start_ms + deadline;
  work.fall_back_ms = work.deadline_ms - options_.margin_ms - local_time_.bound_ms();
  work.image = &image;
  work.prepared = local_->prepare(image);
  work.result.energy_mj = Figure::zero();
  tend_probe();
  work.result.reason = choose(work, handling.placement);
  if (work.result.reason == OffloadReason::answered) work.result.reason = send(work);
  if (work.result.probabilities.empty()) run_local(work);
  return finish(work);
}

OffloadAccount OffloadClient::account() const {
  const std::lock_guard lock(mutex_);
  return account_;
}

LinkProfile OffloadClient::link() const {
  const std::lock_guard lock(mutex_);
  return estimator_.link();
}

Figure OffloadClient::server_ms() const {
  const std::lock_guard lock(mutex_);
  return estimator_.server_ms();
}

double OffloadClient::local_ms() const {
  const std::lock_guard lock(mutex_);
  return local_time_.mean_ms();
}

double OffloadClient::look_ms() const {
  const std::lock_guard lock(mutex_);
  return look_time_.mean_ms();
}

CircuitBreaker::State OffloadClient::state() const {
  const std::lock_guard lock(mutex_);
  return breaker_.state();
}

}  // namespace muxnet
