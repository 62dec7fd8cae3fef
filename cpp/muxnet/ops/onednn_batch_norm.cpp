#include <cstring>

#include "muxnet/ops/onednn.hpp"
#include "muxnet/ops/onednn_descriptors.hpp"

namespace muxnet {
namespace {

using Forward = dnnl::batch_normalization_forward;
using Backward = dnnl::batch_normalization_backward;
using dnnl::memory;

const auto scale_and_shift =
    dnnl::normalization_flags::use_scale | dnnl::normalization_flags::use_shift;

/// In training the workspace holds mean, variance and, behind them, oneDNN's mask of the ReLU.
class BatchNorm final : public Kernel {
 public:
  BatchNorm(const KernelSpec& spec, Layout layout, const Forward::primitive_desc& forward,
            const std::optional<Backward::primitive_desc>& backward)
      : layout_(layout),
        channels_(spec.dst[1]),
        samples_(volume(spec.dst) / spec.dst[1]),
        momentum_(spec.attributes.number("momentum", 0.1)),
        training_(spec.training),
        name_(std::string("onednn ") + forward.impl_info_str()),
        forward_(forward) {
    const auto data = onednn::describe(spec.dst, layout, spec.dtype);
    const auto per_channel = onednn::describe({channels_}, memory::format_tag::x);
    src_ = onednn::handle(data);
    dst_ = onednn::handle(data);
    for (auto* m : {&scale_, &shift_, &mean_, &variance_}) *m = onednn::handle(per_channel);
    arguments_ = {{DNNL_ARG_SRC, src_},     {DNNL_ARG_DST, dst_},   {DNNL_ARG_SCALE, scale_},
                  {DNNL_ARG_SHIFT, shift_}, {DNNL_ARG_MEAN, mean_}, {DNNL_ARG_VARIANCE, variance_}};
    forward_scratch_ = onednn::add_scratch(forward, arguments_);
    if (training_) add_mask(forward.workspace_desc());
    if (backward) make_backward(*backward, data, per_channel);
  }

  void forward(const KernelArguments& a) override {
    onednn::point(src_, a.src[0]);
    onednn::point(dst_, a.dst);
    onednn::point(scale_, a.parameters[0]);
    onednn::point(shift_, a.parameters[1]);
    if (!training_) {
      onednn::point(mean_, a.parameters[2]);
      onednn::point(variance_, a.parameters[3]);
      onednn::run(forward_, arguments_, a.scratch);
      return;
    }
    point_workspace(a.workspace);
    onednn::run(forward_, arguments_, a.scratch);
    update_running(static_cast<const float*>(a.workspace), static_cast<float*>(a.parameters[2]),
                   static_cast<float*>(a.parameters[3]));
  }

  void backward(const KernelArguments& a) override {
    onednn::point(src_, a.src[0]);
    onednn::point(diff_dst_, a.diff_dst);
    // oneDNN always writes the gradient of src; as it may work in place, a caller without use for
    // it would need a buffer all the same. Such a caller does not exist: images meet a convolution.
    onednn::point(diff_src_, a.diff_src[0]);
    onednn::point(scale_, a.parameters[0]);
    onednn::point(shift_, a.parameters[1]);
    onednn::point(diff_scale_, a.diff_parameters[0]);
    onednn::point(diff_shift_, a.diff_parameters[1]);
    point_workspace(a.workspace);
    onednn::run(backward_, backward_arguments_, a.scratch);
  }

  Layout src_layout(std::size_t) const override { return layout_; }
  Layout dst_layout() const override { return layout_; }
  bool backward_reads_dst() const override { return false; }
  std::size_t workspace_bytes() const override {
    return training_ ? 2 * statistics_bytes() + mask_bytes_ : 0;
  }
  std::size_t forward_scratch_bytes() const override { return forward_scratch_; }
  std::size_t backward_scratch_bytes() const override { return backward_scratch_; }
  std::string implementation() const override { return name_; }

 private:
  std::size_t statistics_bytes() const {
    constexpr std::size_t alignment = 64;
    const std::size_t bytes = static_cast<std::size_t>(channels_) * sizeof(float);
    return (bytes + alignment - 1) / alignment * alignment;
  }

  void add_mask(const memory::desc& desc) {
    mask_bytes_ = desc.get_size();
    if (mask_bytes_ == 0) return;
    mask_ = onednn::handle(desc);
    arguments_.emplace(DNNL_ARG_WORKSPACE, mask_);
  }

  void make_backward(const Backward::primitive_desc& desc, const memory::desc& data,
                     const memory::desc& per_channel) {
    backward_ = Backward(desc);
    diff_src_ = onednn::handle(data);
    diff_dst_ = onednn::handle(data);
    diff_scale_ = onednn::handle(per_channel);
    diff_shift_ = onednn::handle(per_channel);
    backward_arguments_ = {{DNNL_ARG_SRC, src_},
                           {DNNL_ARG_MEAN, mean_},
                           {DNNL_ARG_VARIANCE, variance_},
                           {DNNL_ARG_SCALE, scale_},
                           {DNNL_ARG_DIFF_DST, diff_dst_},
                           {DNNL_ARG_DIFF_SRC, diff_src_},
                           {DNNL_ARG_DIFF_SCALE, diff_scale_},
                           {DNNL_ARG_DIFF_SHIFT, diff_shift_}};
    if (onednn::backward_takes_shift) backward_arguments_.emplace(DNNL_ARG_SHIFT, shift_);
    if (mask_bytes_ > 0) backward_arguments_.emplace(DNNL_ARG_WORKSPACE, mask_);
    backward_scratch_ = onednn::add_scratch(desc, backward_arguments_);
  }

  void point_workspace(void* workspace) {
    auto* bytes = static_cast<std::byte*>(workspace);
    onednn::point(mean_, bytes);
    onednn::point(variance_, bytes + statistics_bytes());
    if (mask_bytes_ > 0) onednn::point(mask_, bytes + 2 * statistics_bytes());
  }

  /// As PyTorch: the running variance is the unbiased one.
  void update_running(const float* statistics, float* running_mean, float* running_var) const {
    const float* variance = statistics + statistics_bytes() / sizeof(float);
    const auto rate = static_cast<float>(momentum_);
    const auto n = static_cast<float>(samples_);
    const float unbiased = samples_ > 1 ? n / (n - 1.0F) : 1.0F;
    for (std::int64_t c = 0; c < channels_; ++c) {
      running_mean[c] += rate * (statistics[c] - running_mean[c]);
      running_var[c] += rate * (variance[c] * unbiased - running_var[c]);
    }
  }

  Layout layout_;
  std::int64_t channels_, samples_;
  double momentum_;
  bool training_;
  std::string name_;
  std::size_t mask_bytes_ = 0, forward_scratch_ = 0, backward_scratch_ = 0;
  Forward forward_;
  Backward backward_;
  dnnl::memory src_, dst_, scale_, shift_, mean_, variance_, mask_;
  dnnl::memory diff_src_, diff_dst_, diff_scale_, diff_shift_;
  onednn::Arguments arguments_, backward_arguments_;
};

}  // namespace

std::unique_ptr<Kernel> make_onednn_batch_norm(const KernelSpec& spec) {
  if (spec.dtype == DType::f64 || spec.dtype == DType::s8 || spec.dst.size() != 4) return nullptr;
  if (spec.training && !spec.needs_diff_src) return nullptr;
  // One value per channel has no variance: the reference kernel says so.
  if (spec.training && volume(spec.dst) == spec.dst[1]) return nullptr;
  const Layout layout = spec.src_layouts.front();
  onednn::BatchNormalization problem;
  problem.data = onednn::describe(spec.dst, layout, spec.dtype);
  problem.eps = static_cast<float>(spec.attributes.number("eps", 1e-5));
  problem.flags = scale_and_shift;
  if (spec.attributes.integer("relu", 0) != 0) {
    problem.flags |= dnnl::normalization_flags::fuse_norm_relu;
  }
  if (!spec.training) problem.flags |= dnnl::normalization_flags::use_global_stats;
  const auto forward = onednn::forward_of(problem, spec.training);
  if (!forward || !onednn::is_fast(forward->impl_info_str())) return nullptr;
  std::optional<Backward::primitive_desc> backward;
  if (spec.training) {
    backward = onednn::backward_of(problem, *forward);
    if (!backward || !onednn::is_fast(backward->impl_info_str())) return nullptr;
  }
  return std::make_unique<BatchNorm>(spec, layout, *forward, backward);
}

}  // namespace muxnet
