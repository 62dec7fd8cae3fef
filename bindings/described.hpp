#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <type_traits>
#include <utility>

#include "texts.hpp"

// pybind11's modules, classes and enumerations, where all that is bound has the header's text; one
// given after it takes its place.
namespace muxnet::python {

namespace py = pybind11;

class Module : public py::module_ {
 public:
  explicit Module(const py::module_& module) : py::module_(module) {}

  template <class Function, class... Extra>
  Module& def(const char* name, Function&& function, const Extra&... extra) {
    py::module_::def(name, std::forward<Function>(function), text_of(name), extra...);
    return *this;
  }
};

/// As headers call what is bound in a module, or in a class of it.
inline std::string header_name(const py::handle& scope, const std::string& name) {
  const bool nested = PyType_Check(scope.ptr()) != 0;
  return nested ? scope.attr("__name__").cast<std::string>() + "." + name : name;
}

template <class T, class... Options>
class Class : public py::class_<T, Options...> {
  using Base = py::class_<T, Options...>;

 public:
  Class(const py::handle& scope, const char* name)
      : Class(scope, name, text_of(header_name(scope, name))) {}
  Class(const py::handle& scope, const char* name, const char* text)
      : Base(scope, name, text), name_(header_name(scope, name)) {}
  /// To add to a class that is bound already.
  explicit Class(const py::object& bound)
      : Base(bound), name_(bound.attr("__name__").cast<std::string>()) {}

  template <class Function, class... Extra>
  Class& def(const char* name, Function&& function, const Extra&... extra) {
    Base::def(name, std::forward<Function>(function), text(name), extra...);
    return *this;
  }
  template <class Constructor, class... Extra,
            class = std::enable_if_t<!std::is_convertible_v<Constructor, const char*>>>
  Class& def(Constructor&& constructor, const Extra&... extra) {
    Base::def(std::forward<Constructor>(constructor), text(name_.c_str()), extra...);
    return *this;
  }
  template <class Function, class... Extra>
  Class& def_static(const char* name, Function&& function, const Extra&... extra) {
    Base::def_static(name, std::forward<Function>(function), text(name), extra...);
    return *this;
  }
  template <class Member, class... Extra>
  Class& def_readonly(const char* name, const Member& member, const Extra&... extra) {
    Base::def_readonly(name, member, text(name), extra...);
    return *this;
  }
  template <class Member, class... Extra>
  Class& def_readwrite(const char* name, const Member& member, const Extra&... extra) {
    Base::def_readwrite(name, member, text(name), extra...);
    return *this;
  }
  template <class Get, class... Extra>
  Class& def_property_readonly(const char* name, const Get& get, const Extra&... extra) {
    Base::def_property_readonly(name, get, text(name), extra...);
    return *this;
  }
  template <class Get, class... Extra>
  Class& def_property_readonly_static(const char* name, const Get& get, const Extra&... extra) {
    Base::def_property_readonly_static(name, get, text(name), extra...);
    return *this;
  }
  template <class Get, class Set, class... Extra>
  Class& def_property(const char* name, const Get& get, const Set& set, const Extra&... extra) {
    Base::def_property(name, get, set, text(name), extra...);
    return *this;
  }

 private:
  const char* text(const char* member) const { return text_of(name_ + "." + member); }

  std::string name_;
};

template <class Error>
void bind_error(Module& module, const char* name, PyObject* base) {
  py::register_exception<Error>(module, name, base).attr("__doc__") = text_of(name);
}

template <class T>
class Enumeration : public py::enum_<T> {
 public:
  Enumeration(const py::handle& scope, const char* name)
      : py::enum_<T>(scope, name, text_of(header_name(scope, name))),
        name_(header_name(scope, name)) {}

  Enumeration& value(const char* name, T value) {
    py::enum_<T>::value(name, value, text_of(name_ + "." + name));
    return *this;
  }

 private:
  std::string name_;
};

}  // namespace muxnet::python
