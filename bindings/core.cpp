#include "bindings.hpp"
#include "muxnet/core/error.hpp"
#include "muxnet/core/fingerprint.hpp"
#include "muxnet/core/memory.hpp"
#include "muxnet/core/normalization.hpp"
#include "muxnet/core/parallel.hpp"
#include "muxnet/core/safetensors.hpp"
#include "muxnet/core/termination.hpp"
#include "muxnet/openmp/openmp.hpp"

namespace muxnet::python {

namespace {

void bind_threads(Module& module) {
  module.def("set_threads", &set_threads, py::arg("threads"));
  module.def("threads", &threads);
  module.def("usable_cores", &usable_cores);
  module.def("release_free_memory", &release_free_memory, Unlocked());
  module.def("end_within", &end_within, py::arg("within_ms"));
  openmp::begin();
}

void bind_files(Module& module) {
  module.def("digest", py::overload_cast<const Tensor&>(&fingerprint::digest), py::arg("array"),
             Unlocked());
  module.def("digest_file", &fingerprint::digest_file, py::arg("path"), Unlocked());
  module.def(
      "save_safetensors",
      [](const std::filesystem::path& path, std::map<std::string, Tensor> tensors,
         std::map<std::string, std::string> metadata) {
        save_safetensors(path, {std::move(tensors), std::move(metadata)});
      },
      py::arg("path"), py::arg("tensors"),
      py::arg("metadata") = std::map<std::string, std::string>{}, Unlocked());
  module.def(
      "load_safetensors",
      [](const std::filesystem::path& path) {
        SafeTensors content = load_safetensors(path);
        return std::pair(std::move(content.tensors), std::move(content.metadata));
      },
      py::arg("path"), Unlocked(),
      "Return (arrays, metadata).\n\nRaises:\n    OSError: unreadable or not valid.");
}

}  // namespace

void bind_core(Module& module) {
  bind_threads(module);
  bind_files(module);
  bind_error<FileError>(module, "FileError", PyExc_OSError);
  bind_error<TrainingError>(module, "TrainingError", PyExc_RuntimeError);
  bind_error<BusyError>(module, "BusyError", PyExc_RuntimeError);
  module.def(
      "versions",
      [] {
        return std::map<std::string, std::string>{{"compiler", __VERSION__},
                                                  {"onednn", MUXNET_ONEDNN_VERSION}};
      },
      "Versions of what the core was built with.");
  module.def("require_same", &fingerprint::require_same, py::arg("there"), py::arg("here"),
             py::arg("where"), py::arg("expected"), py::arg("place") = "before");
  Class<Normalization>(module, "Normalization")
      .def(py::init([](std::vector<float> mean, std::vector<float> deviation) {
             return Normalization{std::move(mean), std::move(deviation)};
           }),
           py::arg("mean"), py::arg("deviation"))
      .def_readonly("mean", &Normalization::mean)
      .def_readonly("deviation", &Normalization::deviation);
}

}  // namespace muxnet::python
