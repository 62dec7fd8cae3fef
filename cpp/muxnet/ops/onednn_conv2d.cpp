#include <algorithm>

#include "muxnet/ops/define.hpp"
#include "muxnet/ops/onednn.hpp"
#include "muxnet/ops/onednn_descriptors.hpp"

namespace muxnet {
namespace {

using dnnl::memory;
using Forward = dnnl::convolution_forward;
using BackwardData = dnnl::convolution_backward_data;
using BackwardWeights = dnnl::convolution_backward_weights;
using onednn::Translated;

/// One convolution in oneDNN's terms, layouts of src and dst still open.
struct Problem {
  Shape src, dst;
  memory::dims weight_dims;
  memory::format_tag plain_weights;
  memory::dims strides, dilates, padding, padding_end;
  bool bias = false;
  bool relu = false;
  bool training = false;
  bool needs_diff_src = false;

  memory::desc weights_any() const {
    return onednn::describe(weight_dims, memory::format_tag::any);
  }
  memory::desc weights_plain() const { return onednn::describe(weight_dims, plain_weights); }
  memory::desc bias_desc() const {
    return bias ? onednn::describe({dst[1]}, memory::format_tag::x) : memory::desc();
  }
};

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
  p.relu = spec.attributes.integer("relu", 0) != 0;
  p.training = spec.training;
  p.needs_diff_src = spec.needs_diff_src;
  return p;
}

/// Primitive descriptors of one choice of layouts.
struct Choice {
  Layout src_layout, dst_layout;
  memory::desc src, dst;
  Forward::primitive_desc forward;
  std::optional<BackwardData::primitive_desc> backward_data;
  std::optional<BackwardWeights::primitive_desc> backward_weights;
};

onednn::Convolution described(const Problem& p, const Choice& choice) {
  return {choice.src, p.weights_any(), p.bias_desc(), choice.dst,
          p.strides,  p.dilates,       p.padding,     p.padding_end};
}

/// Fills in the backward descriptors; false where one is missing or slow.
bool add_backward(const Problem& p, Choice& choice) {
  if (!p.training) return true;
  const auto problem = described(p, choice);
  choice.backward_weights = onednn::backward_weights_of(problem, choice.forward);
  if (!choice.backward_weights || !onednn::is_fast(choice.backward_weights->impl_info_str())) {
    return false;
  }
  if (!p.needs_diff_src) return true;
  choice.backward_data = onednn::backward_data_of(problem, choice.forward);
  return choice.backward_data && onednn::is_fast(choice.backward_data->impl_info_str());
}

std::optional<Choice> try_layouts(const Problem& p, Layout src, Layout dst) {
  Choice choice;
  choice.src_layout = src;
  choice.dst_layout = dst;
  choice.src = onednn::describe(p.src, src);
  choice.dst = onednn::describe(p.dst, dst);
  auto forward = onednn::forward_of(described(p, choice), p.training, p.relu);
  if (!forward || !onednn::is_fast(forward->impl_info_str())) return std::nullopt;
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

class Conv2d final : public Kernel {
 public:
  Conv2d(const Problem& p, Choice choice) : problem_(p), choice_(std::move(choice)) {
    src_ = onednn::handle(choice_.src);
    dst_ = onednn::handle(choice_.dst);
    if (p.bias) bias_ = onednn::handle(p.bias_desc());
    make_forward();
    if (choice_.backward_weights) make_backward_weights();
    if (choice_.backward_data) make_backward_data();
  }

  void forward(const KernelArguments& a) override {
    weights_.point(a.parameters[0]);
    if (a.parameters_version != version_) weights_.translate(a.scratch);
    version_ = a.parameters_version;
    onednn::point(src_, a.src[0]);
    onednn::point(dst_, a.dst);
    if (problem_.bias) onednn::point(bias_, a.parameters[1]);
    onednn::run(forward_, forward_arguments_, a.scratch);
  }

  void backward(const KernelArguments& a) override {
    onednn::point(src_, a.src[0]);
    onednn::point(diff_dst_, a.diff_dst);
    diff_weights_.point(a.diff_parameters[0]);
    if (problem_.bias) onednn::point(diff_bias_, a.diff_parameters[1]);
    onednn::run(backward_weights_, backward_weights_arguments_, a.scratch);
    diff_weights_.translate(a.scratch);
    if (a.diff_src.empty() || a.diff_src[0] == nullptr) return;
    backward_data_weights_.point(a.parameters[0]);
    backward_data_weights_.translate(a.scratch);
    onednn::point(diff_src_, a.diff_src[0]);
    onednn::run(backward_data_, backward_data_arguments_, a.scratch);
  }

  Layout src_layout(std::size_t) const override { return choice_.src_layout; }
  Layout dst_layout() const override { return choice_.dst_layout; }
  std::size_t forward_scratch_bytes() const override { return forward_scratch_; }
  std::size_t backward_scratch_bytes() const override { return backward_scratch_; }
  bool backward_reads_dst() const override { return false; }
  std::string implementation() const override {
    return std::string("onednn ") + choice_.forward.impl_info_str();
  }

 private:
  void make_forward() {
    weights_ = Translated(problem_.weights_plain(), choice_.forward.weights_desc(),
                          Translated::Direction::to_primitive);
    forward_ = Forward(choice_.forward);
    forward_arguments_ = {
        {DNNL_ARG_SRC, src_}, {DNNL_ARG_WEIGHTS, weights_.memory()}, {DNNL_ARG_DST, dst_}};
    if (problem_.bias) forward_arguments_.emplace(DNNL_ARG_BIAS, bias_);
    forward_scratch_ = std::max(onednn::add_scratch(choice_.forward, forward_arguments_),
                                weights_.scratch_bytes());
  }

  void make_backward_weights() {
    diff_dst_ = onednn::handle(choice_.dst);
    diff_weights_ =
        Translated(problem_.weights_plain(), choice_.backward_weights->diff_weights_desc(),
                   Translated::Direction::from_primitive);
    backward_weights_ = BackwardWeights(*choice_.backward_weights);
    backward_weights_arguments_ = {{DNNL_ARG_SRC, src_},
                                   {DNNL_ARG_DIFF_DST, diff_dst_},
                                   {DNNL_ARG_DIFF_WEIGHTS, diff_weights_.memory()}};
    backward_scratch_ =
        std::max({backward_scratch_, diff_weights_.scratch_bytes(),
                  onednn::add_scratch(*choice_.backward_weights, backward_weights_arguments_)});
    if (!problem_.bias) return;
    diff_bias_ = onednn::handle(problem_.bias_desc());
    backward_weights_arguments_.emplace(DNNL_ARG_DIFF_BIAS, diff_bias_);
  }

  void make_backward_data() {
    diff_src_ = onednn::handle(choice_.src);
    backward_data_weights_ =
        Translated(problem_.weights_plain(), choice_.backward_data->weights_desc(),
                   Translated::Direction::to_primitive);
    backward_data_ = BackwardData(*choice_.backward_data);
    backward_data_arguments_ = {{DNNL_ARG_DIFF_DST, diff_dst_},
                                {DNNL_ARG_WEIGHTS, backward_data_weights_.memory()},
                                {DNNL_ARG_DIFF_SRC, diff_src_}};
    backward_scratch_ =
        std::max({backward_scratch_, backward_data_weights_.scratch_bytes(),
                  onednn::add_scratch(*choice_.backward_data, backward_data_arguments_)});
  }

  Problem problem_;
  Choice choice_;
  dnnl::memory src_, dst_, bias_, diff_src_, diff_dst_, diff_bias_;
  Translated weights_, diff_weights_, backward_data_weights_;
  std::uint64_t version_ = 0;
  std::size_t forward_scratch_ = 0, backward_scratch_ = 0;
  Forward forward_;
  BackwardData backward_data_;
  BackwardWeights backward_weights_;
  onednn::Arguments forward_arguments_, backward_data_arguments_, backward_weights_arguments_;
};

}  // namespace

std::unique_ptr<Kernel> make_onednn_conv2d(const KernelSpec& spec) {
  if (spec.dtype != DType::f32) return nullptr;
  const Problem p = problem_of(spec);
  if (p.relu && p.training) return nullptr;  // the mask of a post-op is not kept for backward
  auto choice = choose(p, spec.src_layouts.front());
  return choice ? std::make_unique<Conv2d>(p, std::move(*choice)) : nullptr;
}

}  // namespace muxnet
