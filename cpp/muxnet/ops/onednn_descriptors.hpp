#pragma once

#include <optional>

#include "muxnet/ops/activation.hpp"
#include "muxnet/ops/onednn_common.hpp"

// Primitive descriptors, or nothing where oneDNN has no implementation. How these are made is what
// oneDNN 2 and 3 differ in: nothing but this header and its source knows.
namespace muxnet::onednn {

/// Memory of a convolution, layouts included (weights may be left open), its geometry, and how it
/// is computed: convolution_direct or convolution_winograd.
struct Convolution {
  dnnl::algorithm algorithm = dnnl::algorithm::convolution_direct;
  dnnl::memory::desc src, weights, diff_weights, bias, dst;
  dnnl::memory::dims strides, dilates, padding, padding_end;
};

struct ConvolutionFamily {
  using Forward = dnnl::convolution_forward;
  using BackwardData = dnnl::convolution_backward_data;
  using BackwardWeights = dnnl::convolution_backward_weights;
};

/// What is done to the results on their way to memory: multiplied, added to what is there, then
/// activated.
struct Fused {
  Activation activation = Activation::none;
  bool sum = false;
  std::vector<float> scales = {};  ///< one for each output channel; none: not multiplied
  Elements summand = {};           ///< what is there; of int8 alone
  float unit = 1;                  ///< the number that a result of 1 stands for
};

std::optional<dnnl::convolution_forward::primitive_desc> forward_of(const Convolution& problem,
                                                                    bool training,
                                                                    const Fused& fused);
std::optional<dnnl::convolution_backward_weights::primitive_desc> backward_weights_of(
    const Convolution& problem, const dnnl::convolution_forward::primitive_desc& forward);
std::optional<dnnl::convolution_backward_data::primitive_desc> backward_data_of(
    const Convolution& problem, const dnnl::convolution_forward::primitive_desc& forward);

struct InnerProduct {
  dnnl::memory::desc src, weights, diff_weights, bias, dst;
};

struct InnerProductFamily {
  using Forward = dnnl::inner_product_forward;
  using BackwardData = dnnl::inner_product_backward_data;
  using BackwardWeights = dnnl::inner_product_backward_weights;
};

std::optional<dnnl::inner_product_forward::primitive_desc> forward_of(const InnerProduct& problem,
                                                                      bool training,
                                                                      const Fused& fused);
std::optional<dnnl::inner_product_backward_weights::primitive_desc> backward_weights_of(
    const InnerProduct& problem, const dnnl::inner_product_forward::primitive_desc& forward);
std::optional<dnnl::inner_product_backward_data::primitive_desc> backward_data_of(
    const InnerProduct& problem, const dnnl::inner_product_forward::primitive_desc& forward);

/// oneDNN 3 refuses a backward pass that is given the shift, oneDNN 2 one that is not.
constexpr bool backward_takes_shift = DNNL_VERSION_MAJOR < 3;

struct BatchNormalization {
  dnnl::memory::desc data;
  float eps = 0;
  dnnl::normalization_flags flags = dnnl::normalization_flags::none;
};

std::optional<dnnl::batch_normalization_forward::primitive_desc> forward_of(
    const BatchNormalization& problem, bool training);
std::optional<dnnl::batch_normalization_backward::primitive_desc> backward_of(
    const BatchNormalization& problem,
    const dnnl::batch_normalization_forward::primitive_desc& forward);

struct Pooling {
  dnnl::algorithm algorithm = dnnl::algorithm::pooling_max;
  dnnl::memory::desc src, dst;
  dnnl::memory::dims strides, kernel, padding, padding_end;
};

std::optional<dnnl::pooling_forward::primitive_desc> forward_of(const Pooling& problem,
                                                                bool training);
std::optional<dnnl::pooling_backward::primitive_desc> backward_of(
    const Pooling& problem, const dnnl::pooling_forward::primitive_desc& forward);

}  // namespace muxnet::onednn
