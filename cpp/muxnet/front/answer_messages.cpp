#include "muxnet/front/answer_messages.hpp"

#include <charconv>
#include <cmath>

#include "muxnet/front/json_numbers.hpp"

namespace muxnet {
namespace {

constexpr float rounded_to = 1e5F;

/// The models whose bits are set, of each image, as JSON.
std::string names_json(const std::vector<std::uint64_t>& masks,
                       const std::vector<std::string>& models) {
  return json_list(masks.size(), [&](std::size_t row, std::string& out) {
    std::vector<std::size_t> set;
    for (std::size_t i = 0; i < models.size(); ++i) {
      if ((masks[row] >> i & 1U) != 0) set.push_back(i);
    }
    out += json_list(set.size(),
                     [&](std::size_t i, std::string& to) { to += json_text(models[set[i]]); });
  });
}

std::string weights_json(const Tensor& weights) {
  const auto rows = static_cast<std::size_t>(weights.dim(0));
  const auto columns = static_cast<std::size_t>(weights.size()) / rows;
  const float* values = weights.data<float>();
  return json_list(rows, [&](std::size_t row, std::string& out) {
    out += json_list(columns, [&](std::size_t i, std::string& to) {
      append_number(to, std::round(values[row * columns + i] * rounded_to) / rounded_to);
    });
  });
}

template <class To, class From>
Tensor as_tensor(const std::vector<From>& values) {
  std::vector<To> converted(values.begin(), values.end());
  return Tensor::from(converted, {static_cast<std::int64_t>(values.size())});
}

Tensor values_of(std::string_view name, const ServiceAnswer& answer) {
  if (name == "probabilities") return answer.probabilities;
  if (name == "classes") return as_tensor<std::int64_t>(answer.answers);
  if (name == "called") return as_tensor<std::int64_t>(answer.called);
  if (name == "cost") return as_tensor<double>(answer.costs);
  return answer.view.weights;
}

bool true_of(const RequestParameters& parameters, const std::string& key, bool otherwise) {
  const auto found = parameters.find(key);
  if (found == parameters.end()) return otherwise;
  return std::visit(
      [](const auto& value) {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, std::string>) {
          return !value.empty();
        } else {
          return value != Value{};
        }
      },
      found->second);
}

OutputTensor output_of(std::string_view name, const ServiceAnswer& answer) {
  for (const AnswerOutput& output : answer_outputs) {
    if (output.name != name) continue;
    Tensor values = values_of(name, answer);
    if (values.empty()) break;
    return {output.name, output.datatype, std::move(values)};
  }
  throw bad_request("outputs", "outputs that this answer has", name);
}

void append_values(std::string& out, const Tensor& values) {
  const auto append_all = [&](auto span) {
    out +=
        json_list(span.size(), [&](std::size_t i, std::string& to) { append_number(to, span[i]); });
  };
  if (values.dtype() == DType::f32) return append_all(values.span<float>());
  if (values.dtype() == DType::f64) return append_all(values.span<double>());
  append_all(values.span<std::int64_t>());
}

void append_output(std::string& out, const OutputTensor& output) {
  out.append("{\"name\":\"").append(output.name).append("\",\"datatype\":\"");
  out.append(output.datatype).append("\",\"shape\":");
  const Shape& shape = output.values.shape();
  out +=
      json_list(shape.size(), [&](std::size_t i, std::string& to) { append_number(to, shape[i]); });
  if (output.binary) {
    out.append(",\"parameters\":{\"binary_data_size\":");
    append_number(out, static_cast<std::int64_t>(output.values.bytes()));
    out.append("}}");
    return;
  }
  out.append(",\"data\":");
  append_values(out, output.values);
  out.append("}");
}

}  // namespace

std::vector<OutputTensor> outputs_of(const InferenceOutcome& outcome) {
  const InferenceRequest& request = outcome.asked.received.request;
  const bool whole = true_of(request.parameters, "binary_data_output", false);
  std::vector<OutputTensor> found;
  for (const RequestedTensor& asked : request.outputs) {
    found.push_back(output_of(asked.name, outcome.answer));
    found.back().binary = true_of(asked.parameters, "binary_data", whole);
  }
  if (!found.empty()) return found;
  const bool decided = outcome.answer.answers.empty();
  if (decided) {
    found.push_back(output_of("called", outcome.answer));
  } else {
    found.push_back(output_of("probabilities", outcome.answer));
    found.push_back(output_of("classes", outcome.answer));
  }
  for (OutputTensor& output : found) output.binary = whole;
  return found;
}

AnswerParameters parameters_of(const InferenceOutcome& outcome) {
  const ServiceAnswer& answer = outcome.answer;
  const auto& models = outcome.served->models;
  const auto numbers = [](const std::vector<double>& values, double parts) {
    return json_list(values.size(), [&](std::size_t i, std::string& out) {
      append_number(out, parts > 0 ? std::round(values[i] * parts) / parts : values[i]);
    });
  };
  AnswerParameters found{
      {"called", names_json(answer.called, models)},
      {"cost", numbers(answer.costs, 0)},
      {"policy", outcome.policy},
      {"policy_version", static_cast<std::int64_t>(answer.version)},
      {"first_input", answer.first_input},
  };
  const auto& departures = answer.departures;
  if (answer.answers.empty() || answer.wanted != answer.called) {
    found.emplace_back("wanted", names_json(answer.wanted, models));
  }
  const bool departed = std::any_of(departures.begin(), departures.end(),
                                    [](Departure one) { return one != Departure::none; });
  if (departed) {
    found.emplace_back("departures",
                       json_list(departures.size(), [&](std::size_t i, std::string& out) {
                         out.append("\"").append(name_of(departures[i])).append("\"");
                       }));
  }
  if (!answer.abstained.empty()) {
    found.emplace_back("abstained",
                       json_list(answer.abstained.size(), [&](std::size_t i, std::string& out) {
                         out += answer.abstained[i] != 0 ? "true" : "false";
                       }));
    found.emplace_back("confidence", numbers(answer.confidences, rounded_to));
  }
  if (!answer.view.weights.empty()) {
    found.emplace_back("weights", weights_json(answer.view.weights));
  }
  return found;
}

RestAnswer rest_answer(const InferenceOutcome& outcome) {
  const std::vector<OutputTensor> outputs = outputs_of(outcome);
  std::string body = "{\"id\":" + json_text(outcome.asked.received.request.id);
  body += ",\"model_name\":" + json_text(outcome.asked.name);
  body += ",\"model_version\":\"" + std::to_string(outcome.answer.version) + "\",\"outputs\":";
  body += json_list(outputs.size(),
                    [&](std::size_t i, std::string& to) { append_output(to, outputs[i]); });
  body += ",\"parameters\":{";
  for (const auto& [name, value] : parameters_of(outcome)) {
    body.append("\"").append(name).append("\":");
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      append_number(body, *number);
    } else {
      body += json_text(std::get<std::string>(value));
    }
    body += ",";
  }
  body += "\"server_ms\":";
  constexpr double parts_of_ms = 1000;
  append_number(body, std::round(outcome.server_ms * parts_of_ms) / parts_of_ms);
  body += "}}";
  RestAnswer answer{std::move(body)};
  const std::size_t json_length = answer.body.size();
  for (const OutputTensor& output : outputs) {
    if (!output.binary) continue;
    answer.json_length = json_length;
    answer.body.append(static_cast<const char*>(output.values.raw()), output.values.bytes());
  }
  return answer;
}

}  // namespace muxnet
