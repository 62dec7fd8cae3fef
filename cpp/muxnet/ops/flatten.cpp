#include <algorithm>

#include "muxnet/ops/define.hpp"
#include "muxnet/ops/operators.hpp"
#include "muxnet/ops/reference.hpp"

namespace muxnet {
namespace {

Shape flatten_shape(std::span<const Shape> src, const Attributes&) {
  require_rank("flatten", src[0], 4);
  return {src[0][0], src[0][1] * src[0][2] * src[0][3]};
}

template <class T>
class Flatten final : public ReferenceKernel {
 public:
  explicit Flatten(const KernelSpec& spec) : elements_(volume(spec.dst)) {}

  void forward(const KernelArguments& arguments) override {
    std::copy_n(src<T>(arguments), elements_, dst<T>(arguments));
  }

  void backward(const KernelArguments& arguments) override {
    if (T* const dx = diff_src<T>(arguments)) std::copy_n(diff_dst<T>(arguments), elements_, dx);
  }

  bool backward_reads_src() const override { return false; }
  bool backward_reads_dst() const override { return false; }

 private:
  std::int64_t elements_;
};

}  // namespace

void add_flatten(OperatorRegister& operators) {
  add_operator(
      operators,
      {.name = "flatten", .shape = flatten_shape, .macs = no_macs, .parameters = no_parameters},
      {.reference = make_for_dtype<Flatten>});
}

}  // namespace muxnet
