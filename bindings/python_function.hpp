#pragma once

#include <memory>

#include "bindings.hpp"

namespace muxnet::python {

/// A Python function, let go of under Python's lock by whichever thread is the last to hold it.
inline std::shared_ptr<py::function> share(py::function function) {
  return {new py::function(std::move(function)), [](py::function* held) {
            if (!interpreter_runs()) return;
            const AcquireGil gil;
            delete held;
          }};
}

}  // namespace muxnet::python
