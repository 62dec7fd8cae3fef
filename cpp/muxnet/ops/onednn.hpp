#pragma once

#include "muxnet/ops/operators.hpp"

namespace muxnet {

#ifdef MUXNET_WITH_ONEDNN

// oneDNN kernels of four operators. Each factory returns nullptr for what oneDNN cannot do, or
// can do only in its own unoptimised reference code.

std::unique_ptr<Kernel> make_onednn_conv2d(const KernelSpec& spec);
std::unique_ptr<Kernel> make_onednn_batch_norm(const KernelSpec& spec);
std::unique_ptr<Kernel> make_onednn_linear(const KernelSpec& spec);
std::unique_ptr<Kernel> make_onednn_pool(const KernelSpec& spec);

#else

constexpr KernelFactory make_onednn_conv2d = nullptr;
constexpr KernelFactory make_onednn_batch_norm = nullptr;
constexpr KernelFactory make_onednn_linear = nullptr;
constexpr KernelFactory make_onednn_pool = nullptr;

#endif

}  // namespace muxnet
