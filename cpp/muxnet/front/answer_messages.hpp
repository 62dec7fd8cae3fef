#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "muxnet/front/inference.hpp"

namespace muxnet {

/// An output of an answer.
struct OutputTensor {
  std::string_view name, datatype;
  Tensor values;
  bool binary = false;  ///< as bytes, where it is REST
};

/// Those that a request asks for, else those that there are. Throws RequestRefused for one that the
/// answer does not have.
std::vector<OutputTensor> outputs_of(const InferenceOutcome& outcome);

/// What is told beside them: `called`, the names of the models that ran on each image, `wanted`,
/// where the rule had asked for others, and `departures`, why it was not followed; where the policy
/// abstains, `abstained`, which answers are left to a person, and `confidence` of each; `weights`
/// and `cost` of each image; `policy` and `policy_version`; `first_input`, the number of the first
/// image, by which its label can come back. Lists are JSON in a text, as parameters are scalars.
using AnswerParameters =
    std::vector<std::pair<std::string_view, std::variant<std::int64_t, std::string>>>;
AnswerParameters parameters_of(const InferenceOutcome& outcome);

/// An answer as REST has it.
struct RestAnswer {
  std::string body;
  std::size_t json_length = 0;  ///< of it; 0: all of it
};
/// Throws as outputs_of.
RestAnswer rest_answer(const InferenceOutcome& outcome);

/// A ModelInferResponse. Throws as outputs_of.
std::string grpc_answer(const InferenceOutcome& outcome);

}  // namespace muxnet
