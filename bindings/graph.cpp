#include "muxnet/graph/graph.hpp"

#include <map>
#include <set>
#include <tuple>

#include "bindings.hpp"
#include "muxnet/graph/mode.hpp"
#include "muxnet/graph/parameters.hpp"
#include "muxnet/ops/operators.hpp"
#include "registers.hpp"

namespace muxnet::python {

namespace {

void bind_sizes(Class<Graph>& graph) {
  graph.def_property_readonly("macs", py::overload_cast<>(&Graph::macs, py::const_))
      .def_property_readonly("parameter_count",
                             py::overload_cast<>(&Graph::parameter_count, py::const_))
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
          "Names of the operators in use.");
}

void bind_nodes(Class<Graph>& graph) {
  graph
      .def_property_readonly(
          "nodes",
          [](const Graph& graph) {
            using Values = std::map<std::string, Attribute>;
            std::vector<std::tuple<std::string, std::string, std::vector<ValueId>, ValueId, Values>>
                nodes;
            for (const auto& node : graph.nodes()) {
              nodes.emplace_back(node.op, node.name, node.src, node.dst, node.attributes.values());
            }
            return nodes;
          },
          "(operator, name, source values, value made, attributes) in execution order.")
      .def_property_readonly("outputs", &Graph::outputs, "Values by the name of the output.")
      .def(
          "shape",
          [](const Graph& graph, ValueId value) {
            const Shape& shape = graph.shape(value);
            return std::vector<std::int64_t>(shape.begin() + 1, shape.end());
          },
          py::arg("value"), "Shape of a value, without the batch.")
      .def_property_readonly(
          "parameter_shapes",
          [](const Graph& graph) {
            std::map<std::string, Shape> shapes;
            for (const auto& entry : parameter_entries(graph)) {
              shapes.emplace(entry.name, entry.spec.shape);
            }
            return shapes;
          },
          "Shapes of all named tensors, buffers included.")
      .def("summary", &Graph::summary)
      .def("__str__", &Graph::summary);
}

}  // namespace

void bind_graph(Module& module) {
  Enumeration<Precision>(module, "Precision")
      .value("full", Precision::full)
      .value("bf16", Precision::bf16)
      .value("int8", Precision::int8);
  module.def("supports_bf16", &supports_bf16);
  module.def("supports_int8", &supports_int8);

  Class<Graph> graph(module, "Graph");
  bind_sizes(graph);
  bind_nodes(graph);
  bind_register(module, &operators, "OperatorEntry", "operators")
      .def_property_readonly(
          "attributes", [](const OperatorEntry& entry) { return entry.definition.attributes; },
          "Names of those that it understands.");
}

}  // namespace muxnet::python
