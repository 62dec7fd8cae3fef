#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <type_traits>
#include <vector>

#include "muxnet/core/access.hpp"
#include "muxnet/networks/predictor.hpp"
#include "muxnet/routing/policy.hpp"
#include "muxnet/runtime/decision_batch.hpp"

// Calls that keep other threads from changing their arguments meanwhile.
namespace muxnet::python {

using Holds = std::vector<Access::Hold>;

template <class T>
void hold(Holds&, std::string_view, const T&) {}  // what nobody changes
inline void hold(Holds& holds, std::string_view where, const Policy& policy) {
  holds.push_back(policy.reading(where));
}
inline void hold(Holds& holds, std::string_view where, const Model& model) {
  holds.push_back(model.access.read(where));
}
inline void hold(Holds& holds, std::string_view where, const Predictor& predictor) {
  hold(holds, where, predictor.model());
}
inline void hold(Holds& holds, std::string_view where, const DecisionBatch& batch) {
  holds.push_back(batch.reading(where));
}
template <class T>
void hold(Holds& holds, std::string_view where, const std::shared_ptr<T>& held) {
  if (held) hold(holds, where, *held);
}
template <class T>
void hold(Holds& holds, std::string_view where, const std::vector<T>& all) {
  for (const T& one : all) hold(holds, where, one);
}

template <class Function, class Return, class... Arguments>
auto reading_as(const char* where, Function function, Return (*)(Arguments...)) {
  return [where, function = std::move(function)](Arguments... arguments) -> std::decay_t<Return> {
    Holds holds;
    (hold(holds, where, arguments), ...);
    return std::invoke(function, std::forward<Arguments>(arguments)...);
  };
}

/// `function`, refused by BusyError, which names `where`, while another thread changes one of its
/// arguments. What it gives by reference is copied before others may.
template <class Function>
auto reading(const char* where, Function function) {
  using Signature = pybind11::detail::function_signature_t<Function>;
  return reading_as(where, std::move(function), static_cast<Signature*>(nullptr));
}
template <class Return, class Class, class... Arguments>
auto reading(const char* where, Return (Class::*method)(Arguments...) const) {
  using Signature = Return(const Class&, Arguments...);
  return reading_as(where, method, static_cast<Signature*>(nullptr));
}

}  // namespace muxnet::python
