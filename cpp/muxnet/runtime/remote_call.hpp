#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "muxnet/protocol/function_transport.hpp"
#include "muxnet/runtime/hosted_model.hpp"

namespace muxnet {

/// A batch for a model that a function reaches, or the question whether it is there. One of
/// answer(), here() and fail() tells what came of it, once and from any thread; what comes after
/// that is dropped.
class RemoteCall {
 public:
  /// The question whether the model is there, which says that it is what `metadata` says.
  RemoteCall(ModelMetadata metadata, TakesReply<ModelMetadata> take);
  RemoteCall(const InferInput& input, TakesReply<InferResponse> take);

  /// Inputs f32 (n, ...) as the model wants them; none: the question whether it is there.
  const std::optional<Tensor>& inputs() const { return inputs_; }
  /// The answers f32 (n, K) to the inputs. Throws std::invalid_argument for others, and where there
  /// are no inputs.
  void answer(const Tensor& probabilities) const;
  /// The model is there. Throws std::invalid_argument where there are inputs to answer.
  void here() const;
  /// There is no answer; `may_pass`: the same call may do better a moment later.
  void fail(const std::string& why, bool may_pass) const;

 private:
  std::optional<Tensor> inputs_;
  ModelMetadata metadata_;
  TakesReply<ModelMetadata> described_;
  TakesReply<InferResponse> inferred_;
};

/// Begins a call, returns at once, and gives what gives the call up.
using AskRemote = std::function<std::function<void()>(std::shared_ptr<RemoteCall>)>;

/// A model that `local` describes, run by whoever `ask` reaches, who is shown what `local`'s own
/// classifier is shown and answers what that answers. `options` as for any model elsewhere; of its
/// server only the URL counts, which messages say.
HostedModel host_elsewhere(const HostedModel& local, const AskRemote& ask,
                           RemoteModelOptions options);

}  // namespace muxnet
