#include "muxnet/front/inference.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "muxnet/core/error.hpp"
#include "muxnet/protocol/checks.hpp"

namespace muxnet {
namespace {

/// What a request asks for beside its images; numbers and truths may come as texts.
struct Wishes {
  std::optional<double> deadline_ms, max_cost, accuracy;
  bool decide_only = false;
};

using Parameter = RequestParameters::mapped_type;

std::string written(const Parameter& parameter) {
  return std::visit(
      [](const auto& value) {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, bool>) {
          return std::string(value ? "true" : "false");
        } else {
          return text(value);
        }
      },
      parameter);
}

std::optional<double> number_in(const Parameter& parameter) {
  if (const auto* whole = std::get_if<std::int64_t>(&parameter)) {
    return static_cast<double>(*whole);
  }
  if (const auto* number = std::get_if<double>(&parameter)) return *number;
  if (const auto* said = std::get_if<std::string>(&parameter)) return number_written(*said);
  return std::nullopt;
}

std::optional<bool> truth_in(const Parameter& parameter) {
  if (const auto* truth = std::get_if<bool>(&parameter)) return *truth;
  const auto* said = std::get_if<std::string>(&parameter);
  if (said == nullptr || (*said != "true" && *said != "false")) return std::nullopt;
  return *said == "true";
}

std::optional<double> positive(const RequestParameters& given, const std::string& key) {
  const auto found = given.find(key);
  if (found == given.end()) return std::nullopt;
  const auto number = number_in(found->second);
  if (!number) throw bad_request(key, "a number", written(found->second));
  if (!(*number > 0 && std::isfinite(*number))) {
    throw bad_request(key, "a number above 0", written(found->second));
  }
  return number;
}

Wishes wishes_of(const RequestParameters& given) {
  Wishes wishes{positive(given, "deadline_ms"), positive(given, "max_cost"),
                positive(given, "accuracy")};
  const auto found = given.find("decide_only");
  if (found == given.end()) return wishes;
  const auto decide = truth_in(found->second);
  if (!decide) throw bad_request("decide_only", "true or false", written(found->second));
  wishes.decide_only = *decide;
  return wishes;
}

/// Refuses, before the work, outputs that no answer has, or the same one twice.
void check_outputs(const std::vector<RequestedTensor>& outputs) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::string& name = outputs[i].name;
    const bool known = std::any_of(answer_outputs.begin(), answer_outputs.end(),
                                   [&](const auto& output) { return output.name == name; });
    if (!known) throw bad_request("outputs", "outputs that this answer has", name);
    for (std::size_t j = 0; j < i; ++j) {
      if (outputs[j].name == name) throw bad_request("outputs", "each once", name);
    }
  }
}

int status_of(ServiceStatus status) {
  switch (status) {
    case ServiceStatus::full:
    case ServiceStatus::closing:
    case ServiceStatus::unreachable:
      return 503;
    case ServiceStatus::late:
    case ServiceStatus::stuck:
      return 504;
    case ServiceStatus::cost:
      return 400;
    default:
      return 500;
  }
}

}  // namespace

std::optional<RequestRefused> version_refusal(const std::string& asked, std::uint64_t told) {
  const std::string served = std::to_string(told);
  if (asked.empty() || asked == served) return std::nullopt;
  return RequestRefused(404, error_text("model version", served, shown(asked)));
}

std::int64_t now_ns() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

/// A request on its way.
struct Inference::Job {
  std::shared_ptr<InferenceOutcome> outcome = std::make_shared<InferenceOutcome>();
  Wishes wishes;
  std::vector<Tensor> inputs;
  std::uint64_t version = 0;  ///< whose operating point it asks for
  std::int64_t submitted_ns = 0;
};

void Inference::open(std::shared_ptr<Service> service, std::shared_ptr<const ServedModels> models) {
  service_ = std::move(service);
  const std::lock_guard lock(mutex_);
  policies_[version_] = models->policy->name();
  served_ = std::move(models);
}

std::uint64_t Inference::deploy(Deployment deployment, std::shared_ptr<const ServedModels> models) {
  const std::lock_guard one_at_a_time(deploying_);
  {
    const std::lock_guard lock(mutex_);  // known before the service answers by it
    policies_[version_ + 1] = models->policy->name();
  }
  const std::uint64_t version = service_->deploy(std::move(deployment));
  const std::lock_guard lock(mutex_);
  version_ = version;
  served_ = std::move(models);
  return version;
}

std::shared_ptr<const ServedModels> Inference::served() const {
  const std::lock_guard lock(mutex_);
  return served_;
}

std::uint64_t Inference::version() const {
  const std::lock_guard lock(mutex_);
  return version_;
}

void Inference::answer(InferenceRequested request) {
  const auto job = std::make_shared<Job>();
  job->outcome->asked = std::move(request);
  try {
    begin(job);
  } catch (const RequestRefused& refused) {
    refuse(job, refused);
  } catch (const std::invalid_argument& error) {
    refuse(job, {400, error.what()});
  } catch (const std::exception& error) {
    events_.add(FailureTold{"request failed", error.what()});
    refuse(job, {500, std::string(own_error)});
  }
}

void Inference::refuse(InferenceRequested request, const RequestRefused& refused) {
  const auto job = std::make_shared<Job>();
  job->outcome->asked = std::move(request);
  refuse(job, refused);
}

void Inference::begin(const std::shared_ptr<Job>& job) {
  InferenceOutcome& outcome = *job->outcome;
  const InferenceRequest& request = outcome.asked.received.request;
  outcome.served = served();
  const auto name = outcome.served->find(outcome.asked.name);
  if (!name)
    throw RequestRefused(404, error_text("model", "a served one", shown(outcome.asked.name)));
  outcome.name = *name;
  if (const auto refused = version_refusal(outcome.asked.version, version())) throw *refused;
  job->wishes = wishes_of(request.parameters);
  check_outputs(request.outputs);
  job->inputs = inputs_of(outcome.asked.received, *outcome.served, *name, limits_);
  job->submitted_ns = now_ns();
  submit(job);
}

void Inference::submit(const std::shared_ptr<Job>& job) {
  InferenceOutcome& outcome = *job->outcome;
  ServiceRequest wanted;
  wanted.images = job->inputs;
  wanted.model = outcome.name;
  if (job->wishes.accuracy && !outcome.name) {
    {
      const std::lock_guard lock(mutex_);
      job->version = version_;
      outcome.served = served_;
    }
    wanted.point = outcome.served->point_for(*job->wishes.accuracy);
  }
  wanted.deadline_ms = job->wishes.deadline_ms.value_or(wanted.deadline_ms);
  wanted.max_cost = job->wishes.max_cost.value_or(wanted.max_cost);
  wanted.decide_only = job->wishes.decide_only && !outcome.name;
  service_->submit(std::move(wanted),
                   [this, job](ServiceAnswer answer) { finish(job, std::move(answer)); });
}

void Inference::finish(const std::shared_ptr<Job>& job, ServiceAnswer answer) {
  InferenceOutcome& outcome = *job->outcome;
  try {
    if (answer.status != ServiceStatus::ok) return refuse(job, refusal_of(answer));
    const auto replaced = version_refusal(outcome.asked.version, answer.version);
    if (replaced) return refuse(job, *replaced);
    // The point was another policy's.
    if (job->version != 0 && answer.version != job->version) return submit(job);
    outcome.answer = std::move(answer);
    outcome.policy = policy_of(*job);
    const std::int64_t ended_ns = now_ns();
    outcome.server_ms = static_cast<double>(ended_ns - outcome.asked.began_ns) / 1e6;
    if (!outcome.name) {
      const ServiceAnswer& given = outcome.answer;
      labels_.remember(given.first_input, given.answers, given.version);
    }
    if (noted_) note(*job);
    outcome.asked.done(job->outcome);
  } catch (const std::exception& error) {
    refuse(job, {400, error.what()});
  }
}

void Inference::refuse(const std::shared_ptr<Job>& job, const RequestRefused& refused) {
  job->outcome->refused = refused;
  if (noted_) note(*job);
  job->outcome->asked.done(job->outcome);
}

void Inference::note(const Job& job) const {
  const InferenceOutcome& outcome = *job.outcome;
  events_.add(AnsweredRequest{outcome.asked.name, outcome.asked.received.request.id, outcome.policy,
                              !outcome.name, outcome.refused ? outcome.refused->what() : "",
                              outcome.asked.began_ns, job.submitted_ns, now_ns(),
                              outcome.asked.headers, outcome.answer});
}

std::string Inference::policy_of(const Job& job) const {
  const InferenceOutcome& outcome = *job.outcome;
  if (outcome.name) return outcome.served->models[*outcome.name];
  const std::lock_guard lock(mutex_);
  return policies_.at(outcome.answer.version);
}

RequestRefused Inference::refusal_of(const ServiceAnswer& answer) const {
  constexpr double ms_per_s = 1000;
  const int status = status_of(answer.status);
  if (status == 500) {
    events_.add(FailureTold{"model failed", answer.message});
    return {500, "[service] a model failed; the server's log says more"};
  }
  const int wait_s = std::max(1, static_cast<int>(std::ceil(answer.retry_after_ms / ms_per_s)));
  return {status, answer.message, status == 503 ? wait_s : 0};
}

}  // namespace muxnet
