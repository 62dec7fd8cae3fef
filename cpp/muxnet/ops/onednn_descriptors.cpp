#include "muxnet/ops/onednn_descriptors.hpp"

#include <utility>

namespace muxnet::onednn {
namespace {

template <class Make>
auto attempt(Make make) -> std::optional<decltype(make())> {
  try {
    return make();
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_unimplemented) return std::nullopt;
    throw;
  }
}

dnnl::prop_kind forward_kind(bool training) {
  return training ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
}

dnnl::primitive_attr with(const Fused& fused) {
  dnnl::post_ops after;
  if (fused.sum) {
    const auto undefined = dnnl::memory::data_type::undef;  // that of dst
    const bool integers = fused.summand.dtype != DType::f32;
    after.append_sum(fused.summand.scale / fused.unit, 0,
                     integers ? type_of(fused.summand.dtype) : undefined);
  }
  if (fused.activation != Activation::none) {
    const bool bounded = fused.activation == Activation::relu6;
    const auto kind = bounded ? dnnl::algorithm::eltwise_clip : dnnl::algorithm::eltwise_relu;
    const float upper = bounded ? 6.0F / fused.unit : 0.0F;
#if DNNL_VERSION_MAJOR >= 3
    after.append_eltwise(kind, 0.0F, upper);
#else
    after.append_eltwise(1.0F, kind, 0.0F, upper);
#endif
  }
  dnnl::primitive_attr result = attributes();
  result.set_post_ops(after);
#if DNNL_VERSION_MAJOR < 3
  constexpr int per_channel = 1 << 1;
  if (!fused.scales.empty()) result.set_output_scales(per_channel, fused.scales);
#endif
  return result;
}

/// What a primitive computes, then for a backward pass the forward one it belongs to.
#if DNNL_VERSION_MAJOR >= 3
template <class Primitive, class... What>
auto make(const dnnl::primitive_attr& settings, What&&... what) {
  return attempt([&] {
    return typename Primitive::primitive_desc(engine(), std::forward<What>(what)..., settings);
  });
}
template <class Primitive, class Forward, class... What>
auto make_backward(const Forward& forward, What&&... what) {
  return attempt([&] {
    return typename Primitive::primitive_desc(engine(), std::forward<What>(what)..., forward,
                                              attributes());
  });
}
#else
template <class Primitive, class... What>
auto make(const dnnl::primitive_attr& settings, What&&... what) {
  return attempt([&] {
    const typename Primitive::desc desc(std::forward<What>(what)...);
    return typename Primitive::primitive_desc(desc, settings, engine());
  });
}
template <class Primitive, class Forward, class... What>
auto make_backward(const Forward& forward, What&&... what) {
  return attempt([&] {
    const typename Primitive::desc desc(std::forward<What>(what)...);
    return typename Primitive::primitive_desc(desc, attributes(), engine(), forward);
  });
}
#endif

}  // namespace

std::optional<dnnl::convolution_forward::primitive_desc> forward_of(const Convolution& p,
                                                                    bool training,
                                                                    const Fused& fused) {
  return make<dnnl::convolution_forward>(with(fused), forward_kind(training), p.algorithm, p.src,
                                         p.weights, p.bias, p.dst, p.strides, p.dilates, p.padding,
                                         p.padding_end);
}

std::optional<dnnl::convolution_backward_weights::primitive_desc> backward_weights_of(
    const Convolution& p, const dnnl::convolution_forward::primitive_desc& forward) {
  return make_backward<dnnl::convolution_backward_weights>(forward, p.algorithm, p.src,
                                                           p.diff_weights, p.bias, p.dst, p.strides,
                                                           p.dilates, p.padding, p.padding_end);
}

std::optional<dnnl::convolution_backward_data::primitive_desc> backward_data_of(
    const Convolution& p, const dnnl::convolution_forward::primitive_desc& forward) {
  return make_backward<dnnl::convolution_backward_data>(forward, p.algorithm, p.src, p.weights,
                                                        p.dst, p.strides, p.dilates, p.padding,
                                                        p.padding_end);
}

std::optional<dnnl::inner_product_forward::primitive_desc> forward_of(const InnerProduct& p,
                                                                      bool training,
                                                                      const Fused& fused) {
  return make<dnnl::inner_product_forward>(with(fused), forward_kind(training), p.src, p.weights,
                                           p.bias, p.dst);
}

std::optional<dnnl::inner_product_backward_weights::primitive_desc> backward_weights_of(
    const InnerProduct& p, const dnnl::inner_product_forward::primitive_desc& forward) {
  return make_backward<dnnl::inner_product_backward_weights>(forward, p.src, p.diff_weights, p.bias,
                                                             p.dst);
}

std::optional<dnnl::inner_product_backward_data::primitive_desc> backward_data_of(
    const InnerProduct& p, const dnnl::inner_product_forward::primitive_desc& forward) {
  return make_backward<dnnl::inner_product_backward_data>(forward, p.src, p.weights, p.dst);
}

std::optional<dnnl::batch_normalization_forward::primitive_desc> forward_of(
    const BatchNormalization& p, bool training) {
#if DNNL_VERSION_MAJOR >= 3
  return make<dnnl::batch_normalization_forward>(attributes(), forward_kind(training), p.data,
                                                 p.data, p.eps, p.flags);
#else
  return make<dnnl::batch_normalization_forward>(attributes(), forward_kind(training), p.data,
                                                 p.eps, p.flags);
#endif
}

std::optional<dnnl::batch_normalization_backward::primitive_desc> backward_of(
    const BatchNormalization& p, const dnnl::batch_normalization_forward::primitive_desc& forward) {
#if DNNL_VERSION_MAJOR >= 3
  return make_backward<dnnl::batch_normalization_backward>(forward, dnnl::prop_kind::backward,
                                                           p.data, p.data, p.data, p.eps, p.flags);
#else
  return make_backward<dnnl::batch_normalization_backward>(forward, dnnl::prop_kind::backward,
                                                           p.data, p.data, p.eps, p.flags);
#endif
}

std::optional<dnnl::pooling_forward::primitive_desc> forward_of(const Pooling& p, bool training) {
#if DNNL_VERSION_MAJOR >= 3
  const dnnl::memory::dims dilation(p.kernel.size(), 0);
  return make<dnnl::pooling_forward>(attributes(), forward_kind(training), p.algorithm, p.src,
                                     p.dst, p.strides, p.kernel, dilation, p.padding,
                                     p.padding_end);
#else
  return make<dnnl::pooling_forward>(attributes(), forward_kind(training), p.algorithm, p.src,
                                     p.dst, p.strides, p.kernel, p.padding, p.padding_end);
#endif
}

std::optional<dnnl::pooling_backward::primitive_desc> backward_of(
    const Pooling& p, const dnnl::pooling_forward::primitive_desc& forward) {
#if DNNL_VERSION_MAJOR >= 3
  const dnnl::memory::dims dilation(p.kernel.size(), 0);
  return make_backward<dnnl::pooling_backward>(forward, p.algorithm, p.src, p.dst, p.strides,
                                               p.kernel, dilation, p.padding, p.padding_end);
#else
  return make_backward<dnnl::pooling_backward>(forward, p.algorithm, p.src, p.dst, p.strides,
                                               p.kernel, p.padding, p.padding_end);
#endif
}

}  // namespace muxnet::onednn
