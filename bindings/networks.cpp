#include "muxnet/networks/network.hpp"

#include <optional>

#include "bindings.hpp"
#include "holding.hpp"
#include "muxnet/graph/plan.hpp"
#include "muxnet/networks/model.hpp"
#include "muxnet/networks/multiplexer.hpp"
#include "muxnet/networks/predictor.hpp"
#include "muxnet/networks/projection.hpp"
#include "muxnet/networks/weights.hpp"
#include "registers.hpp"

namespace muxnet::python {
namespace {

std::shared_ptr<Model> make_model(const std::string& name, const NetworkOptions& options,
                                  std::int64_t projection_dim, std::optional<std::uint64_t> seed,
                                  const Normalization& normalization) {
  Graph graph = build_network(name, options);
  if (projection_dim > 0) add_projection(graph, projection_dim);
  auto weights = seed ? Parameters(graph, DType::f32, *seed) : Parameters::zeros(graph, DType::f32);
  auto model = std::make_shared<Model>(name, std::move(graph), std::move(weights));
  model->normalization = normalization;
  return model;
}

std::shared_ptr<Model> make_multiplexer(const MultiplexerOptions& options, std::uint64_t seed,
                                        const Normalization& normalization) {
  auto model = std::make_shared<Model>(options.offload ? "offload" : "multiplexer",
                                       build_multiplexer(options), seed);
  model->normalization = normalization;
  return model;
}

void bind_network_options(Module& module) {
  Class<NetworkOptions>(module, "NetworkOptions")
      .def(py::init([](std::int64_t channels, std::int64_t height, std::int64_t width,
                       std::int64_t classes, std::optional<double> dropout) {
             return NetworkOptions{channels, height, width, classes, dropout};
           }),
           py::kw_only(), py::arg("channels"), py::arg("height"), py::arg("width"),
           py::arg("classes"), py::arg("dropout") = std::nullopt);
  Enumeration<MultiplexerBody>(module, "MultiplexerBody")
      .value("convolutions", MultiplexerBody::convolutions)
      .value("perceptron", MultiplexerBody::perceptron);
  bind_options(
      module, "MultiplexerOptions", Field("body", &MultiplexerOptions::body),
      Field("channels", &MultiplexerOptions::channels),
      Field("height", &MultiplexerOptions::height), Field("width", &MultiplexerOptions::width),
      Field("resolution", &MultiplexerOptions::resolution),
      Field("filters", &MultiplexerOptions::filters), Field("hidden", &MultiplexerOptions::hidden),
      Field("models", &MultiplexerOptions::models),
      Field("meta_dim", &MultiplexerOptions::meta_dim),
      Field("classes", &MultiplexerOptions::classes),
      Field("shared_meta", &MultiplexerOptions::shared_meta),
      Field("offload", &MultiplexerOptions::offload));
}

std::string describe(const Model& model) {
  return "<muxnet.Model " + model.name + ": " + std::to_string(model.graph.parameter_count()) +
         " parameters, " + std::to_string(model.graph.macs()) + " MACs>";
}

/// What a model says of itself.
void bind_description(Class<Model, std::shared_ptr<Model>>& bound) {
  bound.def_readonly("name", &Model::name)
      .def_readonly("graph", &Model::graph)
      .def_property_readonly(
          "normalization",
          reading("model.normalization", [](const Model& model) { return model.normalization; }))
      .def_property_readonly(
          "macs", [](const Model& model) { return model.graph.macs(); },
          "Multiply-accumulates for one input (counted).")
      .def_property_readonly(
          "parameter_count", [](const Model& model) { return model.graph.parameter_count(); },
          "Trainable parameters (counted).")
      .def(
          "state", [](const Model& model) { return model.parameters.state(); },
          "Named arrays, buffers included, sharing memory with the model.")
      .def_property_readonly(
          "ranges", reading("model.ranges", [](const Model& model) { return model.ranges; }))
      .def("__repr__", &describe);
}

void bind_model(Module& module) {
  Class<Model, std::shared_ptr<Model>> bound(
      module, "Model",
      "A network with its weights.\n\nThreads may answer with it and save it at once. Training and "
      "loading want it alone: BusyError\nfor them while another thread uses it, and for others "
      "meanwhile.");
  bound
      .def(
          "load_state",
          [](Model& model, const std::map<std::string, Tensor>& state) {
            const auto writing = model.access.write(model.name + ", load_state");
            model.parameters.load_state(state);
            model.ranges.clear();
          },
          py::arg("state"),
          "Copy named arrays into the model, which then answers in float.\n\n"
          "Raises:\n    ValueError: missing, extra or misshapen ones, all listed.")
      .def(
          "transfer", [](Model& to, const Model& from) { transfer_weights(from, to); },
          py::arg("other"), Unlocked(),
          "Copy every tensor of another model that this one has by the same name and shape.")
      .def("save", &save_weights, py::arg("path"), Unlocked(),
           "Write the weights as safetensors, atomically.\n\nRaises:\n    OSError.")
      .def("load", &load_weights, py::arg("path"), Unlocked(),
           "Read weights that save() wrote.\n\nRaises:\n    OSError, ValueError.")
      .def(
          "quantize",
          [](Model& model, const Tensor& images) {
            const auto writing = model.access.write(model.name + ", quantize");
            quantize(model, images);
          },
          py::arg("images"), Unlocked(),
          "Have the model answer in int8 from now on, with the ranges of its activations on "
          "images\nf32 (n, c, h, w), normalised; its weights stay as they are.\n\n"
          "Raises:\n    ValueError: other images, activations that are not finite, a CPU without "
          "VNNI.");
  bind_description(bound);
}

void bind_zoo(Module& module) {
  bind_register(module, &networks, "NetworkEntry", "networks")
      .def_readonly("family", &NetworkEntry::family);
  module.def("build_network", &build_network, py::arg("name"), py::arg("options"),
             "A network of the zoo as a graph.\n\n"
             "Raises:\n    ValueError: unknown name, images too small for it.");
  module.def("make_model", &make_model, py::arg("name"), py::arg("options"), py::kw_only(),
             py::arg("projection_dim") = 0, py::arg("seed") = 0,
             argument("normalization", Normalization{}), Unlocked(),
             "A network of the zoo with fresh weights; without a seed all zero, to be loaded.\n\n"
             "Raises:\n    ValueError: unknown name.");
  module.def("make_multiplexer", &make_multiplexer, py::arg("options"), py::kw_only(),
             py::arg("seed") = 0, argument("normalization", Normalization{}), Unlocked(),
             "A multiplexer network with fresh weights.\n\nRaises:\n    ValueError.");
  module.def("matching_network", &matching_network, py::arg("tensors"), py::arg("options"));
  module.def("class_count", &class_count, py::arg("tensors"));
}

}  // namespace

void bind_networks(Module& module) {
  bind_network_options(module);
  bind_model(module);
  bind_zoo(module);
  Class<Predictor>(module, "Predictor")
      .def(py::init<Model&, std::int64_t, std::optional<Precision>>(), py::arg("model"),
           py::arg("max_batch") = 128, py::arg("precision") = std::nullopt, py::keep_alive<1, 2>())
      .def("output", reading("predictor.output", &Predictor::output), py::arg("images"),
           py::arg("name"), Unlocked(),
           "One named output for normalised images f32 (n, c, h, w).\n\n"
           "Raises:\n    ValueError: another shape, an unknown output.");
  module.def(
      "plan_bytes",
      [](Model& model, std::int64_t batch) {
        const auto hold = model.access.read("plan_bytes");
        const PlanOptions options{
            .batch = batch, .precision = precision_of(model), .ranges = model.ranges};
        return Plan(model.graph, model.parameters, options).memory_bytes();
      },
      py::arg("model"), py::arg("batch") = 1, Unlocked(),
      "Bytes of all buffers of a compiled inference pass, weights not counted.");
}

}  // namespace muxnet::python
