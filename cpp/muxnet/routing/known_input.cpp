#include "muxnet/routing/known_input.hpp"

#include <algorithm>
#include <bit>
#include <charconv>

#include "muxnet/core/error.hpp"

namespace muxnet {

double shortest(float value) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  double result = 0;
  std::from_chars(digits, end, result);
  return static_cast<float>(result) == value ? result : static_cast<double>(value);
}

std::shared_ptr<const Rule> rule_of(const Policy& policy, std::optional<std::size_t> point) {
  if (!point) return policy.rule();
  const auto& points = policy.operating_points();
  require(*point < points.size(), "record, point", text("one of ", points.size()), text(*point));
  return policy.rule(points[*point]);
}

std::vector<std::string> names_of(std::uint64_t called, const std::vector<std::string>& models) {
  std::vector<std::string> names;
  for (const std::size_t model : models_of(called)) names.push_back(models[model]);
  return names;
}

Evidence KnownInput::evidence() const {
  Evidence result = rest;
  result.weights = weights;
  result.scores = scores;
  result.features = features;
  answers.show(0, result);
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
                     std::span<float> joint) {
  return (walk.answer_from & ~walk.wanted) != 0
             ? rule.Rule::combine(evidence, walk.answer_from, joint)
             : rule.combine(evidence, walk.answer_from, joint);
}

}  // namespace muxnet
