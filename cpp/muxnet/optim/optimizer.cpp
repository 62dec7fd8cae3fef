#include "muxnet/optim/optimizer.hpp"

#include <cmath>
#include <utility>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

void require_segments(std::span<const Segment> segments, std::int64_t size,
                      std::string_view where) {
  std::int64_t last = 0;
  for (const auto& segment : segments) {
    if (last <= segment.begin && segment.begin <= segment.end && segment.end <= size) {
      last = segment.end;
      continue;
    }
    require(false, where, text("segments in order, disjoint and within [0, ", size, ')'),
            text('[', segment.begin, ", ", segment.end, ") after ", last));
  }
}

constexpr auto step_name = "step";

}  // namespace

void Optimizer::reset(std::int64_t size, std::span<const std::string_view> names) {
  require(size >= 0, "optimizer.init", "a size of at least 0", text(size));
  buffers_.clear();
  for (const auto name : names) buffers_.emplace(name, Tensor({size}));
  size_ = size;
  step_ = 0;
}

void Optimizer::begin_step(std::span<float> values, std::span<const float> gradients,
                           std::span<const Segment> segments, double learning_rate) {
  constexpr auto where = "optimizer.apply";
  const auto wanted = static_cast<std::size_t>(size_);
  if (values.size() != wanted || gradients.size() != wanted) {
    require(false, where, text(wanted, " values and gradients"),
            text(values.size(), " and ", gradients.size()));
  }
  require_segments(segments, size_, where);
  if (!(learning_rate >= 0 && std::isfinite(learning_rate))) {
    require(false, where, "a learning rate of at least 0", text(learning_rate));
  }
  ++step_;
}

std::map<std::string, Tensor> Optimizer::state() const {
  std::map<std::string, Tensor> result;
  for (const auto& [name, tensor] : buffers_) result.emplace(name, tensor.clone());
  result.emplace(step_name, Tensor::from(std::vector<std::int64_t>{step_}, {1}));
  return result;
}

void Optimizer::load_state(const std::map<std::string, Tensor>& state) {
  constexpr auto where = "optimizer.load_state";
  const auto check = [&](const std::string& name, DType dtype, const Shape& shape) {
    const auto found = state.find(name);
    require(found != state.end(), where, text("a tensor \"", name, '"'), "none");
    const Tensor& tensor = found->second;
    require(tensor.dtype() == dtype && tensor.shape() == shape, where,
            text(name, ": ", name_of(dtype), ' ', to_string(shape)),
            text(name_of(tensor.dtype()), ' ', to_string(tensor.shape())));
    return tensor;
  };
  const std::int64_t step = *check(step_name, DType::i64, {1}).data<std::int64_t>();
  require(step >= 0, where, "a step of at least 0", text(step));
  for (const auto& entry : buffers_) check(entry.first, DType::f32, {size_});
  for (const auto& entry : state) {
    require(entry.first == step_name || buffers_.contains(entry.first), where,
            "only this optimizer's own tensors", entry.first);
  }
  for (auto& [name, tensor] : buffers_) tensor = state.at(name).clone();
  step_ = step;
}

OptimizerRegister& optimizers() {
  static OptimizerRegister all("optimizers", {MUXNET_OPTIM_ENTRIES});
  return all;
}

std::unique_ptr<Optimizer> make_optimizer(const OptimizerOptions& options) {
  return optimizers().find(options.name).make(options);
}

}  // namespace muxnet
