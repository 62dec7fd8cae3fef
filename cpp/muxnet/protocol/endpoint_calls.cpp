#include "muxnet/protocol/endpoint_calls.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "muxnet/core/error.hpp"
#include "muxnet/protocol/checks.hpp"

namespace muxnet {
namespace {

constexpr double never = std::numeric_limits<double>::infinity();
constexpr double longest_wait_ms = 60'000;

Shape one_of(const Tensor& images) {
  Shape shape = images.shape();
  shape.front() = 1;
  return shape;
}

}  // namespace

void check(const RemoteModelOptions& options) {
  const std::string where = options.name.empty() ? "endpoint" : options.name;
  require(!options.endpoint.model.empty(), where, "the name of a model on the server", "none");
  require(options.timeout_ms > 0 && options.probe_timeout_ms > 0, where, "times above 0 ms",
          text(std::min(options.timeout_ms, options.probe_timeout_ms)));
  require(options.in_flight > 0, where, "at least 1 request in flight", text(options.in_flight));
}

std::string described(const RemoteModelOptions& options) {
  return text(options.name, ", model ", options.endpoint.model, " at ", options.server.url);
}

/// A call on its way, or waiting for its turn.
struct EndpointCalls::Request {
  EndpointCall call;
  int made = 0;              ///< attempts
  double not_before_ms = 0;  ///< of the next attempt
  double sent_ms = 0;
  bool as_json = false;
  bool divisible = false;  ///< into requests of fewer inputs
  std::string refusal{};   ///< of the other form
  InferInput input{};
  std::unique_ptr<Transfer<InferResponse>> transfer{};
};

EndpointCalls::EndpointCalls(const Connect& connect, std::shared_ptr<Clock> clock,
                             RemoteModelOptions options)
    : options_(std::move(options)),
      clock_(std::move(clock)),
      breaker_(options_.breaker, mix(options_.seed, 1)),
      retry_(options_.retry, mix(options_.seed, 2)) {
  check(options_);
  classes_ = options_.classes;
  transport_ = connect();
}

// Transfers before their transport.
EndpointCalls::~EndpointCalls() {
  probe_.reset();
  active_.clear();
}

void EndpointCalls::add(EndpointCall call) {
  retry_.begin();
  waiting_.push_back(std::make_unique<Request>(Request{std::move(call)}));
}

void EndpointCalls::step() {
  const double now = clock_->now_ms();
  tend_probe(now);
  take_answers(now);
  expire(now);
  if (!breaker_.allows()) fail_waiting(Fault::unavailable, statistics_.trouble, false);
  start_waiting(now);
  statistics_.state = breaker_.state();
  statistics_.in_flight = std::ssize(active_);
}

void EndpointCalls::work() {
  const double now = clock_->now_ms();
  transport_->work(std::min(next_ms(now), now + longest_wait_ms));
}

/// When step() next has something to do, whatever the network does.
double EndpointCalls::next_ms(double now) const {
  double next = never;
  if (probe_) {
    next = probe_until_ms_;
  } else if (!breaker_.allows()) {
    next = breaker_.until_ms();
  } else if (!metadata_ && !waiting_.empty()) {
    next = probe_after_ms_;
  }
  for (const auto& request : active_) next = std::min(next, request->call.until_ms);
  for (const auto& request : waiting_) {
    next = std::min(next, request->call.until_ms);
    if (request->not_before_ms > now) next = std::min(next, request->not_before_ms);
  }
  return next;
}

void EndpointCalls::tend_probe(double now) {
  if (!probe_) {
    const bool first = !metadata_ && !waiting_.empty() && now >= probe_after_ms_;
    if (!breaker_.probe_due(now) && !(first && breaker_.allows())) return;
    ++statistics_.probes;
    probe_until_ms_ = now + options_.probe_timeout_ms;
    probe_ = transport_->describe(options_.endpoint.model, options_.endpoint.version);
  }
  Reply<ModelMetadata> reply;
  if (probe_->wait(now)) {
    reply = probe_->take();
  } else if (now >= probe_until_ms_) {
    reply.fault = Fault::timed_out;
    reply.message = text("[server] no answer within ", options_.probe_timeout_ms, " ms");
  } else {
    return;
  }
  probe_.reset();
  learn(reply, now);
}

void EndpointCalls::learn(const Reply<ModelMetadata>& reply, double now) {
  const bool open = !breaker_.allows();
  if (reply.fault == Fault::none) {
    metadata_ = reply.value;
    most_rows_ = unlimited;
    if (open) breaker_.probe_succeeded();
    return;
  }
  statistics_.trouble = text(described(options_), ": ", reply.message);
  ++statistics_.failures;
  if (open) return breaker_.probe_failed(now);
  reply.rest_ms ? breaker_.open_for(now, *reply.rest_ms) : breaker_.failed(now);
  if (!may_pass(reply.fault)) fail_waiting(reply.fault, statistics_.trouble, true);
  probe_after_ms_ = now + retry_.next_ms(1).value_or(options_.retry.base_ms);
}

void EndpointCalls::take_answers(double now) {
  for (auto place = active_.begin(); place != active_.end();) {
    const auto request = place++;
    if (!(*request)->transfer->wait(now)) continue;
    Requests over;
    over.splice(over.begin(), active_, request);
    judge(*over.front(), now);
    if (!over.front()->transfer) waiting_.splice(waiting_.begin(), over);
  }
}

void EndpointCalls::judge(Request& request, double now) {
  Reply<InferResponse> reply = request.transfer->take();
  Checked<Tensor> found = answer_of(request, reply);
  if (found.value) {
    breaker_.succeeded();
    form_known_ = true;
    answered_ms_ = now;
    statistics_.trouble.clear();
    request.call.done({std::move(*found.value), Fault::none, ""});
    return;
  }
  const Fault fault = reply.fault == Fault::none ? Fault::malformed : reply.fault;
  if (try_again(request, fault, reply.rest_ms, now)) {
    request.transfer.reset();
    if (as_json_ && !request.as_json) request.refusal = found.error;
  } else {
    const std::string& before = request.refusal;
    tell(request, fault, before.empty() ? found.error : before + "; as JSON: " + found.error);
  }
}

Checked<Tensor> EndpointCalls::answer_of(Request& request, Reply<InferResponse>& reply) {
  if (reply.fault != Fault::none) return {std::nullopt, reply.message};
  const ExpectedRows expected{request.input.id, request.input.output, request.call.images.dim(0),
                              classes_, request.input.rows};
  Checked<Tensor> found = check_rows(std::move(reply.value), expected);
  if (found.value) classes_ = found.value->dim(1);
  return found;
}

bool EndpointCalls::try_again(Request& request, Fault fault, const std::optional<double>& rest_ms,
                              double now) {
  // How many inputs a request may have, or how many bytes, servers tell by refusing it alone.
  if (fault == Fault::unfit && request.divisible) {
    most_rows_ = std::min(most_rows_, (request.call.images.dim(0) + 1) / 2);
    return true;
  }
  const bool refused = fault == Fault::refused || fault == Fault::unfit;
  if (refused) most_rows_ = unlimited;  // it was not that
  // Not all servers know binary tensors, and they say so in many ways; of several requests on their
  // way to such a server one may be answered as JSON before the others are refused.
  if (refused && (as_json_ || !form_known_) && !request.as_json) {
    as_json_ = true;
    return true;
  }
  ++statistics_.failures;
  if (!form_known_) as_json_ = false;
  rest_ms ? breaker_.open_for(now, *rest_ms) : breaker_.failed(now);
  if (!may_pass(fault)) return false;
  auto wait = retry_.next_ms(request.made);
  if (request.call.patient) {
    wait = wait.value_or(options_.retry.base_ms);
  } else if (!breaker_.allows()) {
    return false;
  }
  if (!wait || now + *wait >= request.call.until_ms) return false;
  request.not_before_ms = now + *wait;
  ++statistics_.retries;
  return true;
}

/// Nobody waits any more for calls whose time is over.
void EndpointCalls::expire(double now) {
  const auto late = [&](const auto& request) { return request->call.until_ms <= now; };
  Requests over;
  const auto move_late = [&](Requests& from) {
    for (auto place = from.begin(); place != from.end();) {
      const auto request = place++;
      if (late(*request)) over.splice(over.end(), from, request);
    }
  };
  move_late(active_);
  move_late(waiting_);
  for (const auto& request : over) {
    const bool sent = request->transfer != nullptr;
    if (sent) ++statistics_.failures;
    // Who has little time does not show that the server is dead, while others are answered.
    if (sent && answered_ms_ < request->sent_ms) breaker_.failed(now);
    if (sent || statistics_.trouble.empty()) {
      tell(*request, Fault::timed_out, "[server] no answer in time");
    } else {
      request->call.done({{}, Fault::timed_out, statistics_.trouble});
    }
  }
}

void EndpointCalls::start_waiting(double now) {
  if (!metadata_) return;
  for (auto place = waiting_.begin(); place != waiting_.end();) {
    if (std::ssize(active_) >= options_.in_flight) return;
    const auto request = place++;
    if ((*request)->not_before_ms > now) continue;
    if (!breaker_.enter(now)) return;
    Requests one;
    one.splice(one.begin(), waiting_, request);
    if (start(*one.front(), now)) {
      active_.splice(active_.end(), one);
    } else {
      place = waiting_.begin();  // it may have been divided
    }
  }
}

bool EndpointCalls::start(Request& request, double now) {
  const Tensor& images = request.call.images;
  const auto endpoint = settle(options_.endpoint, *metadata_, one_of(images), options_.classes);
  if (!endpoint.value) {
    tell(request, Fault::malformed, endpoint.error);
    return false;
  }
  const std::int64_t batch = endpoint.value->batch, rows = images.dim(0);
  const std::int64_t most = batch > 0 ? batch : most_rows_;
  if (rows > most) {
    divide(request, most);
    return false;
  }
  const auto input = checked<InferInput>([&] { return input_of(images, *endpoint.value); });
  if (!input.value) {
    tell(request, Fault::malformed, input.error);
    return false;
  }
  request.input = *input.value;
  request.as_json = as_json_;
  request.divisible = batch == 0 && rows > 1;
  request.sent_ms = now;
  ++request.made;
  ++statistics_.requests;
  request.transfer = transport_->infer(request.input);
  request.input.bytes = {};
  return true;
}

InferInput EndpointCalls::input_of(const Tensor& images, const Endpoint& endpoint) {
  InferInput input = request_for(options_.endpoint, endpoint);
  input.id = text(++sequence_);
  input.classes = options_.classes;
  input.as_json = as_json_;
  put(images, endpoint, input);
  return input;
}

/// As many requests as the model's own batch needs, whose answers come together.
void EndpointCalls::divide(Request& request, std::int64_t most) {
  struct Joint {
    EndpointCall call;
    Tensor answers;
    std::int64_t left = 0;
    bool told = false;
  };
  const auto joint = std::make_shared<Joint>();
  joint->call = std::move(request.call);
  joint->left = joint->call.images.dim(0);
  const std::int64_t rows = joint->left;
  for (std::int64_t row = 0; row < rows; row += most) {
    const std::int64_t end = std::min(row + most, rows);
    EndpointCall part{
        joint->call.images.rows(row, end), joint->call.until_ms, {}, joint->call.patient};
    part.done = [joint, row, rows](EndpointAnswer found) {
      if (joint->told) return;
      if (found.fault != Fault::none) {
        joint->told = true;
        return joint->call.done(std::move(found));
      }
      const Tensor& own = found.answers;
      if (joint->answers.empty()) joint->answers = Tensor({rows, own.dim(1)});
      std::copy_n(own.data<float>(), own.size(), joint->answers.data<float>() + row * own.dim(1));
      joint->left -= own.dim(0);
      if (joint->left == 0) joint->call.done({joint->answers, Fault::none, ""});
    };
    waiting_.push_back(std::make_unique<Request>(Request{std::move(part)}));
  }
}

void EndpointCalls::tell(Request& request, Fault fault, const std::string& problem) {
  statistics_.trouble = text(described(options_), ": ", problem);
  request.call.done({{}, fault, statistics_.trouble});
}

/// `all`: those too that would wait for longer.
void EndpointCalls::fail_waiting(Fault fault, const std::string& why, bool all) {
  Requests over;
  for (auto place = waiting_.begin(); place != waiting_.end();) {
    const auto request = place++;
    if (all || !(*request)->call.patient) over.splice(over.end(), waiting_, request);
  }
  for (const auto& request : over) request->call.done({{}, fault, why});
}

void EndpointCalls::fail_all(const std::string& why) {
  waiting_.splice(waiting_.end(), active_);
  fail_waiting(Fault::other, text(described(options_), ": ", why), true);
}

}  // namespace muxnet
