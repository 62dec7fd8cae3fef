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

}  // namespace muxnet
