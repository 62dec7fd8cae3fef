#pragma once

#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <unordered_map>
#include <vector>

#include "muxnet/ops/layout.hpp"
#include "muxnet/ops/weight_forms.hpp"

namespace muxnet::onednn {

using Arguments = std::unordered_map<int, dnnl::memory>;

const dnnl::engine& engine();
dnnl::stream& stream();

dnnl::memory::data_type type_of(DType dtype);
dnnl::memory::desc describe(const Shape& shape, Layout layout, DType dtype);
dnnl::memory::desc describe(const dnnl::memory::dims& dims, dnnl::memory::format_tag tag,
                            DType dtype = DType::f32);

/// Whether the CPU has instructions for bf16: oneDNN would emulate them, slowly.
bool supports_bf16();

/// Whether the CPU sums products of 8 bits in 32: oneDNN would do it in 16 bits, and overflow.
bool supports_int8();

/// Layouts worth asking for on this CPU, best first.
const std::vector<Layout>& preferred_layouts();

/// A memory whose data pointer is set later.
dnnl::memory handle(const dnnl::memory::desc& desc);
/// A memory with room of its own.
dnnl::memory owned(const dnnl::memory::desc& desc);

inline void point(dnnl::memory& memory, const void* data) {
  memory.set_data_handle(const_cast<void*>(data));
}

/// Attributes of every primitive: its scratch memory is the caller's. oneDNN's own would belong to
/// the thread that made the primitive, which another one may run.
dnnl::primitive_attr attributes();

/// Makes room in `arguments` for the scratch memory of a primitive; returns its bytes.
template <class Descriptor>
std::size_t add_scratch(const Descriptor& descriptor, Arguments& arguments) {
  const dnnl::memory::desc desc = descriptor.scratchpad_desc();
  const std::size_t bytes = desc.get_size();
  if (bytes > 0) arguments.insert_or_assign(DNNL_ARG_SCRATCHPAD, handle(desc));
  return bytes;
}

/// Runs and waits, so that what follows may read the result.
void run(const dnnl::primitive& primitive, const Arguments& arguments, void* scratch);

/// Whether this is optimised code; oneDNN's fallback names itself "ref..." (or "gemm:ref").
bool is_fast(const std::string& implementation);

/// Whether it is a product of matrices rather than code made for the operator.
bool multiplies_matrices(const std::string& implementation);

/// A tensor that the caller holds in one layout and a primitive wants in another (weights and their
/// gradients): the same memory where both agree, else a copy and the reorder to it.
class Translated {
 public:
  enum class Direction { to_primitive, from_primitive };

  Translated() = default;
  Translated(const dnnl::memory::desc& plain, const dnnl::memory::desc& wanted,
             Direction direction);

  /// What the primitive reads or writes.
  const dnnl::memory& memory() const { return same_ ? plain_ : inner_; }
  void point(void* data) { onednn::point(plain_, data); }
  /// Moves the data across, in the direction given at construction.
  void translate(void* scratch);
  /// The same to the primitive, by a copy in `forms` that others of these weights read too.
  void translate(void* scratch, WeightForms& forms);
  std::size_t scratch_bytes() const { return scratch_bytes_; }

 private:
  void hold(std::shared_ptr<const dnnl::memory> copy);

  bool same_ = true;
  dnnl::memory plain_;
  dnnl::memory inner_;                        ///< where `held_` is
  std::shared_ptr<const dnnl::memory> held_;  ///< made by the first translation
  dnnl::reorder reorder_;
  Arguments arguments_;
  std::size_t scratch_bytes_ = 0;
};

}  // namespace muxnet::onednn
