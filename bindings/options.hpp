#pragma once

#include <deque>
#include <filesystem>

#include "described.hpp"

// Structs of options: their fields are keyword arguments with the struct's own defaults.
namespace muxnet::python {

template <class T, class Value>
struct Field {
  const char* name;
  Value T::*member;
};
template <class T, class Value>
Field(const char*, Value T::*) -> Field<T, Value>;

/// An argument whose default is written as Python would write it, objects of ours included.
template <class Value>
py::arg_v argument(const char* name, const Value& value) {
  if constexpr (std::is_same_v<Value, std::filesystem::path>) {
    return py::arg(name) = value.string();  // Python's own path of "" is "."
  }
  py::arg_v result = py::arg(name) = value;
  const py::type type = py::type::of(result.value);
  const bool ours = type.attr("__module__").cast<std::string>() == "muxnet._core";
  if (ours && !py::hasattr(type, "__members__")) {
    static std::deque<std::string> texts;  // pybind11 keeps the pointer
    texts.push_back(type.attr("__name__").cast<std::string>() + "()");
    result.descr = texts.back().c_str();
  }
  return result;
}

/// The class of an options struct: made from keywords, fields to read and write.
template <class T, class... Value>
Class<T> bind_options(Module& module, const char* name, const Field<T, Value>&... fields) {
  const T defaults{};
  Class<T> bound(module, name);
  bound.def(py::init([fields...](const Value&... values) {
              T made;
              ((made.*fields.member = values), ...);
              return made;
            }),
            py::kw_only(), argument(fields.name, defaults.*fields.member)...);
  (bound.def_readwrite(fields.name, fields.member), ...);
  return bound;
}

}  // namespace muxnet::python
