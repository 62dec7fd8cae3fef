#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "muxnet/core/tensor.hpp"

namespace muxnet {

/// Models are named by bits of one 64-bit mask.
inline constexpr std::int64_t max_pool_models = 64;
/// In place of a class: nothing was recorded.
inline constexpr std::int32_t no_answer = -1;

/// What was recorded for n inputs and N models over K classes; OutcomeTable checks it. What the
/// models said is a class for each input and model, with scores, or a distribution, or both. All
/// but models, answers and costs may be left empty.
struct OutcomeFields {
  std::vector<std::string> models;  ///< N different names
  std::int64_t classes = 0;         ///< K; 0: as many as are named or met

  Tensor predictions;                    ///< i32 (n, N), classes; -1: nothing was recorded
  Tensor answer_scores;                  ///< f32 (n, N, S), any numbers, NaN: none
  std::vector<std::string> score_kinds;  ///< S different names

  /// f32 (n, N, W) in [0, 1]: of all K classes, rows summing to 1, or of `top_classes`.
  Tensor probabilities;
  /// i32 (n, N, W), different ones by falling probability; the others share the rest evenly.
  Tensor top_classes;

  Tensor labels;   ///< i32 (n)
  Tensor quality;  ///< f32 (n, N) in [0, 1], in place of label = class; NaN where no answer is
  std::map<std::string, std::vector<double>> costs;  ///< kind ("macs", "usd") -> N, expected
  std::map<std::string, Tensor> input_costs;         ///< kind -> f32 (n, N), what each call cost
  Tensor groups;  ///< i64 (n): inputs of one group (a patient, a video) stay together

  Tensor weights;        ///< f32 (n, N), the multiplexer's weights (Eq. 6)
  Tensor scores;         ///< f32 (n, N), logits of "model i is right"
  Tensor offload_score;  ///< f32 (n) in [0, 1]: 0 = device, 1 = cloud
  std::map<std::string, double> multiplexer_costs;  ///< kind -> cost of one pass of the multiplexer
  std::string encoder;  ///< the model whose output the multiplexer is shown; it is called first
  Tensor features;      ///< f32 (n, F)

  std::string split;   ///< "held_out", "calibration", "test", ...
  std::string source;  ///< the collection that `indices` count in, such as "cifar10/train"
  Tensor indices;      ///< i64 (n), places of the inputs in `source`
  /// i64 (n): digests of what the inputs hold, by which they are the same in any collection; 0: not
  /// known.
  Tensor contents;
  std::vector<std::string> class_names;       ///< of the first classes, at most K
  std::map<std::string, std::string> inputs;  ///< model -> what it was shown, as JSON
};

/// Calls each(name, tensor) for every tensor that has a row per input, `fields` const or not.
template <class Fields, class Each>
void each_row_tensor(Fields& fields, const Each& each) {
  each("predictions", fields.predictions);
  each("answer_scores", fields.answer_scores);
  each("probabilities", fields.probabilities);
  each("top_classes", fields.top_classes);
  each("labels", fields.labels);
  each("quality", fields.quality);
  each("groups", fields.groups);
  each("weights", fields.weights);
  each("scores", fields.scores);
  each("offload_score", fields.offload_score);
  each("features", fields.features);
  each("indices", fields.indices);
  each("contents", fields.contents);
  for (auto& [kind, values] : fields.input_costs) each("input_costs/" + kind, values);
}

/// Checks fields, and fills what follows from others: the number of classes, predictions of
/// distributions, expected costs of recorded ones; of more classes than most_dense_classes the
/// likeliest are kept. Throws std::invalid_argument that names the field, row and model at fault.
void complete_fields(OutcomeFields& fields);

/// (N), the means of recorded costs over the answers that there are; 0 of a model without any.
std::vector<double> mean_costs(const OutcomeFields& fields, const Tensor& recorded);

}  // namespace muxnet
