#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "muxnet/front/answer_labels.hpp"
#include "muxnet/front/events.hpp"
#include "muxnet/front/refused.hpp"
#include "muxnet/front/request_inputs.hpp"
#include "muxnet/service/service.hpp"

namespace muxnet {

struct InferenceOutcome;

/// A request for an answer, whichever way it came.
struct InferenceRequested {
  using Done = std::function<void(const std::shared_ptr<InferenceOutcome>&)>;

  ReceivedRequest received;
  std::string name;     ///< that it asks for
  std::string version;  ///< that it asks for, empty: any
  bool from_grpc = false;
  std::int64_t began_ns = 0;  ///< since 1970
  HeaderList headers;         ///< of the caller's trace
  Done done;                  ///< called once, by any thread; it neither waits nor throws
};

/// What became of it.
struct InferenceOutcome {
  InferenceRequested asked;
  std::optional<RequestRefused> refused;  ///< none: there is an answer
  ServiceAnswer answer;
  std::shared_ptr<const ServedModels> served;
  ServedName name;
  std::string policy;    ///< that answered, or the model
  double server_ms = 0;  ///< from the request to its answer
};

/// None: `asked` is empty, or the version that is `told`.
std::optional<RequestRefused> version_refusal(const std::string& asked, std::uint64_t told);

/// Time of day in nanoseconds since 1970.
std::int64_t now_ns();

/// Reads what requests bring, asks the service, and keeps what labels, records and traces need.
/// Safe for any number of threads.
class Inference {
 public:
  /// `noted`: every answer is told to the owner, as somebody records or traces them.
  Inference(InputLimits limits, bool noted, FrontEvents& events)
      : limits_(limits), noted_(noted), events_(events) {}

  /// From here on requests are answered.
  void open(std::shared_ptr<Service> service, std::shared_ptr<const ServedModels> models);
  bool is_open() const { return served() != nullptr; }
  /// Puts a deployment and what is told of it in the place of what was; returns its version. Throws
  /// as Service::deploy.
  std::uint64_t deploy(Deployment deployment, std::shared_ptr<const ServedModels> models);

  /// Null before open().
  std::shared_ptr<const ServedModels> served() const;
  /// Of what is served, as answers tell it.
  std::uint64_t version() const;
  Service& service() const { return *service_; }
  const InputLimits& limits() const { return limits_; }
  bool noted() const { return noted_; }
  /// From now on no model is called ready; requests are answered as before.
  void drain() { draining_ = true; }
  bool draining() const { return draining_; }
  AnswerLabels& labels() { return labels_; }

  /// Answers, by its `done`; on this thread where it is refused.
  void answer(InferenceRequested request);
  /// The same of one that could not be read.
  void refuse(InferenceRequested request, const RequestRefused& refused);

 private:
  struct Job;
  void begin(const std::shared_ptr<Job>& job);
  void submit(const std::shared_ptr<Job>& job);
  void finish(const std::shared_ptr<Job>& job, ServiceAnswer answer);
  void refuse(const std::shared_ptr<Job>& job, const RequestRefused& refused);
  void note(const Job& job) const;
  std::string policy_of(const Job& job) const;
  RequestRefused refusal_of(const ServiceAnswer& answer) const;

  InputLimits limits_;
  bool noted_;
  FrontEvents& events_;
  AnswerLabels labels_;
  std::atomic<bool> draining_{false};
  std::shared_ptr<Service> service_;
  std::mutex deploying_;
  mutable std::mutex mutex_;  ///< of what follows
  std::shared_ptr<const ServedModels> served_;
  std::uint64_t version_ = 1;
  std::map<std::uint64_t, std::string> policies_;  ///< by version
};

}  // namespace muxnet
