#pragma once

#include <pybind11/functional.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include "core_interpreter.hpp"
#include "tensors.hpp"

namespace muxnet::python {

/// For every call that computes: other Python threads run meanwhile.
using Unlocked = py::call_guard<ReleaseGil>;

void bind_core(py::module_& module);
void bind_graph(py::module_& module);
void bind_networks(py::module_& module);
void bind_losses(py::module_& module);
void bind_optim(py::module_& module);
void bind_data(py::module_& module);
void bind_training(py::module_& module);
void bind_cost(py::module_& module);
void bind_protocol(py::module_& module);
void bind_routing(py::module_& module);
void bind_policies(py::module_& module);
void bind_evaluation(py::module_& module);
void bind_runtime(py::module_& module);
void bind_hosted_models(py::module_& module);  // a part of it that fills a file
void bind_service(py::module_& module);
void bind_offload(py::module_& module);

}  // namespace muxnet::python
