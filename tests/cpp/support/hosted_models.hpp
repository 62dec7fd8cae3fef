#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "muxnet/runtime/hosted_model.hpp"
#include "support/onnx_file.hpp"
#include "support/pool.hpp"

namespace muxnet::testing {

/// Gives one answer to every image, and fails where a first pixel is what it fears.
class Fake final : public Classifier {
 public:
  explicit Fake(std::vector<float> answer, float fears = -1)
      : answer_(std::move(answer)), fears_(fears) {}

  Tensor answer(const Tensor& images) override {
    const std::int64_t n = images.dim(0), pixels = images.size() / n;
    Tensor result({n, static_cast<std::int64_t>(answer_.size())});
    for (std::int64_t row = 0; row < n; ++row) {
      if (images.data<float>()[row * pixels] == fears_) throw std::runtime_error("out of order");
      std::copy(answer_.begin(), answer_.end(),
                result.data<float>() + row * static_cast<std::int64_t>(answer_.size()));
    }
    return result;
  }

 private:
  std::vector<float> answer_;
  float fears_;
};

inline HostedModel outside(const std::string& name,
                           std::function<std::unique_ptr<Classifier>()> open,
                           const Normalization& normalization = {{0}, {1}}) {
  return {name, 5, {1, 1, side, side}, classes, normalization, 0, {}, std::move(open)};
}

inline HostedModel fake(std::vector<float> answer, AnswerKind kind = AnswerKind::probabilities,
                        float fears = -1) {
  return host(outside("fake", [=] { return std::make_unique<Fake>(answer, fears); }), kind);
}

/// The model "small" of the pool as an ONNX file.
inline std::string small_as_onnx(Shape images = {1, 1, side, side}) {
  const auto small = tiny_model("small", 0, 1);
  const Tensor weight = small->parameters.value("fc.weight");
  Tensor turned({weight.dim(1), weight.dim(0)});
  for (std::int64_t k = 0; k < weight.dim(0); ++k) {
    for (std::int64_t i = 0; i < weight.dim(1); ++i) {
      turned.data<float>()[i * weight.dim(0) + k] = weight.data<float>()[k * weight.dim(1) + i];
    }
  }
  return linear_onnx(std::move(images), turned, small->parameters.value("fc.bias"));
}

inline void expect_near(const Tensor& found, const Tensor& expected, float slack = 1e-5F) {
  ASSERT_EQ(found.shape(), expected.shape());
  for (std::int64_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found.data<float>()[i], expected.data<float>()[i], slack) << i;
  }
}

}  // namespace muxnet::testing
