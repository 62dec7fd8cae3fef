#include "muxnet/training/answer_history.hpp"

#include <algorithm>
#include <bit>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

constexpr std::int32_t marker = std::int32_t{1} << AnswerHistory::longest;

}  // namespace

AnswerHistory::AnswerHistory(std::int64_t inputs, std::int64_t models) {
  require(inputs >= 0 && models >= 0, "answer_history", "inputs and models of at least 0",
          text(inputs, " and ", models));
  bits_ = Tensor({inputs, models}, DType::i32);
  std::ranges::fill(bits_.span<std::int32_t>(), 1);
}

void AnswerHistory::add(std::span<const std::int64_t> rows, const Tensor& correct) {
  const Shape wanted{static_cast<std::int64_t>(rows.size()), models()};
  require(correct.shape() == wanted && correct.dtype() == DType::u8, "answer_history",
          text("u8 ", to_string(wanted)),
          text(name_of(correct.dtype()), " ", to_string(correct.shape())));
  const auto* right = correct.data<std::uint8_t>();
  for (const std::int64_t row : rows) {
    if (row < 0 || row >= inputs()) {
      throw std::out_of_range(
          error_text("answer_history", text("a row of 0 .. ", inputs() - 1), text(row)));
    }
    for (std::int64_t i = 0; i < models(); ++i, ++right) {
      std::int32_t& history = bits_.data<std::int32_t>()[row * models() + i];
      // Of a full history the oldest answer goes; the marker stays.
      const std::int32_t kept =
          history >= marker ? (history & (marker / 2 - 1)) | marker / 2 : history;
      history = kept * 2 + (*right != 0);
    }
  }
}

Tensor AnswerHistory::shares(int visits) const {
  require(visits >= 1 && visits <= longest, "answer_history", text("1 to ", longest, " visits"),
          text(visits));
  Tensor result(bits_.shape());
  const auto src = bits_.span<std::int32_t>();
  std::transform(src.begin(), src.end(), result.data<float>(), [visits](std::int32_t history) {
    const auto bits = static_cast<std::uint32_t>(history);
    const int seen = std::min(visits, static_cast<int>(std::bit_width(bits)) - 1);
    if (seen == 0) return -1.0F;
    const int right = std::popcount(bits & ((std::uint32_t{1} << seen) - 1));
    return static_cast<float>(right) / static_cast<float>(seen);
  });
  return result;
}

void AnswerHistory::restore(const Tensor& bits) {
  require(bits.shape() == bits_.shape() && bits.dtype() == DType::i32, "answer_history",
          text("i32 ", to_string(bits_.shape())),
          text(name_of(bits.dtype()), " ", to_string(bits.shape())));
  const auto values = bits.span<std::int32_t>();
  require(std::ranges::all_of(values, [](std::int32_t v) { return v >= 1; }), "answer_history",
          "histories that begin with a one", "others");
  bits_ = bits.clone();
}

}  // namespace muxnet
