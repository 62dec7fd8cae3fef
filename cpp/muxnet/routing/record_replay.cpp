#include <algorithm>
#include <bit>
#include <limits>

#include "muxnet/core/error.hpp"
#include "muxnet/core/json.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/routing/known_input.hpp"

namespace muxnet {
namespace {

using ReadJson = nlohmann::json;  // its members are found in less than linear time

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
  require(format == record_format, "record", text("format ", record_format), format);
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

}  // namespace muxnet
