#include "muxnet/routing/known_input.hpp"

#include <algorithm>
#include <bit>

#include "muxnet/core/error.hpp"

namespace muxnet {

std::vector<std::string> names_of(std::uint64_t called, const std::vector<std::string>& models) {
  std::vector<std::string> names;
  for (const std::size_t model : models_of(called)) names.push_back(models[model]);
  return names;
}

KnownInput::KnownInput(std::size_t models, std::size_t classes)
    : probabilities(models * classes),
      predictions(models, -1),
      confidences(models),
      width(classes) {}

void KnownInput::store(std::size_t model, const std::vector<float>& output) {
  const auto begin = static_cast<std::ptrdiff_t>(model * width);
  std::copy(output.begin(), output.end(), probabilities.begin() + begin);
  const auto top = std::max_element(output.begin(), output.end());
  predictions[model] = static_cast<std::int32_t>(top - output.begin());
  confidences[model] = *top;
  known |= model_bit(model);
}

Evidence KnownInput::evidence() const {
  Evidence result = rest;
  result.weights = weights;
  result.scores = scores;
  result.features = features;
  result.probabilities = probabilities;
  result.predictions = predictions;
  result.confidences = confidences;
  return result;
}

std::vector<std::string> Walk::called(const std::vector<std::string>& models) const {
  std::vector<std::string> names;
  for (const std::uint64_t call : calls) {
    for (auto& name : names_of(call, models)) names.push_back(std::move(name));
  }
  return names;
}

Walk run_known(const Rule& rule, Evidence& evidence, std::uint64_t known,
               const std::optional<Departed>& departed,
               const std::function<void(const Evidence&, const Step&)>& each) {
  Walk walk;
  for (;;) {
    const Step step = rule.next(evidence);
    check_step(step, evidence.called);
    const std::uint64_t unknown = step.call & ~known;
    require(unknown == 0 || departed, "record", "outputs of all models that are called",
            text("none of model ", std::countr_zero(unknown)));
    each(evidence, step);
    walk.wanted |= step.call;
    walk.answer_from = step.answer_from;
    if (step.call == 0) return walk;
    walk.calls.push_back((unknown == 0 ? step.call : known) & ~evidence.called);
    evidence.called |= walk.calls.back();
    if (unknown != 0) break;
  }
  walk.answer_from = departed->answer_from;
  return walk;
}

std::int32_t combine(const Rule& rule, const Evidence& evidence, const Walk& walk,
                     std::vector<float>& joint) {
  return (walk.answer_from & ~walk.wanted) != 0
             ? rule.Rule::combine(evidence, walk.answer_from, joint)
             : rule.combine(evidence, walk.answer_from, joint);
}

}  // namespace muxnet
