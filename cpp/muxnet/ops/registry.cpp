#include <algorithm>
#include <functional>
#include <map>
#include <stdexcept>

#include "muxnet/core/error.hpp"
#include "muxnet/ops/operators.hpp"

namespace muxnet {
namespace {

using Definitions = std::map<std::string, Operator, std::less<>>;

template <class Items>
std::string joined(const Items& items) {
  std::string result;
  for (const auto& item : items) result += (result.empty() ? "" : ", ") + item;
  return result.empty() ? "none" : result;
}

/// What holds for every operator: number of inputs, extents of at least 1, known attributes.
void check(const Operator& op, std::span<const Shape> src, const Attributes& attributes) {
  require(src.size() == op.inputs, op.name, text(op.inputs, " inputs"), text(src.size()));
  for (const Shape& shape : src) {
    require(shape.size() >= 2 && std::ranges::all_of(shape, [](auto e) { return e >= 1; }), op.name,
            "inputs of at least 2 axes, each of extent 1 or more", to_string(shape));
  }
  for (const auto& [name, value] : attributes.values()) {
    require(std::ranges::find(op.attributes, name) != op.attributes.end(), op.name,
            text("attributes among: ", joined(op.attributes)), name);
  }
}

void insert(Definitions& all, Operator op) {
  Operator checked = op;
  checked.shape = [op](std::span<const Shape> src, const Attributes& attributes) {
    check(op, src, attributes);
    return op.shape(src, attributes);
  };
  checked.macs = [op](std::span<const Shape> src, const Attributes& attributes) {
    check(op, src, attributes);
    return op.macs(src, attributes);
  };
  checked.parameters = [op](std::span<const Shape> src, const Attributes& attributes) {
    check(op, src, attributes);
    return op.parameters(src, attributes);
  };
  const std::string name = op.name;
  if (!all.emplace(name, std::move(checked)).second) {
    throw std::logic_error(error_text("operators", "names used once", name));
  }
}

const Definitions& definitions() {
  static const Definitions all = [] {
    Definitions result;
    for (const auto define :
         {define_adaptive_average_pool, define_add, define_average_pool, define_batch_norm,
          define_conv2d, define_dropout, define_flatten, define_l2_norm, define_linear,
          define_max_pool, define_relu, define_relu6, define_sigmoid, define_softmax}) {
      insert(result, define());
    }
    return result;
  }();
  return all;
}

}  // namespace

const Operator& find_operator(std::string_view name) {
  const auto found = definitions().find(name);
  if (found == definitions().end()) {
    throw std::out_of_range(
        error_text("find_operator", text("one of: ", joined(operator_names())), name));
  }
  return found->second;
}

std::vector<std::string> operator_names() {
  std::vector<std::string> names;
  for (const auto& [name, op] : definitions()) names.push_back(name);
  return names;
}

}  // namespace muxnet
