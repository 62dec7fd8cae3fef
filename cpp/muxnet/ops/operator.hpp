#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "muxnet/core/tensor.hpp"
#include "muxnet/ops/attributes.hpp"

namespace muxnet {

/// How a parameter starts. Normal and uniform scales follow PyTorch's initialisers of these names.
enum class Init {
  zeros,
  ones,
  kaiming_normal_fan_out,  ///< N(0, 2 / fan_out)
  kaiming_normal_fan_in,   ///< N(0, 2 / fan_in): keeps the size of a signal through a ReLU
  kaiming_uniform,         ///< U(-b, b), b = 1 / sqrt(fan_in): PyTorch's default for linear
};

/// A parameter or buffer that an operator owns.
struct ParameterSpec {
  std::string name;  ///< "weight", "bias", "running_mean", ...
  Shape shape;
  Init init = Init::zeros;
  std::int64_t fan = 1;   ///< fan_out or fan_in, as `init` asks
  bool trainable = true;  ///< false: a buffer such as running statistics
  bool decay = false;     ///< takes part in weight decay
};

/// What an operator is, apart from how it is computed. Shapes carry the batch as first axis.
/// All functions throw std::invalid_argument for shapes or attributes that do not fit.
struct Operator {
  std::string name;
  std::size_t inputs = 1;
  std::size_t optional_inputs = 0;  ///< further ones that may follow
  std::function<Shape(std::span<const Shape> src, const Attributes&)> shape;
  /// Multiply-accumulates of one forward pass; 0 for what only moves or compares.
  std::function<std::int64_t(std::span<const Shape> src, const Attributes&)> macs;
  std::function<std::vector<ParameterSpec>(std::span<const Shape> src, const Attributes&)>
      parameters;
  /// Attributes it understands; any other is an error.
  std::vector<std::string> attributes = {};
};

/// Throws std::invalid_argument unless `op` can have `count` inputs.
void require_inputs(const Operator& op, std::string_view where, std::size_t count);

/// The operator called `name`; throws std::invalid_argument that lists what there is.
const Operator& find_operator(std::string_view name);

}  // namespace muxnet
