#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "muxnet/core/random.hpp"
#include "muxnet/ops/kernel.hpp"
#include "muxnet/ops/operator.hpp"

namespace muxnet::testing {

/// A spec whose dst follows from the operator; inputs offered in `layout` where they are 4-D.
inline KernelSpec spec_of(const std::string& op, const Attributes& attributes,
                          const std::vector<Shape>& src, DType dtype, bool training = true,
                          Layout layout = Layout::nchw) {
  KernelSpec spec;
  spec.op = op;
  spec.attributes = attributes;
  spec.src = src;
  spec.dtype = dtype;
  spec.dst = find_operator(op).shape(src, attributes);
  spec.training = training;
  for (const Shape& shape : src) {
    spec.src_layouts.push_back(shape.size() == 4 ? layout : Layout::nchw);
  }
  return spec;
}

template <class T>
using Values = std::vector<T>;

/// Runs one kernel of element type T on plain arrays, those of bf16 as floats: converts to and from
/// its formats, fills whatever it has to write with infinity or NaN, and whatever it says it does
/// not read with NaN.
template <class T>
class KernelRunner {
 public:
  using Wide = Compute<T>;

  KernelRunner(KernelSpec spec, Backend backend)
      : spec_(std::move(spec)), kernel_(make_kernel(spec_, backend)) {
    for (const Shape& shape : spec_.src) src.push_back(Values<Wide>(count(shape)));
    dst.resize(count(spec_.dst));
    diff_dst.resize(count(spec_.dst));
    for (const ParameterSpec& p : find_operator(spec_.op).parameters(spec_.src, spec_.attributes)) {
      parameters.push_back(Values<Wide>(count(p.shape)));
      trainable.push_back(p.trainable);
    }
    const std::size_t scratch =
        std::max(kernel_->forward_scratch_bytes(), kernel_->backward_scratch_bytes());
    scratch_ = Tensor({static_cast<std::int64_t>(scratch)}, DType::u8);
    workspace_ = Tensor({static_cast<std::int64_t>(kernel_->workspace_bytes())}, DType::u8);
  }

  /// Normal numbers everywhere; buffers (running statistics) positive.
  void draw(std::uint64_t numbers) {
    Random random(numbers);
    const auto fill = [&](Values<Wide>& values, bool positive) {
      for (Wide& value : values) {
        const auto drawn = static_cast<float>(random.normal());
        value = rounded(positive ? 0.5f + drawn * drawn : drawn);
      }
    };
    for (auto& values : src) fill(values, false);
    for (std::size_t i = 0; i < parameters.size(); ++i) fill(parameters[i], !trainable[i]);
    fill(diff_dst, false);
  }

  /// Takes over the numbers of another runner.
  template <class Other>
  void copy(const Other& other) {
    const auto widened = [](const auto& from, auto& to) {
      for (std::size_t i = 0; i < from.size(); ++i) to[i].assign(from[i].begin(), from[i].end());
    };
    widened(other.src, src);
    widened(other.parameters, parameters);
    diff_dst.assign(other.diff_dst.begin(), other.diff_dst.end());
  }

  void forward() {
    arguments_ = {};
    inputs_.clear();
    for (std::size_t i = 0; i < src.size(); ++i) {
      inputs_.push_back(stored(src[i], kernel_->src_layout(i), spec_.src[i]));
      arguments_.src.push_back(inputs_.back().raw());
    }
    for (auto& values : parameters) arguments_.parameters.push_back(values.data());
    output_ = filled(spec_.dst, kernel_->dst_layout(), std::numeric_limits<Wide>::infinity());
    if (const auto shared = kernel_->in_place_src()) output_ = inputs_[*shared];
    arguments_.dst = output_.raw();
    arguments_.workspace = workspace_.raw();
    arguments_.scratch = scratch_.raw();
    arguments_.seed = seed;
    arguments_.parameters_version = ++version_;
    kernel_->forward(arguments_);
    read(output_, kernel_->dst_layout(), spec_.dst, dst);
  }

  /// Follows forward(); `for_src` and `for_parameters` false leaves those gradients out.
  void backward(bool for_src = true, bool for_parameters = true) {
    constexpr Wide nan = std::numeric_limits<Wide>::quiet_NaN();
    if (!kernel_->backward_reads_src()) {
      for (Tensor& input : inputs_) std::ranges::fill(input.template span<T>(), T(nan));
    }
    if (!kernel_->backward_reads_dst()) std::ranges::fill(output_.span<T>(), T(nan));
    const Tensor cotangent = stored(diff_dst, kernel_->dst_layout(), spec_.dst);
    arguments_.diff_dst = cotangent.raw();
    arguments_.diff_src.clear();
    arguments_.diff_parameters.clear();
    std::vector<Tensor> gradients;
    for (std::size_t i = 0; i < src.size(); ++i) {
      gradients.push_back(filled(spec_.src[i], kernel_->src_layout(i), nan));
      arguments_.diff_src.push_back(for_src ? gradients.back().raw() : nullptr);
    }
    diff_parameters.clear();
    for (const auto& values : parameters) diff_parameters.emplace_back(values.size(), nan);
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const bool wanted = for_parameters && trainable[i];
      arguments_.diff_parameters.push_back(wanted ? diff_parameters[i].data() : nullptr);
    }
    kernel_->backward(arguments_);
    diff_src.assign(src.size(), {});
    for (std::size_t i = 0; for_src && i < src.size(); ++i) {
      read(gradients[i], kernel_->src_layout(i), spec_.src[i], diff_src[i]);
    }
  }

  Kernel& kernel() { return *kernel_; }

  std::vector<Values<Wide>> src, parameters, diff_src, diff_parameters;
  std::vector<bool> trainable;
  Values<Wide> dst, diff_dst;
  std::uint64_t seed = 1;

 private:
  static constexpr Format plain_format{Layout::nchw, dtype_of<Wide>()};

  static std::size_t count(const Shape& shape) { return static_cast<std::size_t>(volume(shape)); }

  static Wide rounded(float value) {
    return static_cast<Wide>(static_cast<float>(static_cast<T>(value)));
  }

  static Tensor filled(const Shape& shape, Layout layout, Wide value) {
    Tensor result({storage_size(shape, layout)}, dtype_of<T>());
    std::ranges::fill(result.span<T>(), T(value));
    return result;
  }

  static Tensor stored(const Values<Wide>& plain, Layout layout, const Shape& shape) {
    Tensor result({storage_size(shape, layout)}, dtype_of<T>());
    convert_format(plain.data(), plain_format, result.raw(), {layout, dtype_of<T>()}, shape);
    return result;
  }

  /// Back to plain; also checks that channel padding holds zeros.
  static void read(const Tensor& kept, Layout layout, const Shape& shape, Values<Wide>& plain) {
    plain.resize(count(shape));
    convert_format(kept.raw(), {layout, dtype_of<T>()}, plain.data(), plain_format, shape);
    if (channel_block(layout) == 1) return;
    const Tensor again = stored(plain, layout, shape);
    std::size_t wrong = 0;
    for (std::int64_t i = 0; i < again.size(); ++i) {
      wrong += again.data<T>()[i] == kept.data<T>()[i] ? 0 : 1;
    }
    EXPECT_EQ(wrong, 0u) << "elements of channel padding that are not zero";
  }

  KernelSpec spec_;
  std::unique_ptr<Kernel> kernel_;
  KernelArguments arguments_;
  std::vector<Tensor> inputs_;
  Tensor output_, workspace_, scratch_;
  std::uint64_t version_ = 0;
};

}  // namespace muxnet::testing
