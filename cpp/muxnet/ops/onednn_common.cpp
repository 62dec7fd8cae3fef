#include "muxnet/ops/onednn_common.hpp"

namespace muxnet::onednn {

const dnnl::engine& engine() {
  static const dnnl::engine instance(dnnl::engine::kind::cpu, 0);
  return instance;
}

dnnl::stream& stream() {
  // One per thread: a stream is cheap, and two plans may run side by side.
  static thread_local dnnl::stream instance(engine());
  return instance;
}

namespace {

bool cpu_has(dnnl::cpu_isa wanted) {
  const auto bits = [](dnnl::cpu_isa isa) { return static_cast<unsigned>(isa); };
  return (bits(dnnl::get_effective_cpu_isa()) & bits(wanted)) == bits(wanted);
}

}  // namespace

bool supports_bf16() { return cpu_has(dnnl::cpu_isa::avx512_core_bf16); }

bool supports_int8() {
#if DNNL_VERSION_MAJOR >= 3
  return false;  // says scales in another way, which nobody has written here
#else
  return cpu_has(dnnl::cpu_isa::avx512_core_vnni) || cpu_has(dnnl::cpu_isa::avx2_vnni);
#endif
}

dnnl::memory::data_type type_of(DType dtype) {
  using Type = dnnl::memory::data_type;
  switch (dtype) {
    case DType::bf16:
      return Type::bf16;
    case DType::u8:
      return Type::u8;
    case DType::s8:
      return Type::s8;
    default:
      return Type::f32;
  }
}

dnnl::memory::desc describe(const dnnl::memory::dims& dims, dnnl::memory::format_tag tag,
                            DType dtype) {
  return {dims, type_of(dtype), tag};
}

dnnl::memory::desc describe(const Shape& shape, Layout layout, DType dtype) {
  using Tag = dnnl::memory::format_tag;
  Tag tag = Tag::nchw;
  switch (layout) {
    case Layout::nchw:
      tag = Tag::nchw;
      break;
    case Layout::nhwc:
      tag = Tag::nhwc;
      break;
    case Layout::nChw8c:
      tag = Tag::nChw8c;
      break;
    case Layout::nChw16c:
      tag = Tag::nChw16c;
      break;
  }
  return describe(dnnl::memory::dims(shape.begin(), shape.end()), tag, dtype);
}

const std::vector<Layout>& preferred_layouts() {
  static const std::vector<Layout> layouts = [] {
    return cpu_has(dnnl::cpu_isa::avx512_core)
               ? std::vector{Layout::nChw16c, Layout::nChw8c, Layout::nhwc, Layout::nchw}
               : std::vector{Layout::nChw8c, Layout::nhwc, Layout::nchw};
  }();
  return layouts;
}

dnnl::memory handle(const dnnl::memory::desc& desc) { return {desc, engine(), nullptr}; }

dnnl::memory owned(const dnnl::memory::desc& desc) { return {desc, engine()}; }

dnnl::primitive_attr attributes() {
  dnnl::primitive_attr result;
  result.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return result;
}

void run(const dnnl::primitive& primitive, const Arguments& arguments, void* scratch) {
  const auto room = arguments.find(DNNL_ARG_SCRATCHPAD);
  if (room != arguments.end()) room->second.set_data_handle(scratch);
  primitive.execute(stream(), arguments);
  stream().wait();
}

bool is_fast(const std::string& implementation) {
  return implementation.find("ref") == std::string::npos;
}

bool multiplies_matrices(const std::string& implementation) {
  // "x64:gemm:jit"; "brgemm:avx512_core" is made for the operator, of small products.
  const bool gemm = implementation.find("gemm") != std::string::npos;
  return gemm && implementation.find("brgemm") == std::string::npos;
}

Translated::Translated(const dnnl::memory::desc& plain, const dnnl::memory::desc& wanted,
                       Direction direction)
    : same_(plain == wanted), plain_(handle(plain)) {
  if (same_) return;
  inner_ = handle(wanted);
  const bool inwards = direction == Direction::to_primitive;
  if (!inwards) hold(std::make_shared<dnnl::memory>(owned(wanted)));  // the primitive writes there
  dnnl::memory& from = inwards ? plain_ : inner_;
  dnnl::memory& to = inwards ? inner_ : plain_;
  const dnnl::reorder::primitive_desc desc(engine(), from.get_desc(), engine(), to.get_desc(),
                                           attributes());
  reorder_ = dnnl::reorder(desc);
  arguments_ = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
  scratch_bytes_ = add_scratch(desc, arguments_);
}

void Translated::hold(std::shared_ptr<const dnnl::memory> copy) {
  held_ = std::move(copy);
  onednn::point(inner_, held_->get_data_handle());
}

void Translated::translate(void* scratch) {
  if (same_) return;
  if (!held_) hold(std::make_shared<dnnl::memory>(owned(inner_.get_desc())));
  run(reorder_, arguments_, scratch);
}

void Translated::translate(void* scratch, WeightForms& forms) {
  if (same_) return;
  const auto wanted = inner_.get_desc();
  hold(forms.find<dnnl::memory>(
      plain_.get_data_handle(), [&](const dnnl::memory& form) { return form.get_desc() == wanted; },
      [&] {
        held_.reset();  // what others read stays as it is
        translate(scratch);
        return held_;
      }));
}

}  // namespace muxnet::onednn
