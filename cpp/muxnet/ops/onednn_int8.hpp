#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "muxnet/ops/onednn_weighted.hpp"
#include "muxnet/ops/quantization.hpp"

namespace muxnet::onednn {

/// What an operator with weights is in int8: dst = s (src * weights + bias), s = the scales of src
/// and of the output channel over that of dst. `choice` holds the weights as s8.
template <class Family>
struct Int8 {
  using Descriptor = typename Family::Forward::primitive_desc;

  /// The primitive with these results, nothing where oneDNN has none that is fast.
  std::function<std::optional<Descriptor>(const Fused&)> describe;
  Primitives<Family> choice;
  float src_scale = 1;
  std::int64_t channels = 1;  ///< of dst
  std::int64_t taps = 1;      ///< weights of one of them
};

/// Weights as a primitive wants them in 8 bits.
struct Int8Weights {
  dnnl::memory values;
  std::vector<float> scales;  ///< by output channel
};

/// Its kernel. Scales are part of a primitive of oneDNN 2 and come from the weights: it is made
/// anew whenever their version has changed.
template <class Family>
class Int8Kernel final : public Kernel {
 public:
  /// Nothing where `problem.describe` gives nothing.
  static std::unique_ptr<Kernel> make(Int8<Family> problem) {
    constexpr float any = 0.5F;
    problem.choice.fused.scales.assign(static_cast<std::size_t>(problem.channels), any);
    auto forward = problem.describe(problem.choice.fused);
    if (!forward) return nullptr;
    problem.choice.forward = std::move(*forward);
    return std::make_unique<Int8Kernel>(std::move(problem));
  }

  explicit Int8Kernel(Int8<Family> problem)
      : problem_(std::move(problem)),
        src_(handle(problem_.choice.src)),
        dst_(handle(problem_.choice.dst)),
        scratch_(problem_.choice.forward.scratchpad_desc().get_size()) {
    if (problem_.choice.has_bias) bias_ = owned(problem_.choice.bias);
  }

  void forward(const KernelArguments& a) override {
    if (a.parameters_version != version_) quantize(a);
    point(src_, a.src[0]);
    point(dst_, a.dst);
    run(forward_, arguments_, a.scratch);
  }
  void backward(const KernelArguments&) override {}

  Layout src_layout(std::size_t index) const override {
    return index == 0 ? problem_.choice.src_layout : problem_.choice.dst_layout;
  }
  Layout dst_layout() const override { return problem_.choice.dst_layout; }
  std::optional<std::size_t> in_place_src() const override {
    return problem_.choice.fused.sum ? std::optional<std::size_t>(1) : std::nullopt;
  }
  std::size_t forward_scratch_bytes() const override { return scratch_; }
  std::string implementation() const override {
    return std::string("onednn ") + problem_.choice.forward.impl_info_str();
  }

 private:
  void quantize(const KernelArguments& a) {
    weights_ = a.forms == nullptr ? quantized(a) : shared(a);
    Fused fused = problem_.choice.fused;
    for (std::size_t c = 0; c < weights_->scales.size(); ++c) {
      const float sums = problem_.src_scale * weights_->scales[c];
      fused.scales[c] = sums / fused.unit;
      if (!problem_.choice.has_bias) continue;
      static_cast<float*>(bias_.get_data_handle())[c] =
          static_cast<const float*>(a.parameters[1])[c] / sums;
    }
    const auto descriptor = problem_.describe(fused).value();
    forward_ = typename Family::Forward(descriptor);
    arguments_ = {{DNNL_ARG_SRC, src_}, {DNNL_ARG_WEIGHTS, weights_->values}, {DNNL_ARG_DST, dst_}};
    if (problem_.choice.has_bias) arguments_.emplace(DNNL_ARG_BIAS, bias_);
    add_scratch(descriptor, arguments_);
    version_ = a.parameters_version;
  }

  std::shared_ptr<const Int8Weights> shared(const KernelArguments& a) const {
    const auto wanted = problem_.choice.forward.weights_desc();
    return a.forms->find<Int8Weights>(
        a.parameters[0], [&](const Int8Weights& form) { return form.values.get_desc() == wanted; },
        [&] { return quantized(a); });
  }

  std::shared_ptr<const Int8Weights> quantized(const KernelArguments& a) const {
    const auto count = static_cast<std::size_t>(problem_.channels * problem_.taps);
    const auto* const given = static_cast<const float*>(a.parameters[0]);
    QuantizedWeights plain = quantize_weights({given, count}, problem_.channels);
    dnnl::memory from(problem_.choice.weights, engine(), plain.values.data());
    dnnl::memory to = owned(problem_.choice.forward.weights_desc());
    dnnl::reorder(from, to).execute(stream(), from, to);
    stream().wait();
    return std::make_shared<Int8Weights>(Int8Weights{std::move(to), std::move(plain.scales)});
  }

  Int8<Family> problem_;
  dnnl::memory src_, dst_, bias_;
  std::shared_ptr<const Int8Weights> weights_;
  typename Family::Forward forward_;
  Arguments arguments_;
  std::size_t scratch_;
  std::uint64_t version_ = 0;
};

}  // namespace muxnet::onednn
