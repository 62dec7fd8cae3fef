#include "muxnet/protocol/inference_protocol.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>

#include "muxnet/core/error.hpp"
#include "muxnet/core/probabilities.hpp"
#include "muxnet/protocol/checks.hpp"
#include "muxnet/protocol/datatypes.hpp"

namespace muxnet {
namespace {

void softmax(std::span<float> values) {
  const float most = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (const float value : values) sum += std::exp(static_cast<double>(value - most));
  for (float& value : values) {
    value = static_cast<float>(std::exp(static_cast<double>(value - most)) / sum);
  }
}

bool all_finite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double v) {
    return std::isfinite(v) && std::abs(v) <= std::numeric_limits<float>::max();
  });
}

void expect_id(const std::string& id, const std::string& expected) {
  expect(id.empty() || id == expected, "answer", "id " + expected, shown(id));
}

std::string place_of(const std::string& output) {
  return output.empty() ? "output" : "output " + output;
}

/// Labels as rows of 0 and 1.
Tensor one_hot(const std::vector<double>& labels, std::int64_t classes, const std::string& where) {
  expect(classes > 0, where,
         "scores (n, K), or the classes (`classes` in a list of models), by which a label becomes "
         "a row",
         "labels alone");
  Tensor result({std::ssize(labels), classes});
  float* row = result.data<float>();
  for (const double label : labels) {
    expect(label >= 0 && label < static_cast<double>(classes), where,
           text("labels of ", classes, " classes"), text(label));
    row[static_cast<std::int64_t>(label)] = 1;
    row += classes;
  }
  return result;
}

/// Labels (n) or (n, 1), not scores.
bool are_labels(const InferResponse& response, const ExpectedRows& expected) {
  const Shape& shape = response.shape;
  return response.whole && !shape.empty() && shape.size() <= 2 && shape.front() == expected.rows &&
         volume(shape) == expected.rows && std::ssize(response.values) == expected.rows;
}

/// An answer to a batch that was filled up, without what filled it.
void drop_filling(InferResponse& response, const ExpectedRows& expected) {
  if (expected.sent <= expected.rows) return;
  if (response.shape.empty() || response.shape.front() != expected.sent) return;
  if (std::ssize(response.values) != volume(response.shape)) return;
  response.values.resize(response.values.size() / static_cast<std::size_t>(expected.sent) *
                         static_cast<std::size_t>(expected.rows));
  response.shape.front() = expected.rows;
}

Tensor rows_in(InferResponse response, const ExpectedRows& expected) {
  expect_id(response.id, expected.id);
  drop_filling(response, expected);
  const auto where = place_of(expected.output);
  if (are_labels(response, expected)) return one_hot(response.values, expected.classes, where);
  const Shape& shape = response.shape;
  const std::int64_t values = volume(shape), n = expected.rows;
  const std::int64_t classes = n > 0 ? values / n : 0;
  const auto ones = std::count(shape.begin(), shape.end(), std::int64_t{1});
  const bool single = classes == 1 && expected.classes == 2;  // of the second class
  // (n, K), with further axes of one element, or without the first for one input.
  const bool fits = values == n * classes && classes > 0 &&
                    (expected.classes == 0 || classes == expected.classes || single) &&
                    ones + (n == 1 ? 0 : 1) + (classes == 1 ? 0 : 1) == std::ssize(shape) &&
                    (n == 1 || shape.front() == n);
  const std::string wanted = expected.classes == 0 ? "K" : text(expected.classes);
  expect(fits, where, text("shape (", n, ", ", wanted, ")"), to_string(shape));
  expect(std::ssize(response.values) == values, where, text(values, " numbers"),
         text(response.values.size()));
  expect(all_finite(response.values), where, "finite numbers", "NaN or infinity");
  Tensor result({n, classes});
  std::transform(response.values.begin(), response.values.end(), result.data<float>(),
                 [](double v) { return static_cast<float>(v); });
  return result;
}

void expect_probabilities(Tensor& row, const std::string& where) {
  if (const auto fault = fault_of(row.span<float>())) {
    expect(false, where, fault->expected, fault->received);
  }
  clip_probabilities(row);
}

InferAnswer answer_in(InferResponse response, const ExpectedOutput& expected) {
  const auto server_ms = response.server_ms;
  Tensor row = rows_in(std::move(response),
                       {expected.id, expected.output, 1, expected.classes, expected.sent});
  if (expected.logits) softmax(row.span<float>());
  expect_probabilities(row, place_of(expected.output));
  return {row, server_ms};
}

}  // namespace

std::string to_string(const std::vector<TensorSpec>& specs) {
  std::string result;
  for (const auto& spec : specs) {
    if (!result.empty()) result += ", ";
    result += text(spec.name, ' ', spec.datatype, ' ', to_string(spec.shape));
  }
  return result.empty() ? "none" : result;
}

Checked<std::size_t> chosen_output(const std::string& where, const std::string& wanted,
                                   const std::vector<TensorSpec>& outputs, std::int64_t classes) {
  const auto refused = [&](const std::string& expected) {
    return Checked<std::size_t>{{}, error_text(where, expected, to_string(outputs))};
  };
  using Places = std::vector<std::size_t>;
  const auto all = [&](const auto& fits) {
    Places places;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (fits(outputs[i])) places.push_back(i);
    }
    return places;
  };
  const std::string name = wanted.empty() ? "probabilities" : wanted;
  const auto named = all([&](const TensorSpec& output) { return output.name == name; });
  if (!named.empty()) return {named.front(), ""};
  if (!wanted.empty()) return refused("an output " + wanted);
  const auto scores = [](const TensorSpec& output) { return has_fractions(output.datatype); };
  const auto labels = [](const TensorSpec& output) { return is_whole(output.datatype); };
  const Places numbers = all(scores).empty() ? all(labels) : all(scores);
  if (numbers.empty()) return refused("an output of numbers");
  if (numbers.size() == 1) return {numbers.front(), ""};
  // An output of unknown shape may be any.
  const Places fitting = all([&](const TensorSpec& output) {
    const Shape& shape = output.shape;
    return scores(output) &&
           (shape.empty() || can_be_scores(shape, classes) || can_be_single(shape, classes));
  });
  if (fitting.size() == 1) return {fitting.front(), ""};
  return refused(text("one output that answers (n, ", classes == 0 ? "K" : text(classes),
                      "), or the name of the one (`output_tensor` in a list of models)"));
}

std::string InferInput::length_prefix() const {
  if (datatype != "BYTES") return "";
  const auto length = static_cast<std::uint32_t>(bytes.size());
  std::string prefix(sizeof(length), '\0');
  std::memcpy(prefix.data(), &length, sizeof(length));
  return prefix;
}

Checked<InferAnswer> check_answer(InferResponse response, const ExpectedOutput& expected) {
  return checked<InferAnswer>([&] { return answer_in(std::move(response), expected); });
}

Checked<Tensor> check_rows(InferResponse response, const ExpectedRows& expected) {
  return checked<Tensor>([&] { return rows_in(std::move(response), expected); });
}

}  // namespace muxnet
