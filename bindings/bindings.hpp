#pragma once

#include <pybind11/functional.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include "core_interpreter.hpp"
#include "described.hpp"
#include "options.hpp"
#include "tensors.hpp"

namespace muxnet::python {

/// For every call that computes: other Python threads run meanwhile.
using Unlocked = py::call_guard<ReleaseGil>;

void bind_core(Module& module);
void bind_graph(Module& module);
void bind_networks(Module& module);
void bind_losses(Module& module);
void bind_optim(Module& module);
void bind_data(Module& module);
void bind_training(Module& module);
void bind_cost(Module& module);
void bind_protocol(Module& module);
void bind_onnx(Module& module);
void bind_routing(Module& module);
void bind_outcome_table(Module& module);
void bind_policies(Module& module);
void bind_evaluation(Module& module);
void bind_studies(Module& module);  // a part of it that fills a file
void bind_runtime(Module& module);
void bind_hosted_models(Module& module);  // parts of it that fill a file each
void bind_multiplexers(Module& module);
void bind_remote_calls(Module& module);
void bind_service(Module& module);
void bind_front(Module& module);
void bind_server(Module& module);
void bind_offload(Module& module);

}  // namespace muxnet::python
