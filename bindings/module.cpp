#include <pybind11/pybind11.h>

PYBIND11_MODULE(_core, module) {
  module.doc() = "The C++ core of muxnet.";
  module.attr("__version__") = MUXNET_VERSION;
}
