#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "muxnet/ops/kernel.hpp"
#include "muxnet/ops/onednn_descriptors.hpp"

namespace muxnet::onednn {

/// The primitives of an operator with weights, dst = src * weights + bias, at one choice of
/// layouts. Family names oneDNN's three classes: ConvolutionFamily or InnerProductFamily.
template <class Family>
struct Primitives {
  Layout src_layout = Layout::nchw, dst_layout = Layout::nchw;
  dnnl::memory::desc src, dst;
  dnnl::memory::desc weights, bias;  ///< as the caller holds them; bias is zero where there is none
  bool has_bias = false;
  Fused fused;
  typename Family::Forward::primitive_desc forward;
  std::optional<typename Family::BackwardData::primitive_desc> backward_data;
  std::optional<typename Family::BackwardWeights::primitive_desc> backward_weights;
};

/// Weights are reordered for the forward pass whenever their version has changed.
template <class Family>
class WeightedKernel final : public Kernel {
 public:
  explicit WeightedKernel(Primitives<Family> choice) : choice_(std::move(choice)) {
    src_ = handle(choice_.src);
    dst_ = handle(choice_.dst);
    if (choice_.has_bias) bias_ = handle(choice_.bias);
    make_forward();
    if (choice_.backward_weights) make_backward_weights();
    if (choice_.backward_data) make_backward_data();
  }

  void forward(const KernelArguments& a) override {
    weights_.point(a.parameters[0]);
    if (a.parameters_version != version_) translate_weights(a);
    point(src_, a.src[0]);
    point(dst_, a.dst);
    if (choice_.has_bias) point(bias_, a.parameters[1]);
    run(forward_, forward_arguments_, a.scratch);
  }

  void backward(const KernelArguments& a) override {
    point(src_, a.src[0]);
    point(diff_dst_, a.diff_dst);
    diff_weights_.point(a.diff_parameters[0]);
    if (choice_.has_bias) point(diff_bias_, a.diff_parameters[1]);
    run(backward_weights_, backward_weights_arguments_, a.scratch);
    diff_weights_.translate(a.scratch);
    if (a.diff_src.empty() || a.diff_src[0] == nullptr) return;
    backward_data_weights_.point(a.parameters[0]);
    backward_data_weights_.translate(a.scratch);
    point(diff_src_, a.diff_src[0]);
    run(backward_data_, backward_data_arguments_, a.scratch);
  }

  Layout src_layout(std::size_t index) const override {
    return index == 0 ? choice_.src_layout : choice_.dst_layout;
  }
  std::optional<std::size_t> in_place_src() const override {
    return choice_.fused.sum ? std::optional<std::size_t>(1) : std::nullopt;
  }
  Layout dst_layout() const override { return choice_.dst_layout; }
  std::size_t forward_scratch_bytes() const override { return forward_scratch_; }
  std::size_t backward_scratch_bytes() const override { return backward_scratch_; }
  bool backward_reads_dst() const override { return false; }
  std::string implementation() const override {
    return std::string("onednn ") + choice_.forward.impl_info_str();
  }

 private:
  void translate_weights(const KernelArguments& a) {
    if (a.forms != nullptr) {
      weights_.translate(a.scratch, *a.forms);
    } else {
      weights_.translate(a.scratch);
    }
    version_ = a.parameters_version;
  }

  void make_forward() {
    weights_ = Translated(choice_.weights, choice_.forward.weights_desc(),
                          Translated::Direction::to_primitive);
    forward_ = typename Family::Forward(choice_.forward);
    forward_arguments_ = {
        {DNNL_ARG_SRC, src_}, {DNNL_ARG_WEIGHTS, weights_.memory()}, {DNNL_ARG_DST, dst_}};
    if (choice_.has_bias) forward_arguments_.emplace(DNNL_ARG_BIAS, bias_);
    forward_scratch_ =
        std::max(add_scratch(choice_.forward, forward_arguments_), weights_.scratch_bytes());
  }

  void make_backward_weights() {
    diff_dst_ = handle(choice_.dst);
    diff_weights_ = Translated(choice_.weights, choice_.backward_weights->diff_weights_desc(),
                               Translated::Direction::from_primitive);
    backward_weights_ = typename Family::BackwardWeights(*choice_.backward_weights);
    backward_weights_arguments_ = {{DNNL_ARG_SRC, src_},
                                   {DNNL_ARG_DIFF_DST, diff_dst_},
                                   {DNNL_ARG_DIFF_WEIGHTS, diff_weights_.memory()}};
    backward_scratch_ =
        std::max({backward_scratch_, diff_weights_.scratch_bytes(),
                  add_scratch(*choice_.backward_weights, backward_weights_arguments_)});
    if (!choice_.has_bias) return;
    diff_bias_ = handle(choice_.bias);
    backward_weights_arguments_.emplace(DNNL_ARG_DIFF_BIAS, diff_bias_);
  }

  void make_backward_data() {
    diff_src_ = handle(choice_.src);
    backward_data_weights_ = Translated(choice_.weights, choice_.backward_data->weights_desc(),
                                        Translated::Direction::to_primitive);
    backward_data_ = typename Family::BackwardData(*choice_.backward_data);
    backward_data_arguments_ = {{DNNL_ARG_DIFF_DST, diff_dst_},
                                {DNNL_ARG_WEIGHTS, backward_data_weights_.memory()},
                                {DNNL_ARG_DIFF_SRC, diff_src_}};
    backward_scratch_ = std::max({backward_scratch_, backward_data_weights_.scratch_bytes(),
                                  add_scratch(*choice_.backward_data, backward_data_arguments_)});
  }

  Primitives<Family> choice_;
  dnnl::memory src_, dst_, bias_, diff_src_, diff_dst_, diff_bias_;
  Translated weights_, diff_weights_, backward_data_weights_;
  std::uint64_t version_ = 0;
  std::size_t forward_scratch_ = 0, backward_scratch_ = 0;
  typename Family::Forward forward_;
  typename Family::BackwardData backward_data_;
  typename Family::BackwardWeights backward_weights_;
  Arguments forward_arguments_, backward_data_arguments_, backward_weights_arguments_;
};

}  // namespace muxnet::onednn
