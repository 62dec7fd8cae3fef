#include <algorithm>
#include <cmath>

#include "muxnet/core/names.hpp"
#include "muxnet/ops/operators.hpp"
#ifdef MUXNET_WITH_ONEDNN
#include "muxnet/ops/onednn_common.hpp"
#endif

namespace muxnet {
namespace {

/// What holds for every operator: number of inputs, extents of at least 1, known attributes.
void check(const Operator& op, std::span<const Shape> src, const Attributes& attributes) {
  require_inputs(op, op.name, src.size());
  for (const Shape& shape : src) {
    if (shape.size() >= 2 && std::ranges::all_of(shape, [](auto e) { return e >= 1; })) continue;
    refuse(op.name, "inputs of at least 2 axes, each of extent 1 or more", to_string(shape));
  }
  for (const auto& [name, value] : attributes.values()) {
    if (std::ranges::find(op.attributes, name) != op.attributes.end()) continue;
    refuse(op.name, text("attributes among: ", joined(op.attributes)), name);
  }
}

constexpr Backend fastest_first[] = {Backend::streamed, Backend::onednn, Backend::blas,
                                     Backend::reference};

std::unique_ptr<Kernel> try_make(const KernelFactories& kernels, const KernelSpec& spec,
                                 Backend backend) {
  if (spec.dtype == DType::bf16 && !supports_bf16()) return nullptr;
  if (spec.dtype == DType::s8 && (spec.training || !supports_int8())) return nullptr;
  const KernelFactory factory = backend == Backend::streamed ? kernels.streamed
                                : backend == Backend::onednn ? kernels.onednn
                                : backend == Backend::blas   ? kernels.blas
                                                             : kernels.reference;
  return factory == nullptr ? nullptr : factory(spec);
}

/// Integers of 8 bits, or f32 where `may_be_float`, with a scale that can be divided by.
void check_elements(const KernelSpec& spec, const Elements& elements, bool may_be_float) {
  const bool integers = elements.dtype == DType::u8 || elements.dtype == DType::s8;
  require(integers || (may_be_float && elements.dtype == DType::f32), spec.op,
          may_be_float ? "elements u8, s8 or f32" : "elements u8 or s8", name_of(elements.dtype));
  require(std::isnormal(elements.scale) && elements.scale > 0, spec.op, "a scale above 0",
          text(elements.scale));
}

void check_int8(const KernelSpec& spec) {
  require(spec.src_elements.size() == spec.src.size(), spec.op,
          text(spec.src.size(), " src_elements"), text(spec.src_elements.size()));
  check_elements(spec, spec.src_elements.front(), false);
  for (const Elements& elements : spec.src_elements) check_elements(spec, elements, true);
  check_elements(spec, spec.dst_elements, true);
}

/// The kernels of the spec's operator, after checking that the spec is consistent.
const KernelFactories& checked_kernels(const KernelSpec& spec) {
  const OperatorEntry& found = operators().find(spec.op);
  const auto known = {DType::f32, DType::f64, DType::bf16, DType::s8};
  require(std::ranges::find(known, spec.dtype) != known.end(), spec.op,
          "dtype f32, f64, bf16 or s8", name_of(spec.dtype));
  const Shape shape = found.definition.shape(spec.src, spec.attributes);
  if (spec.dst != shape) refuse(spec.op, text("dst ", to_string(shape)), to_string(spec.dst));
  if (spec.src_layouts.size() != spec.src.size()) {
    refuse(spec.op, text(spec.src.size(), " src_layouts"), text(spec.src_layouts.size()));
  }
  if (spec.dtype == DType::s8) check_int8(spec);
  return found.kernels;
}

}  // namespace

bool supports_bf16() {
#ifdef MUXNET_WITH_ONEDNN
  return onednn::supports_bf16();
#else
  return false;
#endif
}

bool supports_int8() {
#ifdef MUXNET_WITH_ONEDNN
  return onednn::supports_int8();
#else
  return false;
#endif
}

void require_inputs(const Operator& op, std::string_view where, std::size_t count) {
  const std::size_t most = op.inputs + op.optional_inputs;
  if (count >= op.inputs && count <= most) return;
  refuse(where, text(op.inputs, most > op.inputs ? text(" or ", most) : "", " inputs of ", op.name),
         text(count));
}

OperatorRegister& operators() {
  static OperatorRegister all("operators", {MUXNET_OPS_ENTRIES});
  return all;
}

void add_operator(OperatorRegister& operators, const Operator& definition,
                  const KernelFactories& kernels) {
  Operator checked = definition;
  checked.shape = [definition](std::span<const Shape> src, const Attributes& attributes) {
    check(definition, src, attributes);
    return definition.shape(src, attributes);
  };
  checked.macs = [definition](std::span<const Shape> src, const Attributes& attributes) {
    check(definition, src, attributes);
    return definition.macs(src, attributes);
  };
  checked.parameters = [definition](std::span<const Shape> src, const Attributes& attributes) {
    check(definition, src, attributes);
    return definition.parameters(src, attributes);
  };
  operators.add({definition.name, std::move(checked), kernels});
}

const Operator& find_operator(std::string_view name) { return operators().find(name).definition; }

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
    case Backend::streamed:
      return "streamed";
  }
  return "?";
}

std::unique_ptr<Kernel> find_kernel(const KernelSpec& spec, Backend backend) {
  const KernelFactories& kernels = checked_kernels(spec);
  for (const Backend candidate : fastest_first) {
    if (backend != Backend::best && backend != candidate) continue;
    if (auto kernel = try_make(kernels, spec, candidate)) return kernel;
  }
  return nullptr;
}

std::unique_ptr<Kernel> make_kernel(const KernelSpec& spec, Backend backend) {
  if (auto kernel = find_kernel(spec, backend)) return kernel;
  const std::string able = joined(backends_for(spec), [](Backend b) { return name_of(b); });
  throw std::invalid_argument(
      error_text(spec.op, text("a backend that can do it: ", able), name_of(backend)));
}

std::vector<Backend> backends_for(const KernelSpec& spec) {
  const KernelFactories& kernels = checked_kernels(spec);
  std::vector<Backend> result;
  for (const Backend candidate : fastest_first) {
    if (try_make(kernels, spec, candidate) != nullptr) result.push_back(candidate);
  }
  return result;
}

}  // namespace muxnet
