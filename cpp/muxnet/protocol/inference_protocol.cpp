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

Tensor checked_probabilities(std::vector<double> values, const ExpectedOutput& expected) {
  constexpr double slack = 1e-2;
  const auto where = "output " + expected.output;
  expect(static_cast<std::int64_t>(values.size()) == expected.classes, where,
         text(expected.classes, " numbers"), text(values.size()));
  const bool finite = std::all_of(values.begin(), values.end(), [](double v) {
    return std::isfinite(v) && std::abs(v) <= std::numeric_limits<float>::max();
  });
  expect(finite, where, "finite numbers", "others");
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

InferAnswer answer_in(InferResponse response, const ExpectedOutput& expected) {
  const std::string& id = response.id;
  expect(id.empty() || id == expected.id, "answer", "id " + expected.id, shown(id));
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

}  // namespace muxnet
