#include <algorithm>
#include <optional>
#include <string>

#include "muxnet/ops/define.hpp"
#include "muxnet/ops/onednn.hpp"
#include "muxnet/ops/onednn_int8.hpp"
#include "muxnet/ops/onednn_padded.hpp"

namespace muxnet {
namespace {

using dnnl::memory;
using Choice = onednn::Primitives<onednn::ConvolutionFamily>;

/// One convolution in oneDNN's terms, layouts of src and dst still open.
struct Problem {
  Shape src, dst;
  memory::dims weight_dims;
  memory::format_tag plain_weights;
  memory::dims strides, dilates, padding, padding_end;
  DType dtype = DType::f32;
  bool bias = false;
  onednn::Fused fused;
  bool training = false;
  bool needs_diff_src = false;
  bool winograd = false;  ///< pays, where oneDNN has it

  memory::desc weights_any(DType type) const {
    return onednn::describe(weight_dims, memory::format_tag::any, type);
  }
};

/// Whether Winograd's algorithm (Lavin & Gray, arXiv 1509.09308) is faster than the direct one: it
/// multiplies 2.25 to 4 times less, and moves more memory. Measured with 1 and 2 threads on batches
/// of 1 to 32; by a fixed rule, so that the same network gives the same bits in every process.
bool winograd_pays(const Problem& p) {
  constexpr std::int64_t channels = 32, multiplications = 2'000'000;
  const auto every = [](const memory::dims& dims, auto holds) {
    return std::all_of(dims.begin(), dims.end(), holds);
  };
  return p.dtype == DType::f32 && p.weight_dims.size() == 4 && p.weight_dims[2] == 3 &&
         p.weight_dims[3] == 3 && every(p.strides, [](auto s) { return s == 1; }) &&
         every(p.dilates, [](auto d) { return d == 0; }) &&
         std::min(p.src[1], p.dst[1]) >= channels &&
         volume(p.dst) * p.src[1] * 9 >= multiplications;
}

Problem problem_of(const KernelSpec& spec) {
  const Window window = convolution_window("conv2d", spec.attributes);
  const std::int64_t groups = spec.attributes.integer("groups", 1);
  Problem p;
  p.src = spec.src.front();
  p.dst = spec.dst;
  p.weight_dims = {p.dst[1] / groups, p.src[1] / groups, window.kernel_h, window.kernel_w};
  p.plain_weights = memory::format_tag::oihw;
  if (groups > 1) {
    p.weight_dims.insert(p.weight_dims.begin(), groups);
    p.plain_weights = memory::format_tag::goihw;
  }
  p.strides = {window.stride_h, window.stride_w};
  p.dilates = {window.dilation_h - 1, window.dilation_w - 1};
  p.padding = {window.padding_h, window.padding_w};
  const auto end = [](std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride,
                      std::int64_t dilation, std::int64_t padding) {
    return (out - 1) * stride + dilation * (kernel - 1) + 1 - in - padding;
  };
  p.padding_end = {end(p.src[2], p.dst[2], window.kernel_h, window.stride_h, window.dilation_h,
                       window.padding_h),
                   end(p.src[3], p.dst[3], window.kernel_w, window.stride_w, window.dilation_w,
                       window.padding_w)};
  p.bias = spec.attributes.integer("bias", 0) != 0;
  p.dtype = spec.dtype;
  p.fused = {fused_activation(spec.attributes), spec.src.size() > 1};
  p.training = spec.training;
  p.needs_diff_src = spec.needs_diff_src;
  p.winograd = winograd_pays(p);
  return p;
}

onednn::Convolution described(const Problem& p, const Choice& choice, dnnl::algorithm algorithm) {
  return {algorithm,
          choice.src,
          p.weights_any(p.dtype),
          p.weights_any(DType::f32),
          choice.bias,
          choice.dst,
          p.strides,
          p.dilates,
          p.padding,
          p.padding_end};
}

/// What `make` gives for the faster algorithm that has fast code; nothing where none has.
template <class Make>
auto fastest(const Problem& p, const Choice& choice, const Make& make) {
  using dnnl::algorithm;
  decltype(make(described(p, choice, algorithm::convolution_direct))) found;
  if (p.winograd) found = make(described(p, choice, algorithm::convolution_winograd));
  if (!found) found = make(described(p, choice, algorithm::convolution_direct));
  if (found && !onednn::is_fast(found->impl_info_str())) found.reset();
  return found;
}

/// Fills in the backward descriptors; false where one is missing or slow.
bool add_backward(const Problem& p, Choice& choice) {
  if (!p.training) return true;
  choice.backward_weights = fastest(p, choice, [&](const onednn::Convolution& problem) {
    return onednn::backward_weights_of(problem, choice.forward);
  });
  if (!choice.backward_weights) return false;
  if (!p.needs_diff_src) return true;
  choice.backward_data = fastest(p, choice, [&](const onednn::Convolution& problem) {
    return onednn::backward_data_of(problem, choice.forward);
  });
  return choice.backward_data.has_value();
}

/// oneDNN 2.6 adds the sum by an SSE instruction that wants addresses of whole vectors, where its
/// kernel is one for CPUs without AVX.
bool may_add(const std::string& implementation, const Problem& p, Layout dst) {
  constexpr std::int64_t vector = 4;
  const bool aligned = dst != Layout::nhwc || p.dst[1] % vector == 0;
  return aligned || implementation.find("sse") == std::string::npos;
}

std::optional<Choice> try_layouts(const Problem& p, Layout src, Layout dst) {
  Choice choice;
  choice.src_layout = src;
  choice.dst_layout = dst;
  choice.weights = onednn::describe(p.weight_dims, p.plain_weights);
  choice.has_bias = p.bias;
  if (p.bias) choice.bias = onednn::describe({p.dst[1]}, memory::format_tag::x);
  choice.fused = p.fused;
  choice.src = onednn::describe(p.src, src, p.dtype);
  choice.dst = onednn::describe(p.dst, dst, p.dtype);
  auto forward = fastest(p, choice, [&](const onednn::Convolution& problem) {
    return onednn::forward_of(problem, p.training, p.fused);
  });
  if (!forward) return std::nullopt;
  if (p.fused.sum && !may_add(forward->impl_info_str(), p, dst)) return std::nullopt;
  choice.forward = std::move(*forward);
  if (!add_backward(p, choice)) return std::nullopt;
  return choice;
}

/// Never takes `any` at its word: oneDNN then falls to reference code for some shapes (grouped
/// ones above all). Asks for concrete pairs, best first, until all directions are fast.
std::optional<Choice> choose(const Problem& p, Layout offered) {
  constexpr std::int64_t few_channels = 4;  // images: blocking them would mostly hold padding
  for (const Layout dst : onednn::preferred_layouts()) {
    const bool image = p.src[1] < few_channels && offered == Layout::nchw;
    const Layout src = image && channel_block(dst) > 1 ? Layout::nchw : dst;
    if (auto choice = try_layouts(p, src, dst)) return choice;
  }
  return std::nullopt;
}

using Convolution = onednn::WeightedKernel<onednn::ConvolutionFamily>;

/// The same with a border of zeros around the images, where oneDNN would multiply matrices and has
/// code of its own for images without padding (a stride and kernels wider than 7): two to three
/// times as fast.
std::unique_ptr<Kernel> make_padded(const Problem& p, Layout offered) {
  const auto none = [](const memory::dims& dims) {
    return std::all_of(dims.begin(), dims.end(), [](auto size) { return size <= 0; });
  };
  if (p.training || p.dtype != DType::f32 || none(p.padding)) return nullptr;
  Problem bare = p;
  for (const std::size_t i : {0U, 1U}) {
    bare.src[2 + i] += p.padding[i] + std::max<std::int64_t>(p.padding_end[i], 0);
    bare.padding[i] = 0;
    bare.padding_end[i] = std::min<std::int64_t>(p.padding_end[i], 0);
  }
  auto choice = choose(bare, offered);
  if (!choice || channel_block(choice->src_layout) > 1 ||
      onednn::multiplies_matrices(choice->forward.impl_info_str()))
    return nullptr;
  return std::make_unique<onednn::PaddedKernel>(std::make_unique<Convolution>(std::move(*choice)),
                                                p.src, bare.src, p.padding);
}

/// In nhwc, the layout of all of oneDNN's kernels for 8 bits.
std::unique_ptr<Kernel> make_int8(const KernelSpec& spec, const Problem& p) {
  onednn::Int8<onednn::ConvolutionFamily> int8;
  Choice& choice = int8.choice;
  choice.src_layout = choice.dst_layout = Layout::nhwc;
  choice.src = onednn::describe(p.src, Layout::nhwc, spec.src_elements.front().dtype);
  choice.dst = onednn::describe(p.dst, Layout::nhwc, spec.dst_elements.dtype);
  choice.weights = onednn::describe(p.weight_dims, p.plain_weights, DType::s8);
  choice.has_bias = p.bias;
  if (p.bias) choice.bias = onednn::describe({p.dst[1]}, memory::format_tag::x);
  choice.fused = p.fused;
  choice.fused.unit = spec.dst_elements.scale;
  if (p.fused.sum) choice.fused.summand = spec.src_elements[1];
  int8.src_scale = spec.src_elements.front().scale;
  int8.channels = p.dst[1];
  int8.taps = volume(p.weight_dims) / p.dst[1];
  const auto problem = described(p, choice, dnnl::algorithm::convolution_direct);
  int8.describe = [problem](const onednn::Fused& fused) {
    auto found = onednn::forward_of(problem, false, fused);
    if (found && !onednn::is_fast(found->impl_info_str())) found.reset();
    return found;
  };
  return onednn::Int8Kernel<onednn::ConvolutionFamily>::make(std::move(int8));
}

}  // namespace

std::unique_ptr<Kernel> make_onednn_conv2d(const KernelSpec& spec) {
  if (spec.dtype == DType::f64) return nullptr;
  const Problem p = problem_of(spec);
  const bool fused = p.fused.sum || p.fused.activation != Activation::none;
  if (fused && p.training) return nullptr;  // the mask of a post-op is not kept for backward
  // oneDNN 2.6 forgets the sum where a window lies wholly in the padding.
  const bool beyond = p.padding[0] >= p.weight_dims[p.weight_dims.size() - 2] ||
                      p.padding[1] >= p.weight_dims.back();
  if (p.fused.sum && beyond) return nullptr;
  if (spec.dtype == DType::s8) return make_int8(spec, p);
  auto choice = choose(p, spec.src_layouts.front());
  if (!choice) return nullptr;
  if (onednn::multiplies_matrices(choice->forward.impl_info_str())) {
    if (auto padded = make_padded(p, spec.src_layouts.front())) return padded;
  }
  return std::make_unique<Convolution>(std::move(*choice));
}

}  // namespace muxnet
