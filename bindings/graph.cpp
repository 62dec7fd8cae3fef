#include "muxnet/graph/graph.hpp"

#include <set>

#include "bindings.hpp"
#include "muxnet/graph/parameters.hpp"

namespace muxnet::python {

void bind_graph(py::module_& module) {
  py::class_<Graph>(module, "Graph", "A network as data: nodes in execution order.")
      .def_property_readonly("macs", py::overload_cast<>(&Graph::macs, py::const_),
                             "Multiply-accumulates for one input (counted).")
      .def_property_readonly("parameter_count",
                             py::overload_cast<>(&Graph::parameter_count, py::const_),
                             "Trainable parameters (counted).")
      .def_property_readonly(
          "input_shape",
          [](const Graph& graph) {
            const Shape& shape = graph.shape(graph.input());
            return std::vector<std::int64_t>(shape.begin() + 1, shape.end());
          },
          "(channels, height, width).")
      .def_property_readonly(
          "operators",
          [](const Graph& graph) {
            std::set<std::string> names;
            for (const auto& node : graph.nodes()) names.insert(node.op);
            return names;
          },
          "Names of the operators in use.")
      .def("summary", &Graph::summary, "Table of nodes with shapes, parameters and MACs.")
      .def("__str__", &Graph::summary);
}

}  // namespace muxnet::python
