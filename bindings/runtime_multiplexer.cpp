#include "bindings.hpp"
#include "muxnet/runtime/collect.hpp"
#include "muxnet/runtime/multiplexer_input.hpp"
#include "muxnet/runtime/saved_multiplexer.hpp"
#include "registers.hpp"

namespace muxnet::python {
namespace {

/// The same one, but for one thing.
void bind_variants(Class<Multiplexer>& bound) {
  bound
      .def(
          "for_images",
          [](Multiplexer multiplexer, const ImageFormat& images) {
            multiplexer.images = images;
            return multiplexer;
          },
          py::arg("images"), "The same one, for images that become these before it is shown them.")
      .def(
          "for_encoder",
          [](Multiplexer multiplexer, std::string model, std::string output) {
            multiplexer.encoder = Encoder{std::move(model), std::move(output)};
            return multiplexer;
          },
          py::arg("model"), py::arg("output"), "The same one, which looks at that output.")
      .def(
          "at_price",
          [](Multiplexer multiplexer, double price) {
            multiplexer.price = price;
            return multiplexer;
          },
          py::arg("price"), "The same one, of which a pass costs something else.");
}

void bind_multiplexer(Module& module) {
  Class<Multiplexer> multiplexer(module, "Multiplexer");
  bind_variants(multiplexer);
  multiplexer
      .def(py::init([](std::shared_ptr<Model> model, Objective objective,
                       const WeightOptions& weights, std::vector<double> costs, std::string kind,
                       std::optional<double> price) {
             return Multiplexer{std::move(model), objective, weights, std::move(costs),
                                std::move(kind),  {},        price,   {}};
           }),
           py::arg("model"), py::arg("objective") = Objective::correctness,
           argument("weights", WeightOptions{}), py::kw_only(),
           py::arg("costs") = std::vector<double>{}, py::arg("kind") = Multiplexer{}.kind,
           py::arg("price") = std::nullopt)
      .def_readonly("model", &Multiplexer::model)
      .def_readonly("objective", &Multiplexer::objective)
      .def_readonly("weights", &Multiplexer::weights)
      .def_readonly("costs", &Multiplexer::costs)
      .def_property_readonly("offloads", &offloads, text_of("offloads"))
      .def_readonly("kind", &Multiplexer::kind)
      .def_readonly("images", &Multiplexer::images)
      .def_property_readonly(
          "encoder",
          [](const Multiplexer& m) -> std::optional<std::pair<std::string, std::string>> {
            if (!m.encoder) return {};
            return std::pair(m.encoder->model, m.encoder->output);
          },
          text_of("Multiplexer.encoder"))
      .def_property_readonly("cost", &cost_of, text_of("cost_of"))
      .def_property_readonly(
          "macs", [](const Multiplexer& m) { return m.model->graph.macs(); }, text_of("Graph.macs"))
      .def_property_readonly(
          "parameter_count", [](const Multiplexer& m) { return m.model->graph.parameter_count(); },
          text_of("Graph.parameter_count"));
  py::implicitly_convertible<Model, Multiplexer>();
}

void bind_view(Module& module) {
  Class<MultiplexerView>(module, "MultiplexerView")
      .def(py::init<>())
      .def_readonly("weights", &MultiplexerView::weights)
      .def_readonly("scores", &MultiplexerView::scores)
      .def_readonly("offload_score", &MultiplexerView::offload_score)
      .def_readwrite("features", &MultiplexerView::features);
  module.def(
      "run_multiplexer",
      [](const Multiplexer& multiplexer, const Tensor& inputs) {
        Predictor predictor(*multiplexer.model);
        return run_multiplexer(multiplexer, predictor, inputs);
      },
      py::arg("multiplexer"), py::arg("inputs"), Unlocked());
  module.def("view_of_scores", &view_of_scores, py::arg("multiplexer"), py::arg("scores"),
             Unlocked());
  module.def("with_view", &with_view, py::arg("table"), py::arg("view"),
             py::arg("multiplexer_costs"), py::arg("encoder") = "", Unlocked());
}

void bind_kinds(Module& module) {
  Enumeration<MultiplexerSource>(module, "MultiplexerSource")
      .value("images", MultiplexerSource::images)
      .value("vectors", MultiplexerSource::vectors)
      .value("embeddings", MultiplexerSource::embeddings);
  bind_register(module, &multiplexer_kinds, "MultiplexerKind", "multiplexer_kinds")
      .def_readonly("body", &MultiplexerKind::body)
      .def_readonly("source", &MultiplexerKind::source);
  module.def("shown_to_multiplexer", &shown_to_multiplexer, py::arg("kind"), py::arg("inputs"),
             Unlocked());
  module.def(
      "multiplexer_inputs",
      [](const Multiplexer& multiplexer, const Tensor& inputs) {
        Shape shape = inputs.shape();
        if (!shape.empty()) shape.front() = 1;
        return MultiplexerInput(multiplexer, shape).all(inputs);
      },
      py::arg("multiplexer"), py::arg("inputs"), Unlocked(),
      "Raw images u8 or f32 (n, c, h, w), or vectors f32 (n, d), as run_multiplexer() takes "
      "them.\n\n"
      "Raises:\n    ValueError: the multiplexer is for others.");
}

SavedMultiplexer save_what(const Multiplexer& multiplexer, const MultiplexerOptions& network,
                           std::vector<std::string> models, std::int64_t classes,
                           std::string cost_kind, std::string learnt_from) {
  return {multiplexer,           network, std::move(models), classes, std::move(cost_kind),
          std::move(learnt_from)};
}

void bind_saved(Module& module) {
  Class<SavedMultiplexer>(module, "SavedMultiplexer")
      .def(py::init(&save_what), py::arg("multiplexer"), py::kw_only(), py::arg("network"),
           py::arg("models"), py::arg("classes"), py::arg("cost_kind"), py::arg("learnt_from"))
      .def_readonly("multiplexer", &SavedMultiplexer::multiplexer)
      .def_readonly("network", &SavedMultiplexer::network)
      .def_readonly("models", &SavedMultiplexer::models)
      .def_readonly("classes", &SavedMultiplexer::classes)
      .def_readonly("cost_kind", &SavedMultiplexer::cost_kind)
      .def_readonly("learnt_from", &SavedMultiplexer::learnt_from);
  module.def("save_multiplexer", &save_multiplexer, py::arg("saved"), py::arg("folder"),
             Unlocked());
  module.def("load_multiplexer", &load_multiplexer, py::arg("folder"), Unlocked());
  module.attr("MULTIPLEXER_FILE") = multiplexer_file;
  module.attr("MULTIPLEXER_WEIGHTS_FILE") = multiplexer_weights_file;
}

}  // namespace

void bind_multiplexers(Module& module) {
  bind_multiplexer(module);
  bind_view(module);
  bind_kinds(module);
  bind_saved(module);
}

}  // namespace muxnet::python
