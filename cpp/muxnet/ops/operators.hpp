#pragma once

#include <memory>

#include "muxnet/core/register.hpp"
#include "muxnet/ops/entries.hpp"
#include "muxnet/ops/kernel.hpp"
#include "muxnet/ops/operator.hpp"

namespace muxnet {

using KernelFactory = std::unique_ptr<Kernel> (*)(const KernelSpec&);

/// What computes an operator: null where there is nothing. A factory returns nullptr for what it
/// cannot do, except `reference`, which can do everything in f32 and f64.
struct KernelFactories {
  KernelFactory reference;
  KernelFactory blas = nullptr;      ///< f32 only
  KernelFactory onednn = nullptr;    ///< null in a build without oneDNN
  KernelFactory streamed = nullptr;  ///< f32 inference of one row only
};

/// An operator that graphs are made of.
struct OperatorEntry {
  std::string name;  ///< by which it is chosen
  Operator definition;
  KernelFactories kernels;
};
using OperatorRegister = Register<OperatorEntry>;

/// All operators.
OperatorRegister& operators();

/// Adds an operator whose functions refuse what no operator takes: another number of inputs,
/// extents below 1, attributes that it does not understand.
void add_operator(OperatorRegister& operators, const Operator& definition,
                  const KernelFactories& kernels);

/// NAME.cpp has add_NAME, the definition beside its reference kernel.
OperatorRegister::Adder MUXNET_OPS_ENTRIES;

std::unique_ptr<Kernel> make_blas_conv2d(const KernelSpec& spec);
std::unique_ptr<Kernel> make_blas_linear(const KernelSpec& spec);
std::unique_ptr<Kernel> make_streamed_linear(const KernelSpec& spec);

}  // namespace muxnet
