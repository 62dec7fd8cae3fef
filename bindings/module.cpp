#include "bindings.hpp"

PYBIND11_MODULE(_core, core) {
  muxnet::python::Module module(core);
  module.doc() = "The C++ core of muxnet.";
  module.attr("__version__") = MUXNET_VERSION;
  muxnet::python::exit_with_calls_at_work();
  // Enumerations and options come before what takes them as default arguments.
  muxnet::python::bind_core(module);
  muxnet::python::bind_graph(module);
  muxnet::python::bind_networks(module);
  muxnet::python::bind_losses(module);
  muxnet::python::bind_optim(module);
  muxnet::python::bind_data(module);
  muxnet::python::bind_training(module);
  muxnet::python::bind_cost(module);
  muxnet::python::bind_protocol(module);
  muxnet::python::bind_onnx(module);
  muxnet::python::bind_routing(module);
  muxnet::python::bind_policies(module);
  muxnet::python::bind_evaluation(module);
  muxnet::python::bind_studies(module);
  muxnet::python::bind_runtime(module);
  muxnet::python::bind_service(module);
  muxnet::python::bind_front(module);
  muxnet::python::bind_server(module);
  muxnet::python::bind_offload(module);
}
