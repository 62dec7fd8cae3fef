#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "muxnet/core/tensor.hpp"
#include "muxnet/ops/attributes.hpp"
#include "muxnet/ops/layout.hpp"
#include "muxnet/ops/weight_forms.hpp"

namespace muxnet {

/// Families of kernels. `best` takes the first of streamed, onednn, blas, reference that can do the
/// work; `streamed` are our own for what is bound by reading its weights.
enum class Backend : std::uint8_t { best, reference, blas, onednn, streamed };

std::string_view name_of(Backend backend);

/// Everything a kernel may specialise on.
struct KernelSpec {
  std::string op;
  Attributes attributes;
  std::vector<Shape> src;
  /// Layouts in which the producers would deliver; a kernel may ask for others.
  std::vector<Layout> src_layouts;
  Shape dst;
  DType dtype = DType::f32;  ///< of src, dst and their gradients; s8: int8, as the next two say
  std::vector<Elements> src_elements = {};  ///< of int8 alone: u8 or s8, a second f32 where dst is
  Elements dst_elements = {};               ///< of int8 alone: u8, s8 or f32
  bool training = true;
  /// Whether backward must give the gradient of src (not for the first layer).
  bool needs_diff_src = true;
};

/// Memory of one call. Elements are KernelSpec::dtype, in the kernel's layouts; parameters and
/// their gradients are always plain, in the order of Operator::parameters, and f32 for bf16 and
/// int8.
struct KernelArguments {
  std::vector<const void*> src;
  void* dst = nullptr;
  std::vector<void*> parameters;  ///< not const: batch norm updates its running statistics
  const void* diff_dst = nullptr;
  std::vector<void*> diff_src;         ///< nullptr where nobody needs it; overwritten, not added to
  std::vector<void*> diff_parameters;  ///< nullptr for buffers; overwritten, not added to
  void* workspace = nullptr;           ///< lives from forward to backward
  void* scratch = nullptr;             ///< lives during this call
  /// Grows whenever parameters change, so that a kernel can cache what it derives from them.
  std::uint64_t parameters_version = 0;
  /// Where kernels find and keep what they derive from parameters of this version, of which other
  /// plans compute with the same; nullptr: each keeps its own.
  WeightForms* forms = nullptr;
  /// Names the random numbers of this pass (dropout): same seed, same mask.
  std::uint64_t seed = 0;
};

/// One operator at one shape, ready to run. forward and backward allocate nothing.
class Kernel {
 public:
  virtual ~Kernel() = default;

  virtual void forward(const KernelArguments& arguments) = 0;
  /// Follows a forward with the same arguments. Only for specs with training == true.
  virtual void backward(const KernelArguments& arguments) = 0;

  virtual Layout src_layout(std::size_t index) const = 0;
  virtual Layout dst_layout() const = 0;
  /// The input whose memory dst takes over: forward finds it there. Inference only.
  virtual std::optional<std::size_t> in_place_src() const { return std::nullopt; }
  virtual std::size_t workspace_bytes() const { return 0; }
  virtual std::size_t forward_scratch_bytes() const { return 0; }
  virtual std::size_t backward_scratch_bytes() const { return 0; }

  /// What backward reads besides diff_dst, parameters and workspace: all else may be reused.
  virtual bool backward_reads_src() const { return true; }
  virtual bool backward_reads_dst() const { return true; }

  /// Whether a ThreadLimit holds for it: OpenBLAS has one number for the whole process.
  virtual bool heeds_thread_limit() const { return true; }

  /// For example "reference", "blas", "onednn jit:avx512_core".
  virtual std::string implementation() const = 0;
};

/// A kernel for `spec`; throws std::invalid_argument when `backend` cannot do it (never for `best`
/// and `reference`, which can do everything in f32 and f64).
std::unique_ptr<Kernel> make_kernel(const KernelSpec& spec, Backend backend = Backend::best);

/// The same, nullptr where it cannot.
std::unique_ptr<Kernel> find_kernel(const KernelSpec& spec, Backend backend = Backend::best);

/// Backends that can do `spec`, fastest first; of f32 and f64 `reference` is always the last. Few
/// operators can do bf16 or int8, and none where supports_bf16() or supports_int8() is false.
std::vector<Backend> backends_for(const KernelSpec& spec);

/// Whether this CPU multiplies bf16 and this build has the kernels for it.
bool supports_bf16();

/// Whether this CPU sums products of u8 and s8 in 32 bits (VNNI) and this build has the kernels for
/// it. Others sum pairs of them in 16 bits, which overflow.
bool supports_int8();

}  // namespace muxnet
