#pragma once

#include "bindings.hpp"
#include "muxnet/core/register.hpp"

namespace muxnet::python {

/// Binds what a register holds, with its name and title, and `function`, which lists it. The texts
/// are for what headers do not describe.
template <class Entry>
Class<Entry> bind_register(Module& module, Register<Entry>& (*all)(), const char* entry_name,
                           const char* entry_doc, const char* function, const char* doc) {
  const auto described = [](const char* of, const char* own) {
    const char* text = text_of(of);
    return *text != 0 ? text : own;
  };
  Class<Entry> entry(module, entry_name, described(entry_name, entry_doc));
  entry.def_readonly("name", &Entry::name, "By which it is chosen.");
  if constexpr (requires { &Entry::title; })
    entry.def_readonly("title", &Entry::title, "What it is, for people.");
  module.def(
      function, [all] { return all().entries(); }, described(function, doc));
  return entry;
}

}  // namespace muxnet::python
