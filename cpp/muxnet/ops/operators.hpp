#pragma once

#include <memory>

#include "muxnet/ops/kernel.hpp"
#include "muxnet/ops/operator.hpp"

namespace muxnet {

// Every operator's definition and reference kernel; registry.cpp lists them. A factory of
// reference kernels never returns nullptr.

Operator define_adaptive_average_pool();
Operator define_add();
Operator define_average_pool();
Operator define_batch_norm();
Operator define_conv2d();
Operator define_dropout();
Operator define_flatten();
Operator define_l2_norm();
Operator define_linear();
Operator define_max_pool();
Operator define_relu();
Operator define_relu6();
Operator define_sigmoid();
Operator define_softmax();

std::unique_ptr<Kernel> make_reference_adaptive_average_pool(const KernelSpec& spec);
std::unique_ptr<Kernel> make_reference_add(const KernelSpec& spec);
std::unique_ptr<Kernel> make_reference_average_pool(const KernelSpec& spec);
std::unique_ptr<Kernel> make_reference_batch_norm(const KernelSpec& spec);
std::unique_ptr<Kernel> make_reference_conv2d(const KernelSpec& spec);
std::unique_ptr<Kernel> make_reference_dropout(const KernelSpec& spec);
std::unique_ptr<Kernel> make_reference_flatten(const KernelSpec& spec);
std::unique_ptr<Kernel> make_reference_l2_norm(const KernelSpec& spec);
std::unique_ptr<Kernel> make_reference_linear(const KernelSpec& spec);
std::unique_ptr<Kernel> make_reference_max_pool(const KernelSpec& spec);
std::unique_ptr<Kernel> make_reference_relu(const KernelSpec& spec);
std::unique_ptr<Kernel> make_reference_relu6(const KernelSpec& spec);
std::unique_ptr<Kernel> make_reference_sigmoid(const KernelSpec& spec);
std::unique_ptr<Kernel> make_reference_softmax(const KernelSpec& spec);

// Kernels on OpenBLAS, f32 only; nullptr for what they cannot do.
std::unique_ptr<Kernel> make_blas_conv2d(const KernelSpec& spec);
std::unique_ptr<Kernel> make_blas_linear(const KernelSpec& spec);

}  // namespace muxnet
