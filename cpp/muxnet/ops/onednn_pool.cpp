#include "muxnet/ops/define.hpp"
#include "muxnet/ops/onednn.hpp"
#include "muxnet/ops/onednn_descriptors.hpp"

namespace muxnet {
namespace {

using Forward = dnnl::pooling_forward;
using Backward = dnnl::pooling_backward;
using dnnl::memory;

class Pool final : public Kernel {
 public:
  Pool(Layout layout, const onednn::Pooling& problem, const Forward::primitive_desc& forward,
       const std::optional<Backward::primitive_desc>& backward)
      : layout_(layout),
        name_(std::string("onednn ") + forward.impl_info_str()),
        forward_(forward),
        src_(onednn::handle(problem.src)),
        dst_(onednn::handle(problem.dst)) {
    arguments_ = {{DNNL_ARG_SRC, src_}, {DNNL_ARG_DST, dst_}};
    forward_scratch_ = onednn::add_scratch(forward, arguments_);
    if (!backward) return;
    backward_ = Backward(*backward);
    backward_arguments_ = {{DNNL_ARG_DIFF_SRC, src_}, {DNNL_ARG_DIFF_DST, dst_}};
    backward_scratch_ = onednn::add_scratch(*backward, backward_arguments_);
    workspace_bytes_ = forward.workspace_desc().get_size();
    if (workspace_bytes_ == 0) return;
    workspace_ = onednn::handle(forward.workspace_desc());
    arguments_.emplace(DNNL_ARG_WORKSPACE, workspace_);
    backward_arguments_.emplace(DNNL_ARG_WORKSPACE, workspace_);
  }

  void forward(const KernelArguments& a) override {
    onednn::point(src_, a.src[0]);
    onednn::point(dst_, a.dst);
    if (workspace_bytes_ > 0) onednn::point(workspace_, a.workspace);
    onednn::run(forward_, arguments_, a.scratch);
  }

  void backward(const KernelArguments& a) override {
    if (a.diff_src[0] == nullptr) return;
    onednn::point(src_, a.diff_src[0]);
    onednn::point(dst_, a.diff_dst);
    if (workspace_bytes_ > 0) onednn::point(workspace_, a.workspace);
    onednn::run(backward_, backward_arguments_, a.scratch);
  }

  Layout src_layout(std::size_t) const override { return layout_; }
  Layout dst_layout() const override { return layout_; }
  std::size_t workspace_bytes() const override { return workspace_bytes_; }
  bool backward_reads_src() const override { return false; }
  bool backward_reads_dst() const override { return false; }
  std::size_t forward_scratch_bytes() const override { return forward_scratch_; }
  std::size_t backward_scratch_bytes() const override { return backward_scratch_; }
  std::string implementation() const override { return name_; }

 private:
  Layout layout_;
  std::string name_;
  Forward forward_;
  Backward backward_;
  std::size_t workspace_bytes_ = 0, forward_scratch_ = 0, backward_scratch_ = 0;
  dnnl::memory src_, dst_, workspace_;
  onednn::Arguments arguments_, backward_arguments_;
};

dnnl::algorithm algorithm_of(const KernelSpec& spec) {
  if (spec.op == "max_pool") return dnnl::algorithm::pooling_max;
  return spec.attributes.integer("count_include_pad", 1) != 0
             ? dnnl::algorithm::pooling_avg_include_padding
             : dnnl::algorithm::pooling_avg_exclude_padding;
}

std::unique_ptr<Kernel> try_layout(const KernelSpec& spec, Layout layout, DType dtype) {
  const Window window = pooling_window(spec.op, spec.attributes);
  const auto end = [&](int axis, std::int64_t k, std::int64_t s, std::int64_t p) {
    return (spec.dst[static_cast<std::size_t>(axis)] - 1) * s + k -
           spec.src.front()[static_cast<std::size_t>(axis)] - p;
  };
  onednn::Pooling problem;
  problem.algorithm = algorithm_of(spec);
  problem.src = onednn::describe(spec.src.front(), layout, dtype);
  problem.dst = onednn::describe(spec.dst, layout, dtype);
  problem.strides = {window.stride_h, window.stride_w};
  problem.kernel = {window.kernel_h, window.kernel_w};
  problem.padding = {window.padding_h, window.padding_w};
  problem.padding_end = {end(2, window.kernel_h, window.stride_h, window.padding_h),
                         end(3, window.kernel_w, window.stride_w, window.padding_w)};
  const auto forward = onednn::forward_of(problem, spec.training);
  if (!forward || !onednn::is_fast(forward->impl_info_str())) return nullptr;
  std::optional<Backward::primitive_desc> backward;
  if (spec.training) {
    backward = onednn::backward_of(problem, *forward);
    if (!backward || !onednn::is_fast(backward->impl_info_str())) return nullptr;
  }
  return std::make_unique<Pool>(layout, problem, *forward, backward);
}

}  // namespace

std::unique_ptr<Kernel> make_onednn_pool(const KernelSpec& spec) {
  if (spec.dtype == DType::f64) return nullptr;
  // A last window that lies partly outside counts its padding otherwise than oneDNN does.
  if (spec.attributes.integer("ceil_mode", 0) != 0) return nullptr;
  if (spec.dtype == DType::s8) {
    // Integers are compared as they are: src and dst stand for the same numbers.
    const Elements& elements = spec.src_elements.front();
    const bool moves = spec.op == "max_pool" && elements == spec.dst_elements;
    return moves ? try_layout(spec, Layout::nhwc, elements.dtype) : nullptr;
  }
  return try_layout(spec, spec.src_layouts.front(), spec.dtype);
}

}  // namespace muxnet
