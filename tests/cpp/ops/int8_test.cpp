#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "muxnet/core/random.hpp"
#include "muxnet/ops/conv2d.hpp"
#include "muxnet/ops/operators.hpp"
#include "muxnet/ops/quantization.hpp"
#include "ops/kernel_runner.hpp"
#include "support/errors.hpp"

namespace muxnet {
namespace {

using testing::expect_error;
using testing::spec_of;

constexpr int draws = 120;
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : random_(seed) {}

  std::int64_t from(std::int64_t least, std::int64_t most) {
    return least +
           static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(most - least + 1)));
  }
  float number() { return static_cast<float>(random_.normal()); }
  Elements integers() {
    return {from(0, 1) == 0 ? DType::u8 : DType::s8,
            std::exp(static_cast<float>(from(-40, 0)) / 10)};
  }

  /// A convolution in int8 of any kind that networks have.
  KernelSpec convolution() {
    std::int64_t groups = 1, inputs = from(1, 40), outputs = from(1, 40);
    if (from(0, 2) == 0) groups = from(2, 4), inputs = groups * from(1, 16), outputs = inputs;
    if (from(0, 3) == 0) groups = inputs = outputs = from(2, 40);
    Attributes attributes{{"channels", outputs}, {"groups", groups}, {"bias", from(0, 1)}};
    attributes.set("kernel", std::vector{from(1, 3), from(1, 3)})
        .set("stride", std::vector{from(1, 2), from(1, 2)})
        .set("padding", std::vector{from(0, 1), from(0, 1)});
    if (from(0, 5) == 0) attributes.set("dilation", std::int64_t{2}).set("padding", from(0, 2));
    attributes.set(from(0, 1) == 0 ? "relu" : "relu6", from(0, 1));
    std::vector<Shape> src{{from(1, 3), inputs, from(5, 12), from(5, 12)}};
    if (from(0, 1) == 0) src.push_back(find_operator("conv2d").shape(src, attributes));
    return in_int8("conv2d", attributes, src);
  }

  KernelSpec linear() {
    const Attributes attributes{{"features", from(1, 70)}, {"bias", from(0, 1)}};
    return in_int8("linear", attributes, {{from(1, 9), from(1, 70)}});
  }

 private:
  KernelSpec in_int8(const std::string& op, const Attributes& attributes,
                     const std::vector<Shape>& src) {
    KernelSpec spec = spec_of(op, attributes, src, DType::s8, false);
    spec.dst_elements = from(0, 1) == 0 ? integers() : Elements{};
    for (std::size_t i = 0; i < src.size(); ++i) {
      const bool floats = i > 0 && spec.dst_elements.dtype == DType::f32;
      spec.src_elements.push_back(floats ? Elements{} : integers());
    }
    return spec;
  }

  Random random_;
};

/// What one element of dst is, exactly: the sum of products of integers, plus the bias in the same
/// unit.
class Sums {
 public:
  Sums(const KernelSpec& spec, const std::vector<float>& x, const QuantizedWeights& weights)
      : spec_(spec), x_(x), weights_(weights) {}

  std::int64_t operator()(std::int64_t at) const {
    return spec_.op == "linear" ? of_linear(at) : of_convolution(at);
  }

 private:
  std::int64_t product(std::int64_t input, std::int64_t tap) const {
    const float integer =
        std::rint(x_[static_cast<std::size_t>(input)] / spec_.src_elements.front().scale);
    return static_cast<std::int64_t>(integer) * weights_.values[static_cast<std::size_t>(tap)];
  }
  std::int64_t of_linear(std::int64_t at) const {
    const std::int64_t inputs = spec_.src.front()[1], outputs = spec_.dst[1];
    std::int64_t sum = 0;
    for (std::int64_t i = 0; i < inputs; ++i) {
      sum += product(at / outputs * inputs + i, at % outputs * inputs + i);
    }
    return sum;
  }
  std::int64_t of_convolution(std::int64_t at) const {
    const Conv2dGeometry g(spec_);
    const std::int64_t w0 = at % g.dst_w * g.window.stride_w - g.window.padding_w;
    const std::int64_t h0 = at / g.dst_w % g.dst_h * g.window.stride_h - g.window.padding_h;
    const std::int64_t o = at / g.dst_pixels() % g.dst_c, n = at / g.dst_pixels() / g.dst_c;
    std::int64_t sum = 0, tap = o * g.taps();
    for (std::int64_t i = 0; i < g.group_inputs(); ++i) {
      const std::int64_t c = o / g.group_outputs() * g.group_inputs() + i;
      for (std::int64_t kh = 0; kh < g.window.kernel_h; ++kh) {
        for (std::int64_t kw = 0; kw < g.window.kernel_w; ++kw, ++tap) {
          const std::int64_t h = h0 + kh * g.window.dilation_h, w = w0 + kw * g.window.dilation_w;
          if (h < 0 || h >= g.src_h || w < 0 || w >= g.src_w) continue;
          sum += product(((n * g.src_c + c) * g.src_h + h) * g.src_w + w, tap);
        }
      }
    }
    return sum;
  }

  const KernelSpec& spec_;
  const std::vector<float>& x_;
  const QuantizedWeights& weights_;
};

/// Runs an int8 kernel and the exact sums on the same numbers.
class Comparison {
 public:
  Comparison(KernelSpec spec, Draw& draw) : spec_(std::move(spec)), kernel_(make_kernel(spec_)) {
    for (std::size_t i = 0; i < spec_.src.size(); ++i) src_.push_back(activations(i, draw));
    for (const auto& p : find_operator(spec_.op).parameters(spec_.src, spec_.attributes)) {
      parameters_.emplace_back(static_cast<std::size_t>(volume(p.shape)));
      std::ranges::generate(parameters_.back(), [&] { return draw.number(); });
    }
    if (draw.from(0, 2) == 0) {  // an output channel of zeros
      const std::size_t taps = parameters_[0].size() / static_cast<std::size_t>(spec_.dst[1]);
      std::fill_n(parameters_[0].begin(), taps, 0.0F);
    }
  }

  void expect_exact() {
    const auto got = run();
    const auto weights = quantize_weights(parameters_[0], spec_.dst[1]);
    const Sums sums(spec_, src_[0], weights);
    const bool integers = spec_.dst_elements.dtype != DType::f32;
    const double unit = static_cast<double>(spec_.dst_elements.scale);
    for (std::int64_t at = 0; at < volume(spec_.dst); ++at) {
      const auto index = static_cast<std::size_t>(at);
      const auto found = static_cast<double>(got[index]);
      const double expected = value(sums(at), at, weights);
      if (!integers) {
        ASSERT_NEAR(found, expected, 1e-4 * (1 + std::abs(expected))) << kernel_->implementation();
        continue;
      }
      const double most = greatest(spec_.dst_elements.dtype);
      const double least = spec_.dst_elements.dtype == DType::u8 ? 0 : -most - 1;
      const double exact = std::clamp(expected / unit, least, most);
      // The nearest integer; either of two where it lies between them.
      ASSERT_NEAR(found / unit, exact, 0.501) << kernel_->implementation();
    }
  }

 private:
  std::vector<float> activations(std::size_t index, Draw& draw) const {
    const Elements& elements = spec_.src_elements[index];
    const auto most = static_cast<std::int64_t>(greatest(elements.dtype));
    std::vector<float> result(static_cast<std::size_t>(volume(spec_.src[index])));
    for (float& x : result) {
      if (elements.dtype == DType::f32) x = draw.number();
      if (elements.dtype == DType::u8) x = elements.scale * static_cast<float>(draw.from(0, most));
      if (elements.dtype == DType::s8) {
        x = elements.scale * static_cast<float>(draw.from(-most, most));
      }
    }
    return result;
  }

  double value(std::int64_t sum, std::int64_t at, const QuantizedWeights& weights) const {
    const Shape& dst = spec_.dst;
    const std::int64_t pixels = volume(dst) / dst[0] / dst[1];
    const auto channel = static_cast<std::size_t>(at / pixels % dst[1]);
    double result = static_cast<double>(sum) * static_cast<double>(weights.scales[channel]) *
                    static_cast<double>(spec_.src_elements[0].scale);
    if (parameters_.size() > 1) result += static_cast<double>(parameters_[1][channel]);
    if (src_.size() > 1) result += static_cast<double>(src_[1][static_cast<std::size_t>(at)]);
    return activated(fused_activation(spec_.attributes), result);
  }

  std::vector<float> run() {
    std::vector<Tensor> inputs;
    KernelArguments arguments;
    const auto format = [&](std::size_t i) {
      return Format{kernel_->src_layout(i), spec_.src_elements[i]};
    };
    for (std::size_t i = 0; i < src_.size(); ++i) {
      inputs.emplace_back(Shape{storage_size(spec_.src[i], format(i).layout)},
                          format(i).elements.dtype);
      convert_format(src_[i].data(), {}, inputs.back().raw(), format(i), spec_.src[i]);
      arguments.src.push_back(inputs.back().raw());
    }
    for (auto& values : parameters_) arguments.parameters.push_back(values.data());
    const Format to{kernel_->dst_layout(), spec_.dst_elements};
    Tensor output({storage_size(spec_.dst, to.layout)}, to.elements.dtype);
    if (const auto shared = kernel_->in_place_src()) output = inputs[*shared];
    Tensor scratch({static_cast<std::int64_t>(kernel_->forward_scratch_bytes())}, DType::u8);
    arguments.dst = output.raw();
    arguments.scratch = scratch.raw();
    arguments.parameters_version = 1;
    kernel_->forward(arguments);
    std::vector<float> result(static_cast<std::size_t>(volume(spec_.dst)));
    convert_format(output.raw(), to, result.data(), {}, spec_.dst);
    return result;
  }

  KernelSpec spec_;
  std::unique_ptr<Kernel> kernel_;
  std::vector<std::vector<float>> src_, parameters_;
};

class Int8Kernel : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!supports_int8()) GTEST_SKIP() << "no VNNI on this CPU, or no oneDNN in this build";
  }
};

TEST_P(Int8Kernel, SumsProductsOfIntegersExactly) {
  int met = 0;
  for (int i = 0; i < draws; ++i) {
    Draw draw(static_cast<std::uint64_t>(i));
    const KernelSpec spec = GetParam() == "linear" ? draw.linear() : draw.convolution();
    if (backends_for(spec).empty()) continue;
    ++met;
    SCOPED_TRACE(text(i, ' ', to_string(spec.src[0]), " -> ", to_string(spec.dst)));
    Comparison(spec, draw).expect_exact();
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(met, draws / 2) << "kernels";
}

INSTANTIATE_TEST_SUITE_P(Operators, Int8Kernel, ::testing::Values("conv2d", "linear"),
                         [](const auto& test) { return test.param; });

TEST(Int8, IsRefusedWhereProductsWouldOverflow) {
  Draw draw(1);
  const KernelSpec spec = draw.linear();
  EXPECT_EQ(backends_for(spec).empty(), !supports_int8());
}

TEST(Int8, ForInferenceAlone) {
  Draw draw(1);
  KernelSpec spec = draw.linear();
  spec.training = true;
  EXPECT_TRUE(backends_for(spec).empty());
}

TEST(Int8, SpecsSayWhatIntegersStandFor) {
  Draw draw(1);
  KernelSpec spec = draw.linear();
  spec.src_elements[0].scale = 0;
  expect_error([&] { backends_for(spec); }, {"[linear] expected a scale above 0, received 0"});
  spec.src_elements[0] = {};
  expect_error([&] { backends_for(spec); }, {"[linear] expected elements u8 or s8, received f32"});
  spec.src_elements.clear();
  expect_error([&] { backends_for(spec); }, {"[linear] expected 1 src_elements, received 0"});
}

TEST(QuantizedWeights, AreSymmetricWithAScaleForEachChannel) {
  const std::vector<float> weights{1, -2, 0.5, 0, 0, 0, 1e-3F, 0, -5e-4F};
  const auto found = quantize_weights(weights, 3);
  EXPECT_EQ(found.values, (std::vector<std::int8_t>{64, -127, 32, 0, 0, 0, 127, 0, -64}));
  EXPECT_FLOAT_EQ(found.scales[0], 2.0F / 127);
  EXPECT_FLOAT_EQ(found.scales[1], 1);
  EXPECT_FLOAT_EQ(found.scales[2], 1e-3F / 127);
}

TEST(QuantizedWeights, RefusesWhatIsNotFinite) {
  expect_error([] { quantize_weights(std::vector<float>{1, nan}, 2); }, {"finite weights", "nan"});
}

TEST(QuantizedElements, AreTheNearestAndCutOff) {
  const std::vector<float> plain{0.25F, 0.75F, -1, 1e9F, -1e9F, 127.4F};
  const Shape shape{1, 6};
  std::vector<std::int8_t> symmetric(6);
  std::vector<std::uint8_t> positive(6);
  convert_format(plain.data(), {}, symmetric.data(), {Layout::nchw, {DType::s8, 0.5F}}, shape);
  EXPECT_EQ(symmetric, (std::vector<std::int8_t>{0, 2, -2, 127, -127, 127}));
  convert_format(plain.data(), {}, positive.data(), {Layout::nchw, {DType::u8, 0.5F}}, shape);
  EXPECT_EQ(positive, (std::vector<std::uint8_t>{0, 2, 0, 255, 0, 255}));
  std::vector<float> back(6);
  convert_format(positive.data(), {Layout::nchw, {DType::u8, 0.5F}}, back.data(), {}, shape);
  EXPECT_EQ(back, (std::vector<float>{0, 1, 0, 127.5F, 0, 127.5F}));
}

}  // namespace
}  // namespace muxnet
