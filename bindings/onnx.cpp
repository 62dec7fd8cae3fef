#include "onnx.hpp"

#include <set>

#include "bindings.hpp"
#include "muxnet/onnx/engines.hpp"
#include "muxnet/onnx/model.hpp"
#include "registers.hpp"

namespace muxnet::python {
namespace {

/// Once: where Python would import an engine's package from, without doing so.
void find_library(const OnnxEngine& engine) {
  const py::object spec = py::module_::import("importlib.util").attr("find_spec")(engine.name);
  if (spec.is_none()) return;
  for (const py::handle folder : spec.attr("submodule_search_locations")) {
    tell_library(engine.name, std::filesystem::path(folder.cast<std::string>()) / engine.folder);
  }
}

}  // namespace

void find_engine(const std::string& name) {
  static std::set<std::string> looked;
  if (looked.insert(name).second) find_library(onnx_engines().find(name));
}

void bind_onnx(Module& module) {
  Class<OnnxValue>(module, "OnnxValue")
      .def_readonly("name", &OnnxValue::name)
      .def_readonly("dtype", &OnnxValue::dtype)
      .def_readonly("shape", &OnnxValue::shape)
      .def("__str__", [](const OnnxValue& value) { return to_string(value); });
  Class<OnnxDescription>(module, "OnnxDescription")
      .def_readonly("inputs", &OnnxDescription::inputs)
      .def_readonly("outputs", &OnnxDescription::outputs)
      .def_readonly("nodes", &OnnxDescription::nodes)
      .def_readonly("operators", &OnnxDescription::operators)
      .def_readonly("opsets", &OnnxDescription::opsets)
      .def_readonly("metadata", &OnnxDescription::metadata)
      .def_readonly("external_files", &OnnxDescription::external_files)
      .def_readonly("layout", &OnnxDescription::layout)
      .def_readonly("class_labels", &OnnxDescription::class_labels)
      .def_readonly("class_names", &OnnxDescription::class_names)
      .def_readonly("spans_axes", &OnnxDescription::spans_axes);
  module.def("describe_onnx", py::overload_cast<const std::filesystem::path&>(&describe_onnx),
             py::arg("path"), Unlocked());
  bind_register(module, &onnx_engines, "OnnxEngine", "onnx_engines");
  bind_options(module, "OnnxOptions", Field{"engine", &OnnxOptions::engine},
               Field{"output", &OnnxOptions::output}, Field{"layout", &OnnxOptions::layout},
               Field{"classes", &OnnxOptions::classes}, Field{"threads", &OnnxOptions::threads},
               Field{"embedding", &OnnxOptions::embedding});
}

}  // namespace muxnet::python
