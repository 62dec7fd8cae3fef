#include "muxnet/protocol/inference_protocol.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "muxnet/core/error.hpp"
#include "muxnet/protocol/checks.hpp"

namespace muxnet {
namespace {

void softmax(std::vector<double>& values) {
  const double most = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (double& value : values) sum += value = std::exp(value - most);
  for (double& value : values) value /= sum;
}

bool all_finite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double v) {
    return std::isfinite(v) && std::abs(v) <= std::numeric_limits<float>::max();
  });
}

void expect_id(const std::string& id, const std::string& expected) {
  expect(id.empty() || id == expected, "answer", "id " + expected, shown(id));
}

Tensor checked_probabilities(std::vector<double> values, const ExpectedOutput& expected) {
  constexpr double slack = 1e-2;
  const auto where = "output " + expected.output;
  expect(static_cast<std::int64_t>(values.size()) == expected.classes, where,
         text(expected.classes, " numbers"), text(values.size()));
  expect(all_finite(values), where, "finite numbers", "others");
  if (expected.logits) softmax(values);
  double sum = 0;
  for (const double value : values) {
    expect(value >= -slack && value <= 1 + slack, where, "probabilities", text(value));
    sum += value;
  }
  expect(std::abs(sum - 1) <= slack, where, "probabilities that sum to 1", text(sum));
  Tensor result({1, expected.classes});
  std::transform(values.begin(), values.end(), result.data<float>(),
                 [](double v) { return static_cast<float>(v); });
  return result;
}

Tensor rows_in(const InferResponse& response, const ExpectedRows& expected) {
  expect_id(response.id, expected.id);
  const auto where = "output " + expected.output;
  const Shape& shape = response.shape;
  const std::int64_t values = volume(shape), n = expected.rows;
  const std::int64_t classes = n > 0 ? values / n : 0;
  const auto ones = std::count(shape.begin(), shape.end(), std::int64_t{1});
  // (n, K), with further axes of one element, or without the first for one input.
  const bool fits = values == n * classes && classes > 0 &&
                    (expected.classes == 0 || classes == expected.classes) &&
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

InferAnswer answer_in(InferResponse response, const ExpectedOutput& expected) {
  expect_id(response.id, expected.id);
  const Shape& shape = response.shape;
  const auto ones = std::count(shape.begin(), shape.end(), std::int64_t{1});
  const bool row = volume(shape) == expected.classes &&
                   ones + (expected.classes == 1 ? 0 : 1) == std::ssize(shape);
  expect(row, "output " + expected.output, text("shape (1, ", expected.classes, ")"),
         to_string(shape));
  return {checked_probabilities(std::move(response.values), expected), response.server_ms};
}

}  // namespace

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
  return checked<Tensor>([&] { return rows_in(response, expected); });
}

}  // namespace muxnet
