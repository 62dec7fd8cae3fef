#include <algorithm>
#include <functional>
#include <map>
#include <stdexcept>

#include "muxnet/core/error.hpp"
#include "muxnet/ops/operators.hpp"
#ifdef MUXNET_WITH_ONEDNN
#include "muxnet/ops/onednn.hpp"
#include "muxnet/ops/onednn_common.hpp"
#endif

namespace muxnet {
namespace {

template <class Items>
std::string joined(const Items& items) {
  std::string result;
  for (const auto& item : items) result += (result.empty() ? "" : ", ") + item;
  return result.empty() ? "none" : result;
}

/// What holds for every operator: number of inputs, extents of at least 1, known attributes.
void check(const Operator& op, std::span<const Shape> src, const Attributes& attributes) {
  require_inputs(op, op.name, src.size());
  for (const Shape& shape : src) {
    require(shape.size() >= 2 && std::ranges::all_of(shape, [](auto e) { return e >= 1; }), op.name,
            "inputs of at least 2 axes, each of extent 1 or more", to_string(shape));
  }
  for (const auto& [name, value] : attributes.values()) {
    require(std::ranges::find(op.attributes, name) != op.attributes.end(), op.name,
            text("attributes among: ", joined(op.attributes)), name);
  }
}

using Factory = std::unique_ptr<Kernel> (*)(const KernelSpec&);

#ifdef MUXNET_WITH_ONEDNN
constexpr Factory onednn_linear = make_onednn_linear;
constexpr Factory onednn_conv2d = make_onednn_conv2d;
constexpr Factory onednn_batch_norm = make_onednn_batch_norm;
constexpr Factory onednn_pool = make_onednn_pool;
#else
constexpr Factory onednn_linear = nullptr;
constexpr Factory onednn_conv2d = nullptr;
constexpr Factory onednn_batch_norm = nullptr;
constexpr Factory onednn_pool = nullptr;
#endif

/// An explicit list: objects that register themselves are dropped from static libraries.
struct Entry {
  Operator (*define)();
  Factory reference;
  Factory blas = nullptr;
  Factory onednn = nullptr;
};

constexpr Entry entries[] = {
    {define_adaptive_average_pool, make_reference_adaptive_average_pool},
    {define_add, make_reference_add},
    {define_average_pool, make_reference_average_pool, nullptr, onednn_pool},
    {define_batch_norm, make_reference_batch_norm, nullptr, onednn_batch_norm},
    {define_conv2d, make_reference_conv2d, make_blas_conv2d, onednn_conv2d},
    {define_dropout, make_reference_dropout},
    {define_flatten, make_reference_flatten},
    {define_l2_norm, make_reference_l2_norm},
    {define_linear, make_reference_linear, make_blas_linear, onednn_linear},
    {define_max_pool, make_reference_max_pool, nullptr, onednn_pool},
    {define_relu, make_reference_relu},
    {define_relu6, make_reference_relu6},
    {define_sigmoid, make_reference_sigmoid},
    {define_softmax, make_reference_softmax},
};

struct Registered {
  Operator definition;
  Entry entry;
};
using Definitions = std::map<std::string, Registered, std::less<>>;

void insert(Definitions& all, const Entry& entry) {
  const Operator op = entry.define();
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
  if (!all.emplace(op.name, Registered{std::move(checked), entry}).second) {
    throw std::logic_error(error_text("operators", "names used once", op.name));
  }
}

const Definitions& definitions() {
  static const Definitions all = [] {
    Definitions result;
    for (const Entry& entry : entries) insert(result, entry);
    return result;
  }();
  return all;
}

const Registered& registered(std::string_view name) {
  const auto found = definitions().find(name);
  if (found == definitions().end()) {
    throw std::out_of_range(
        error_text("find_operator", text("one of: ", joined(operator_names())), name));
  }
  return found->second;
}

constexpr Backend fastest_first[] = {Backend::onednn, Backend::blas, Backend::reference};

std::unique_ptr<Kernel> try_make(const Entry& entry, const KernelSpec& spec, Backend backend) {
  if (spec.dtype == DType::bf16 && !supports_bf16()) return nullptr;
  const Factory factory = backend == Backend::onednn ? entry.onednn
                          : backend == Backend::blas ? entry.blas
                                                     : entry.reference;
  return factory == nullptr ? nullptr : factory(spec);
}

/// The entry of the spec's operator, after checking that the spec is consistent.
const Entry& checked_entry(const KernelSpec& spec) {
  const Registered& found = registered(spec.op);
  require(spec.dtype == DType::f32 || spec.dtype == DType::f64 || spec.dtype == DType::bf16,
          spec.op, "dtype f32, f64 or bf16", name_of(spec.dtype));
  const Shape shape = found.definition.shape(spec.src, spec.attributes);
  require(spec.dst == shape, spec.op, text("dst ", to_string(shape)), to_string(spec.dst));
  require(spec.src_layouts.size() == spec.src.size(), spec.op,
          text(spec.src.size(), " src_layouts"), text(spec.src_layouts.size()));
  return found.entry;
}

}  // namespace

bool supports_bf16() {
#ifdef MUXNET_WITH_ONEDNN
  return onednn::supports_bf16();
#else
  return false;
#endif
}

void require_inputs(const Operator& op, std::string_view where, std::size_t count) {
  const std::size_t most = op.inputs + op.optional_inputs;
  require(count >= op.inputs && count <= most, where,
          text(op.inputs, most > op.inputs ? text(" or ", most) : "", " inputs of ", op.name),
          text(count));
}

const Operator& find_operator(std::string_view name) { return registered(name).definition; }

std::vector<std::string> operator_names() {
  std::vector<std::string> names;
  for (const auto& [name, registered] : definitions()) names.push_back(name);
  return names;
}

std::string_view name_of(Backend backend) {
  switch (backend) {
    case Backend::best:
      return "best";
    case Backend::reference:
      return "reference";
    case Backend::blas:
      return "blas";
    case Backend::onednn:
      return "onednn";
  }
  return "?";
}

std::unique_ptr<Kernel> find_kernel(const KernelSpec& spec, Backend backend) {
  const Entry& entry = checked_entry(spec);
  for (const Backend candidate : fastest_first) {
    if (backend != Backend::best && backend != candidate) continue;
    if (auto kernel = try_make(entry, spec, candidate)) return kernel;
  }
  return nullptr;
}

std::unique_ptr<Kernel> make_kernel(const KernelSpec& spec, Backend backend) {
  if (auto kernel = find_kernel(spec, backend)) return kernel;
  std::string names;
  for (const Backend able : backends_for(spec))
    names += text(names.empty() ? "" : ", ", name_of(able));
  throw std::invalid_argument(
      error_text(spec.op, text("a backend that can do it: ", names), name_of(backend)));
}

std::vector<Backend> backends_for(const KernelSpec& spec) {
  const Entry& entry = checked_entry(spec);
  std::vector<Backend> result;
  for (const Backend candidate : fastest_first) {
    if (try_make(entry, spec, candidate) != nullptr) result.push_back(candidate);
  }
  return result;
}

}  // namespace muxnet
