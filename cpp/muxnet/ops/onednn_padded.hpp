#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "muxnet/ops/kernel.hpp"
#include "muxnet/ops/onednn_common.hpp"

namespace muxnet::onednn {

/// A kernel of images that lie in memory by rows or pixels, given them with a border of zeros: for
/// inference.
class PaddedKernel final : public Kernel {
 public:
  /// `src` (B, C, H, W) becomes `padded`, with the image `before` rows and columns from its corner.
  PaddedKernel(std::unique_ptr<Kernel> inner, const Shape& src, const Shape& padded,
               const dnnl::memory::dims& before)
      : inner_(std::move(inner)) {
    const Layout layout = inner_->src_layout(0);
    const auto wide = describe(padded, layout, DType::f32);
    bytes_ = wide.get_size();
    src_ = handle(describe(src, layout, DType::f32));
    middle_ = handle(wide.submemory_desc({src.begin(), src.end()}, {0, 0, before[0], before[1]}));
    const dnnl::reorder::primitive_desc desc(engine(), src_.get_desc(), engine(),
                                             middle_.get_desc(), attributes());
    copy_ = dnnl::reorder(desc);
    arguments_ = {{DNNL_ARG_FROM, src_}, {DNNL_ARG_TO, middle_}};
    copy_bytes_ = add_scratch(desc, arguments_);
  }

  void forward(const KernelArguments& a) override {
    auto* const rest = static_cast<std::byte*>(a.scratch) + room();
    std::memset(a.scratch, 0, bytes_);
    point(src_, a.src[0]);
    point(middle_, a.scratch);
    run(copy_, arguments_, rest);
    inner_arguments_ = a;
    inner_arguments_.src[0] = a.scratch;
    inner_arguments_.scratch = rest;
    inner_->forward(inner_arguments_);
  }
  void backward(const KernelArguments& a) override { inner_->backward(a); }

  Layout src_layout(std::size_t index) const override { return inner_->src_layout(index); }
  Layout dst_layout() const override { return inner_->dst_layout(); }
  std::optional<std::size_t> in_place_src() const override { return inner_->in_place_src(); }
  std::size_t forward_scratch_bytes() const override {
    return room() + std::max(copy_bytes_, inner_->forward_scratch_bytes());
  }
  std::string implementation() const override { return inner_->implementation() + " padded"; }

 private:
  /// Of the padded images, so that what lies behind them is aligned as they are.
  std::size_t room() const { return (bytes_ + 63) / 64 * 64; }

  std::unique_ptr<Kernel> inner_;
  std::size_t bytes_ = 0, copy_bytes_ = 0;
  dnnl::memory src_, middle_;
  dnnl::reorder copy_;
  Arguments arguments_;
  KernelArguments inner_arguments_;
};

}  // namespace muxnet::onednn
