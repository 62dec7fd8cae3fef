#pragma once

#include <string>

namespace muxnet::python {

/// Tells the core where Python has the library of an engine. Wants Python's lock.
void find_engine(const std::string& name);

}  // namespace muxnet::python
