#include "muxnet/routing/record.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "muxnet/core/error.hpp"
#include "muxnet/core/json.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/routing/known_input.hpp"

namespace muxnet {
namespace {

using Json = nlohmann::ordered_json;  // written in the order of the steps

Json numbers(std::span<const float> values) {
  Json result = Json::array();
  for (const float value : values) result.push_back(shortest(value));
  return result;
}

Json to_json(const Reason& reason) {
  Json result{{"quantity", reason.quantity},
              {"value", reason.value},
              {"relation", reason.relation},
              {"threshold", reason.threshold},
              {"against", reason.against}};
  if (!reason.values.empty()) result["values"] = reason.values;
  return result;
}

/// A step with the comparison that decided it.
Json to_json(const Step& step, const Reason& reason, const Evidence& before,
             const std::vector<std::string>& models) {
  const bool answers = step.call == 0;
  const auto names = names_of(answers ? step.answer_from : step.call & ~before.called, models);
  Json entry{{answers ? "answer_from" : "call", names}};
  if (!reason.quantity.empty()) entry["why"] = to_json(reason);
  return entry;
}

Json seen_by_router(const Evidence& evidence) {
  Json seen = Json::object();
  if (!evidence.weights.empty()) seen["weights"] = numbers(evidence.weights);
  if (!evidence.scores.empty()) seen["scores"] = numbers(evidence.scores);
  if (!std::isnan(evidence.offload_score)) seen["offload_score"] = shortest(evidence.offload_score);
  if (!evidence.features.empty()) seen["features"] = numbers(evidence.features);
  return seen;
}

/// Probabilities of all classes as such; else what there is: of the likeliest, or an answer alone.
Json output_of(const Evidence& evidence, std::size_t model) {
  if (evidence.probabilities.empty()) {
    const std::size_t count = evidence.answer_scores.size() / evidence.predictions.size();
    Json scores = Json::array();
    for (const float score : evidence.answer_scores.subspan(model * count, count)) {
      scores.push_back(std::isnan(score) ? Json(nullptr) : Json(shortest(score)));
    }
    return {{"answer", evidence.predictions[model]}, {"scores", std::move(scores)}};
  }
  const Distribution said = evidence.distribution(model);
  if (said.dense()) return numbers(said.values);
  return {{"classes", std::vector(said.classes.begin(), said.classes.end())},
          {"probabilities", numbers(said.values)},
          {"of", said.count}};
}

}  // namespace

Recorder::Recorder(const Policy& policy, CallCosts costs, std::optional<std::size_t> point)
    : rule_(rule_of(policy, point)),
      policy_(policy.name()),
      version_(policy.version()),
      point_(point),
      models_(policy.models()),
      uses_multiplexer_(policy.uses_multiplexer()),
      costs_(std::move(costs)) {
  for (const auto& [kind, values] : costs_.models) {
    require(values.size() == models_.size(), "recorder", text(models_.size(), " costs of ", kind),
            text(values.size()));
    require(!uses_multiplexer_ || costs_.multiplexer.count(kind) > 0, "recorder",
            text("the multiplexer's own cost in ", kind), "none");
  }
}

Json Recorder::cost_of(const CallCosts& costs, std::uint64_t called, bool with_multiplexer) const {
  Json result = Json::object();
  for (const auto& [kind, values] : costs.models) {
    double sum = with_multiplexer ? costs.multiplexer.at(kind) : 0.0;
    if (with_multiplexer && kind == "macs") sum += rule_->macs();
    for (const std::size_t model : models_of(called)) sum += values[model];
    result[kind] = sum;
  }
  return result;
}

Json Recorder::alternatives(const Evidence& evidence, std::uint64_t known,
                            const CallCosts& costs) const {
  Json result = Json::array();
  for (std::size_t model = 0; model < models_.size(); ++model) {
    Json entry{{"model", models_[model]}, {"cost", cost_of(costs, model_bit(model), false)}};
    if ((known & model_bit(model)) != 0) {
      entry["answer"] = evidence.predictions[model];
      if (evidence.label >= 0) entry["right"] = evidence.predictions[model] == evidence.label;
    }
    result.push_back(std::move(entry));
  }
  return result;
}

std::string Recorder::record(Evidence evidence, std::uint64_t known,
                             const std::optional<Departed>& departed,
                             const CallCosts& costs) const {
  Json steps = Json::array(), outputs = Json::object();
  double propensity = 1;
  evidence.called = 0;
  const Walk walk =
      run_known(*rule_, evidence, known, departed, [&](const Evidence& before, const Step& step) {
        const Reason reason = rule_->explain(before);
        steps.push_back(to_json(step, reason, before, models_));
        propensity *= reason.propensity;
      });
  for (const std::size_t model : models_of(evidence.called)) {
    outputs[models_[model]] = output_of(evidence, model);
  }
  std::vector<float> joint(evidence.probabilities.empty() ? 0 : evidence.classes);
  const std::int32_t answer = combine(*rule_, evidence, walk, joint);
  Json result{{"format", record_format}, {"policy", policy_}, {"version", version_}};
  if (point_) result["point"] = *point_;
  result.update(
      {{"input", evidence.input}, {"seen", seen_by_router(evidence)}, {"steps", std::move(steps)}});
  if (propensity < 1) result["propensity"] = propensity;
  result.update(
      {{"called", walk.called(models_)}, {"outputs", std::move(outputs)}, {"answer", answer}});
  if (!joint.empty()) result["probability"] = shortest(joint[static_cast<std::size_t>(answer)]);
  if (rule_->least_confidence()) {
    const double confidence = departed && !joint.empty()
                                  ? static_cast<double>(joint[static_cast<std::size_t>(answer)])
                                  : rule_->confidence(evidence, walk.answer_from, answer);
    result["confidence"] = confidence;  // NaN becomes null
    result["abstained"] = rule_->abstains(confidence);
  }
  result.update({{"cost", cost_of(costs, evidence.called, uses_multiplexer_)},
                 {"alternatives", alternatives(evidence, known, costs)}});
  if (departed && (walk.wanted & ~evidence.called) != 0) {
    result["departure"] = {{"reason", departed->reason},
                           {"wanted", names_of(walk.wanted, models_)},
                           {"answered_from", names_of(walk.answer_from, models_)}};
  }
  if (evidence.label >= 0) {
    result["label"] = evidence.label;
    result["right"] = answer == evidence.label;
  }
  return result.dump();
}

std::vector<std::string> record_decisions(const Policy& policy, const OutcomeTable& table,
                                          std::span<const std::int64_t> rows) {
  require(table.models() == policy.models(), "record_decisions", "the models of the policy",
          text(table.models().size(), " others"));
  CallCosts costs{table.fields().costs, table.fields().multiplexer_costs};
  const Recorder recorder(policy, costs);
  const OutcomeRows inputs(table);
  const auto known = all_models(static_cast<std::size_t>(table.model_count()));
  const auto complete = table.complete_rows();
  std::vector<std::string> lines;
  for (const std::int64_t row : rows.empty() ? std::span<const std::int64_t>(complete) : rows) {
    require(row >= 0 && row < table.size(), "record_decisions", text("rows below ", table.size()),
            text(row));
    require(std::binary_search(complete.begin(), complete.end(), row), "record_decisions",
            "inputs that every model answered", text("row ", row));
    const auto at = static_cast<std::size_t>(row);
    for (const auto& [kind, recorded] : table.fields().input_costs) {
      auto& values = costs.models.at(kind);
      const float* own = recorded.data<float>() + at * values.size();
      std::transform(own, own + values.size(), values.begin(), shortest);
    }
    lines.push_back(recorder.record(inputs.at(at), known, {}, costs));
  }
  return lines;
}

Json plan_decision(const Policy& policy, Evidence evidence) {
  const auto rule = policy.rule();
  const std::size_t models = policy.models().size();
  const auto classes = static_cast<std::size_t>(policy.classes());
  KnownAnswers unsure(1, static_cast<std::int64_t>(models),
                      AnswerForm::of_distributions(policy.classes()));
  const std::vector<float> alike(classes, 1.0F / static_cast<float>(classes));
  for (std::size_t model = 0; model < models; ++model) unsure.store(0, model, alike);
  unsure.show(0, evidence);
  evidence.called = 0;
  Json plan;
  if (policy.called_first() != 0 && evidence.scores.empty() && evidence.weights.empty()) {
    plan["call"] = plan["awaits"] = names_of(policy.called_first(), policy.models());
    plan["then"] = Json::array();
    return plan;
  }
  run_steps(*rule, evidence, [&](const Evidence& before, const Step& step) {
    const Reason reason = rule->explain(before);
    if (before.called == 0) {
      plan["call"] = names_of(step.call, policy.models());
      if (!reason.quantity.empty()) plan["why"] = to_json(reason);
      plan["then"] = Json::array();
    } else if (!reason.quantity.empty()) {
      plan["then"].push_back({{"quantity", reason.quantity},
                              {"threshold", reason.threshold},
                              {"call", names_of(step.call & ~before.called, policy.models())}});
    }
  });
  return plan;
}

}  // namespace muxnet
