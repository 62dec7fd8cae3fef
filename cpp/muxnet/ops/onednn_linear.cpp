#include <optional>
#include <string>

#include "muxnet/ops/onednn.hpp"
#include "muxnet/ops/onednn_int8.hpp"

namespace muxnet {

using dnnl::memory;
using Family = onednn::InnerProductFamily;

namespace {

onednn::InnerProduct problem_of(const KernelSpec& spec,
                                const onednn::Primitives<Family>& primitives) {
  const memory::dims dims{spec.dst[1], spec.src.front()[1]};
  const auto any = memory::format_tag::any;
  return {primitives.src, onednn::describe(dims, any, spec.dtype), onednn::describe(dims, any),
          primitives.bias, primitives.dst};
}

std::unique_ptr<Kernel> make_int8(const KernelSpec& spec) {
  const auto plain = memory::format_tag::nc;
  const std::int64_t inputs = spec.src.front()[1], outputs = spec.dst[1];
  onednn::Int8<Family> int8;
  auto& choice = int8.choice;
  choice.src = onednn::describe({spec.dst[0], inputs}, plain, spec.src_elements.front().dtype);
  choice.dst = onednn::describe({spec.dst[0], outputs}, plain, spec.dst_elements.dtype);
  choice.weights = onednn::describe({outputs, inputs}, memory::format_tag::oi, DType::s8);
  choice.has_bias = spec.attributes.integer("bias", 1) != 0;
  if (choice.has_bias) choice.bias = onednn::describe({outputs}, memory::format_tag::x);
  choice.fused.unit = spec.dst_elements.scale;
  int8.src_scale = spec.src_elements.front().scale;
  int8.channels = outputs;
  int8.taps = inputs;
  int8.describe = [problem = problem_of(spec, choice)](const onednn::Fused& fused) {
    auto found = onednn::forward_of(problem, false, fused);
    if (found && !onednn::is_fast(found->impl_info_str())) found.reset();
    return found;
  };
  return onednn::Int8Kernel<Family>::make(std::move(int8));
}

/// The same as a 1x1 convolution, whose pixels are the rows. Where oneDNN has no code for an inner
/// product (CPUs without AVX-512) it multiplies matrices, with weights that lie unblocked: this
/// takes half to all of that time for several rows. One row reads weights by all threads there.
std::unique_ptr<Kernel> make_convolution(const KernelSpec& spec,
                                         const onednn::Primitives<Family>& plain) {
  const std::int64_t rows = spec.dst[0], inputs = spec.src.front()[1], outputs = spec.dst[1];
  const bool matrices = onednn::multiplies_matrices(plain.forward.impl_info_str());
  if (!matrices || rows == 1 || spec.training) return nullptr;
  onednn::Primitives<onednn::ConvolutionFamily> choice;
  choice.src = onednn::describe({1, inputs, 1, rows}, Layout::nhwc, spec.dtype);
  choice.dst = onednn::describe({1, outputs, 1, rows}, Layout::nhwc, spec.dtype);
  const memory::dims weights{outputs, inputs, 1, 1};
  choice.weights = onednn::describe(weights, memory::format_tag::oihw);
  choice.has_bias = plain.has_bias;
  choice.bias = plain.bias;
  const auto any = onednn::describe(weights, memory::format_tag::any);
  auto forward = onednn::forward_of(onednn::Convolution{.src = choice.src,
                                                        .weights = any,
                                                        .diff_weights = any,
                                                        .bias = choice.bias,
                                                        .dst = choice.dst,
                                                        .strides = {1, 1},
                                                        .dilates = {0, 0},
                                                        .padding = {0, 0},
                                                        .padding_end = {0, 0}},
                                    false, {});
  if (!forward) return nullptr;
  const std::string implementation = forward->impl_info_str();
  if (!onednn::is_fast(implementation) || onednn::multiplies_matrices(implementation))
    return nullptr;
  choice.forward = std::move(*forward);
  return std::make_unique<onednn::WeightedKernel<onednn::ConvolutionFamily>>(std::move(choice));
}

}  // namespace

std::unique_ptr<Kernel> make_onednn_linear(const KernelSpec& spec) {
  if (spec.dtype == DType::f64) return nullptr;
  if (spec.dtype == DType::s8) return make_int8(spec);
  const auto plain = memory::format_tag::nc;
  onednn::Primitives<Family> primitives;
  primitives.src = onednn::describe({spec.src.front()[0], spec.src.front()[1]}, plain, spec.dtype);
  primitives.dst = onednn::describe({spec.dst[0], spec.dst[1]}, plain, spec.dtype);
  primitives.weights = onednn::describe({spec.dst[1], spec.src.front()[1]}, memory::format_tag::oi);
  primitives.has_bias = spec.attributes.integer("bias", 1) != 0;
  if (primitives.has_bias) primitives.bias = onednn::describe({spec.dst[1]}, memory::format_tag::x);
  const auto problem = problem_of(spec, primitives);
  auto forward = onednn::forward_of(problem, spec.training, {});
  if (!forward || !onednn::is_fast(forward->impl_info_str())) return nullptr;
  primitives.forward = std::move(*forward);
  if (auto convolution = make_convolution(spec, primitives)) return convolution;
  if (spec.training) {
    primitives.backward_weights = onednn::backward_weights_of(problem, primitives.forward);
    if (!primitives.backward_weights) return nullptr;
    if (spec.needs_diff_src) {
      primitives.backward_data = onednn::backward_data_of(problem, primitives.forward);
      if (!primitives.backward_data) return nullptr;
    }
  }
  return std::make_unique<onednn::WeightedKernel<Family>>(std::move(primitives));
}

}  // namespace muxnet
