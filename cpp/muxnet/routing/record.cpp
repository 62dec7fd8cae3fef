#include "muxnet/routing/record.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "muxnet/core/error.hpp"
#include "muxnet/core/json.hpp"
#include "muxnet/routing/known_input.hpp"

namespace muxnet {
namespace {

using Json = nlohmann::ordered_json;  // written in the order of the steps
using ReadJson = nlohmann::json;      // its members are found in less than linear time

constexpr const char* format_name = "muxnet-decision-1";

Json numbers(std::span<const float> values) {
  Json result = Json::array();
  for (const float value : values) result.push_back(shortest(value));
  return result;
}

std::shared_ptr<const Rule> rule_of(const Policy& policy, std::optional<std::size_t> point) {
  if (!point) return policy.rule();
  const auto& points = policy.operating_points();
  require(*point < points.size(), "record, point", text("one of ", points.size()), text(*point));
  return policy.rule(points[*point]);
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

std::uint64_t bits_of(const Policy& policy, const std::vector<std::string>& models) {
  const auto& names = policy.models();
  std::uint64_t bits = 0;
  for (const auto& model : models) {
    const auto found = std::find(names.begin(), names.end(), model);
    require(found != names.end(), "record", "models of the policy", model);
    bits |= model_bit(static_cast<std::size_t>(found - names.begin()));
  }
  return bits;
}

AnswerForm form_of(const ReadJson& output, std::int64_t classes) {
  const auto count = [](const ReadJson& values) {
    return static_cast<std::int64_t>(values.size());
  };
  if (output.is_array()) return {count(output), count(output), 0};
  if (!output.contains("classes")) return {classes, 0, count(output.at("scores"))};
  return {output.at("of").get<std::int64_t>(), count(output.at("classes")), 0};
}

void require_size(std::size_t size, std::size_t expected, const std::string& of) {
  require(size == expected && expected > 0, "record", text(expected, " classes"),
          text(size, " of ", of));
}

void read_output(const ReadJson& output, const AnswerForm& form, const std::string& name,
                 std::size_t model, KnownInput& input) {
  const auto in_range = [&](std::int32_t k) { return k >= 0 && k < form.classes; };
  if (output.is_array()) {
    const auto values = output.get<std::vector<float>>();
    require_size(values.size(), static_cast<std::size_t>(form.classes), name);
    input.answers.store(0, model, values);
  } else if (form.listed > 0) {
    const auto classes = output.at("classes").get<std::vector<std::int32_t>>();
    const auto values = output.at("probabilities").get<std::vector<float>>();
    require_size(classes.size(), static_cast<std::size_t>(form.listed), name);
    require_size(values.size(), classes.size(), name);
    require(std::all_of(classes.begin(), classes.end(), in_range), "record",
            text("classes below ", form.classes), text("others of ", name));
    input.answers.store(0, model, {values, classes, static_cast<std::size_t>(form.classes)});
  } else {
    const auto answer = output.at("answer").get<std::int32_t>();
    std::vector<float> scores;
    for (const auto& score : output.at("scores")) {
      scores.push_back(score.is_null() ? std::numeric_limits<float>::quiet_NaN()
                                       : score.get<float>());
    }
    require(in_range(answer) && static_cast<std::int64_t>(scores.size()) == form.scores, "record",
            text("a class below ", form.classes, " with ", form.scores, " scores"),
            text(answer, " with ", scores.size(), " of ", name));
    input.answers.store(0, model, answer, scores);
  }
  input.known |= model_bit(model);
}

KnownInput input_of(const Policy& policy, const ReadJson& record) {
  const ReadJson& outputs = record.at("outputs");
  require(!outputs.empty(), "record", "outputs of the models called", "none");
  const AnswerForm form = form_of(outputs.front(), policy.classes());
  KnownInput input(policy.models().size(), form);
  for (const auto& [name, output] : outputs.items()) {
    const auto model = static_cast<std::size_t>(std::countr_zero(bits_of(policy, {name})));
    read_output(output, form, name, model, input);
  }
  const ReadJson& seen = record.at("seen");
  input.weights = seen.value("weights", std::vector<float>{});
  input.scores = seen.value("scores", std::vector<float>{});
  input.features = seen.value("features", std::vector<float>{});
  for (const auto* values : {&input.weights, &input.scores}) {
    require(values->empty() || values->size() == policy.models().size(), "record",
            text("a number for each of ", policy.models().size(), " models"), text(values->size()));
  }
  input.rest.offload_score = seen.value("offload_score", input.rest.offload_score);
  input.rest.input = record.at("input").get<std::int64_t>();
  input.rest.label = record.value("label", -1);
  return input;
}

std::optional<Departed> departure_of(const Policy& policy, const ReadJson& record) {
  const auto found = record.find("departure");
  if (found == record.end()) return {};
  const auto from = found->at("answered_from").get<std::vector<std::string>>();
  require(!from.empty(), "record", "models that a departure answered from", "none");
  return Departed{found->at("reason").get<std::string>(), bits_of(policy, from)};
}

/// The policy's rules by operating point, none: the chosen one; made when they are needed.
using Rules = std::map<std::optional<std::size_t>, std::shared_ptr<const Rule>>;

ReplayedRecord replay(const Policy& policy, const std::string& version, Rules& rules,
                      const ReadJson& content) {
  const auto format = content.at("format").get<std::string>();
  require(format == format_name, "record", text("format ", format_name), format);
  const auto recorded = content.at("version").get<std::string>();
  require(recorded == version, "record",
          text("one of policy '", policy.name(), "' in version ", version), recorded);
  std::optional<std::size_t> point;
  if (content.contains("point")) point = content.at("point").get<std::size_t>();
  auto& rule = rules[point];
  if (!rule) rule = rule_of(policy, point);
  const KnownInput input = input_of(policy, content);
  const auto departed = departure_of(policy, content);
  require(!departed || (departed->answer_from & ~input.known) == 0, "record",
          "outputs of the models answered from", "others");
  ReplayedRecord result;
  Evidence evidence = input.evidence();
  const Walk walk =
      run_known(*rule, evidence, input.known, departed, [](const Evidence&, const Step&) {});
  result.called = walk.called(policy.models());
  result.answer = combine(*rule, evidence, walk, {});
  result.same = content.at("called").get<std::vector<std::string>>() == result.called &&
                content.at("answer").get<std::int32_t>() == result.answer;
  return result;
}

std::invalid_argument none(std::size_t line, const std::exception& error) {
  return std::invalid_argument(
      error_text(text("record, line ", line), "a decision record", error.what()));
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

Json Recorder::cost_of(std::uint64_t called, bool with_multiplexer) const {
  Json result = Json::object();
  for (const auto& [kind, values] : costs_.models) {
    double sum = with_multiplexer ? costs_.multiplexer.at(kind) : 0.0;
    if (with_multiplexer && kind == "macs") sum += rule_->macs();
    for (const std::size_t model : models_of(called)) sum += values[model];
    result[kind] = sum;
  }
  return result;
}

Json Recorder::alternatives(const Evidence& evidence, std::uint64_t known) const {
  Json result = Json::array();
  for (std::size_t model = 0; model < models_.size(); ++model) {
    Json entry{{"model", models_[model]}, {"cost", cost_of(model_bit(model), false)}};
    if ((known & model_bit(model)) != 0) {
      entry["answer"] = evidence.predictions[model];
      if (evidence.label >= 0) entry["right"] = evidence.predictions[model] == evidence.label;
    }
    result.push_back(std::move(entry));
  }
  return result;
}

std::string Recorder::record(Evidence evidence, std::uint64_t known,
                             const std::optional<Departed>& departed) const {
  Json steps = Json::array(), outputs = Json::object();
  evidence.called = 0;
  const Walk walk =
      run_known(*rule_, evidence, known, departed, [&](const Evidence& before, const Step& step) {
        const bool answers = step.call == 0;
        const auto names =
            names_of(answers ? step.answer_from : step.call & ~before.called, models_);
        Json entry{{answers ? "answer_from" : "call", names}};
        const Reason reason = rule_->explain(before);
        if (!reason.quantity.empty()) entry["why"] = to_json(reason);
        steps.push_back(std::move(entry));
      });
  for (const std::size_t model : models_of(evidence.called)) {
    outputs[models_[model]] = output_of(evidence, model);
  }
  std::vector<float> joint(evidence.probabilities.empty() ? 0 : evidence.classes);
  const std::int32_t answer = combine(*rule_, evidence, walk, joint);
  Json result{{"format", format_name}, {"policy", policy_}, {"version", version_}};
  if (point_) result["point"] = *point_;
  result.update({{"input", evidence.input},
                 {"seen", seen_by_router(evidence)},
                 {"steps", std::move(steps)},
                 {"called", walk.called(models_)},
                 {"outputs", std::move(outputs)},
                 {"answer", answer}});
  if (!joint.empty()) result["probability"] = shortest(joint[static_cast<std::size_t>(answer)]);
  if (rule_->least_confidence()) {
    const double confidence = departed
                                  ? static_cast<double>(joint[static_cast<std::size_t>(answer)])
                                  : rule_->confidence(evidence, walk.answer_from, answer);
    result["confidence"] = confidence;  // NaN becomes null
    result["abstained"] = rule_->abstains(confidence);
  }
  result.update({{"cost", cost_of(evidence.called, uses_multiplexer_)},
                 {"alternatives", alternatives(evidence, known)}});
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
  const Recorder recorder(policy, {table.fields().costs, table.fields().multiplexer_costs});
  const OutcomeRows inputs(table);
  const auto known = all_models(static_cast<std::size_t>(table.model_count()));
  std::vector<std::string> lines;
  const auto add = [&](std::int64_t row) {
    require(row >= 0 && row < table.size(), "record_decisions", text("rows below ", table.size()),
            text(row));
    lines.push_back(recorder.record(inputs.at(static_cast<std::size_t>(row)), known));
  };
  std::for_each(rows.begin(), rows.end(), add);
  if (rows.empty()) {
    for (std::int64_t row = 0; row < table.size(); ++row) add(row);
  }
  return lines;
}

std::vector<ReplayedRecord> replay_records(const Policy& policy,
                                           std::span<const std::string> lines) {
  const std::string version = policy.version();
  Rules rules;
  std::vector<ReplayedRecord> results;
  for (const auto& line : lines) {
    try {
      results.push_back(replay(policy, version, rules, parse_json(line)));
    } catch (const JsonError& error) {
      throw none(results.size() + 1, error);
    } catch (const nlohmann::json::exception& error) {
      throw none(results.size() + 1, error);
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(text(error.what(), " (line ", results.size() + 1, ")"));
    }
  }
  return results;
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
