#pragma once

#include "bindings.hpp"
#include "muxnet/core/register.hpp"

namespace muxnet::python {

/// Binds what a register holds, with its name and title, and `function`, which lists it.
template <class Entry>
Class<Entry> bind_register(Module& module, Register<Entry>& (*all)(), const char* entry_name,
                           const char* function) {
  Class<Entry> entry(module, entry_name);
  entry.def_readonly("name", &Entry::name);
  if constexpr (requires { &Entry::title; }) entry.def_readonly("title", &Entry::title);
  module.def(function, [all] { return all().entries(); });
  return entry;
}

}  // namespace muxnet::python
