#include <gtest/gtest.h>

#include <set>

#include "muxnet/ops/operators.hpp"
#include "ops/comparison.hpp"

namespace muxnet {
namespace {

using testing::all_close;
using testing::compare;
using testing::KernelRunner;
using testing::repeat;
using testing::spec_of;
using testing::Values;

constexpr int draws = 50;
constexpr Layout layouts[] = {Layout::nchw, Layout::nhwc, Layout::nChw8c, Layout::nChw16c};

/// Random shapes and attributes for every operator that has a fast kernel.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : random_(seed) {}

  KernelSpec spec(const std::string& op, bool training) {
    if (op == "conv2d") return convolution(training);
    if (op == "linear") {
      return spec_of(op, {{"features", from(1, 40)}, {"bias", from(0, 1)}},
                     {{from(1, 9), from(1, 50)}}, DType::f32, training);
    }
    if (op == "batch_norm") {
      const Attributes attributes{{"relu", from(0, 1)}, {"momentum", 0.3}};
      if (from(0, 4) == 0) {
        return spec_of(op, attributes, {{from(2, 9), from(1, 40)}}, DType::f32, training);
      }
      return spec_of(op, attributes, {image(from(2, 5), from(1, 40))}, DType::f32, training,
                     layouts[from(0, 3)]);
    }
    if (op == "relu" || op == "relu6" || op == "add") {
      const std::vector<Shape> src(find_operator(op).inputs, image(from(1, 4), from(1, 40)));
      return spec_of(op, {}, src, DType::f32, training, layouts[from(0, 3)]);
    }
    return pooling(op, training);
  }

 private:
  std::int64_t from(std::int64_t least, std::int64_t most) {
    return least +
           static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(most - least + 1)));
  }
  Shape image(std::int64_t batch, std::int64_t channels) {
    return {batch, channels, from(4, 12), from(4, 12)};
  }
  std::vector<std::int64_t> two(std::int64_t least, std::int64_t most) {
    return {from(least, most), from(least, most)};
  }

  KernelSpec convolution(bool training) {
    std::int64_t groups = 1, inputs = from(1, 20), outputs = from(1, 20);
    switch (from(0, 3)) {
      case 0:  // grouped, as resnext
        groups = from(2, 4), inputs = groups * from(1, 8), outputs = groups * from(1, 8);
        break;
      case 1:  // depthwise, as mobilenet
        groups = inputs = outputs = from(2, 40);
        break;
      case 2:  // widths that blocked layouts like
        inputs = 16 * from(1, 2), outputs = 16 * from(1, 2);
        break;
      default:
        break;
    }
    Attributes attributes{{"channels", outputs},  {"kernel", two(1, 3)}, {"stride", two(1, 2)},
                          {"padding", two(0, 2)}, {"groups", groups},    {"bias", from(0, 1)}};
    if (from(0, 5) == 0) attributes.set("dilation", two(1, 2)).set("padding", 2);
    if (from(0, 3) == 0) attributes.set("kernel", 1).set("padding", 0).set("stride", 1);
    std::vector<Shape> src{image(from(1, 4), inputs)};
    if (!training) {
      attributes.set(from(0, 1) == 0 ? "relu" : "relu6", from(0, 1));
      if (from(0, 1) == 0) src.push_back(find_operator("conv2d").shape(src, attributes));
    }
    return spec_of("conv2d", attributes, src, DType::f32, training, layouts[from(0, 3)]);
  }

  KernelSpec pooling(const std::string& op, bool training) {
    Attributes attributes{{"kernel", two(2, 3)}, {"stride", two(1, 3)}, {"padding", two(0, 1)}};
    if (op == "max_pool") attributes.set("ceil_mode", from(0, 1));
    if (op == "average_pool") attributes.set("count_include_pad", from(0, 1));
    return spec_of(op, attributes, {image(from(1, 4), from(1, 40))}, DType::f32, training,
                   layouts[from(0, 3)]);
  }

  Random random_;
};

class FastKernel : public ::testing::TestWithParam<std::string> {};

TEST_P(FastKernel, AgreesWithReference) {
  std::set<Backend> met;
  for (int i = 0; i < draws; ++i) {
    for (const bool training : {true, false}) {
      const auto seed = static_cast<std::uint64_t>(i);
      const KernelSpec spec = Draw(seed).spec(GetParam(), training);
      for (const Backend backend : backends_for(spec)) {
        if (backend == Backend::reference) continue;
        met.insert(backend);
        compare<float>(spec, backend, seed);
        if (training && i % 10 == 0) repeat(spec, backend, seed);
      }
    }
  }
  const KernelFactories kernels = operators().find(GetParam()).kernels;
  EXPECT_EQ(met.contains(Backend::blas), kernels.blas != nullptr);
  EXPECT_EQ(met.contains(Backend::onednn), kernels.onednn != nullptr);
}

std::vector<std::string> with_fast_kernels() {
  std::vector<std::string> names;
  for (const OperatorEntry& entry : operators().entries()) {
    if (entry.kernels.blas != nullptr || entry.kernels.onednn != nullptr) {
      names.push_back(entry.name);
    }
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(Operators, FastKernel, ::testing::ValuesIn(with_fast_kernels()),
                         [](const auto& test) { return test.param; });

class Bf16Kernel : public ::testing::TestWithParam<std::string> {};

TEST_P(Bf16Kernel, AgreesWithReference) {
  if (!supports_bf16()) GTEST_SKIP() << "no bf16 on this CPU or in this build";
  int met = 0;
  for (int i = 0; i < draws; ++i) {
    for (const bool training : {true, false}) {
      const auto seed = static_cast<std::uint64_t>(i);
      KernelSpec spec = Draw(seed).spec(GetParam(), training);
      spec.dtype = DType::bf16;
      for (const Backend backend : backends_for(spec)) {
        ++met;
        compare<bfloat16>(spec, backend, seed);
      }
    }
  }
  EXPECT_GT(met, 0) << "no kernel";
}

INSTANTIATE_TEST_SUITE_P(Operators, Bf16Kernel,
                         ::testing::Values("conv2d", "linear", "batch_norm", "max_pool",
                                           "average_pool", "relu", "relu6", "add"),
                         [](const auto& test) { return test.param; });

class AnyLayout : public ::testing::TestWithParam<std::string> {};

TEST_P(AnyLayout, GivesWhatPlainGives) {
  const std::vector<Shape> src(find_operator(GetParam()).inputs, Shape{2, 19, 5, 3});
  const auto run = [&](Layout layout) {
    KernelRunner<float> runner(spec_of(GetParam(), {}, src, DType::f32, true, layout),
                               Backend::reference);
    EXPECT_EQ(runner.kernel().src_layout(0), layout);
    runner.draw(3);
    runner.forward();
    runner.backward();
    return runner;
  };
  const auto plain = run(Layout::nchw);
  for (const Layout layout : layouts) {
    SCOPED_TRACE(name_of(layout));
    const auto other = run(layout);
    const auto close = [](const Values<float>& a, const Values<float>& b) {
      return all_close<float>(a, Values<double>(b.begin(), b.end()));
    };
    EXPECT_TRUE(close(other.dst, plain.dst));
    for (std::size_t i = 0; i < src.size(); ++i) {
      EXPECT_TRUE(close(other.diff_src[i], plain.diff_src[i]));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Operators, AnyLayout,
                         ::testing::Values("relu", "relu6", "add", "adaptive_average_pool"),
                         [](const auto& test) { return test.param; });

TEST(Backends, ReferenceIsTheLastAndDoesFloat64) {
  const std::vector<Shape> src{{2, 8, 6, 6}};
  const Attributes attributes{{"channels", 8}, {"kernel", 3}};
  const KernelSpec spec = spec_of("conv2d", attributes, src, DType::f32);
  EXPECT_EQ(backends_for(spec).back(), Backend::reference);
  EXPECT_GE(backends_for(spec).size(), 2u);  // blas at least
  const KernelSpec exact = spec_of("conv2d", attributes, src, DType::f64);
  EXPECT_EQ(backends_for(exact), std::vector<Backend>{Backend::reference});
  EXPECT_EQ(make_kernel(exact)->implementation(), "reference");
  EXPECT_EQ(make_kernel(spec, Backend::blas)->implementation(), "blas");
}

std::string error_of(const KernelSpec& spec, Backend backend) {
  try {
    make_kernel(spec, backend);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no error";
}

TEST(Backends, ErrorsSayWhatThereIs) {
  const KernelSpec spec = spec_of("softmax", {}, {{2, 3}}, DType::f32);
  EXPECT_EQ(error_of(spec, Backend::blas),
            "[softmax] expected a backend that can do it: reference, received blas");
  KernelSpec wrong = spec;
  wrong.dst = {2, 4};
  EXPECT_EQ(error_of(wrong, Backend::best), "[softmax] expected dst (2, 3), received (2, 4)");
  wrong = spec;
  wrong.dtype = DType::i32;
  EXPECT_EQ(error_of(wrong, Backend::best),
            "[softmax] expected dtype f32, f64, bf16 or s8, received i32");
  wrong = spec;
  wrong.src_layouts.clear();
  EXPECT_EQ(error_of(wrong, Backend::best), "[softmax] expected 1 src_layouts, received 0");
  EXPECT_EQ(error_of(spec_of("batch_norm", {}, {{1, 3}}, DType::f32), Backend::reference),
            "[batch_norm] expected more than one value per channel when training, received (1, 3)");
}

}  // namespace
}  // namespace muxnet
