#include "ops/comparison.hpp"

namespace muxnet {
namespace {

using testing::compare;
using testing::repeat;
using testing::spec_of;

#ifdef MUXNET_WITH_ONEDNN

constexpr Layout layouts[] = {Layout::nchw, Layout::nhwc, Layout::nChw8c, Layout::nChw16c};

/// A convolution of an image as at the start of a network: wide, with steps and a border, which one
/// of oneDNN's kernels has only without that.
KernelSpec first_convolution(std::uint64_t seed) {
  Random random(seed);
  const auto from = [&random](std::uint64_t least, std::uint64_t most) {
    return static_cast<std::int64_t>(least + random.below(most - least + 1));
  };
  const Attributes attributes{{"channels", 8 * from(1, 2)},
                              {"kernel", std::vector{from(6, 11), from(8, 11)}},
                              {"stride", std::vector{from(2, 4), from(2, 4)}},
                              {"padding", std::vector{from(0, 3), from(0, 3)}},
                              {"bias", from(0, 1)},
                              {"relu", from(0, 1)}};
  std::vector<Shape> src{{from(1, 3), from(1, 3), from(20, 30), from(20, 30)}};
  if (seed % 3 == 0) src.push_back(find_operator("conv2d").shape(src, attributes));
  return spec_of("conv2d", attributes, src, DType::f32, false, layouts[seed % 4]);
}

TEST(FirstConvolution, AgreesWithReferenceWithAnyBorder) {
  for (std::uint64_t i = 0; i < 30; ++i) compare<float>(first_convolution(i), Backend::onednn, i);
}

/// Image with a border of zeros, so that none is left to the convolution.
KernelSpec without_padding(const KernelSpec& spec) {
  Attributes attributes = spec.attributes;
  const auto [rows, columns] = attributes.pair("padding", 0);
  Shape image = spec.src[0];
  image[2] += 2 * rows;
  image[3] += 2 * columns;
  attributes.set("padding", 0);
  return spec_of("conv2d", attributes, {image}, DType::f32, false);
}

TEST(FirstConvolution, MultipliesMatricesOnlyWhereItMustWithoutABorderToo) {
  for (std::uint64_t i = 4; i < 40; i += 4) {  // offered by rows, as images are
    const auto spec = first_convolution(i);
    const auto matrices = [](const KernelSpec& one) {
      return make_kernel(one, Backend::onednn)->implementation().find("gemm") != std::string::npos;
    };
    EXPECT_TRUE(!matrices(spec) || matrices(without_padding(spec))) << i;
  }
}

KernelSpec three_by_three(std::int64_t inputs, std::int64_t outputs, const Shape& image,
                          bool training) {
  Attributes attributes{{"channels", outputs}, {"kernel", 3}, {"padding", 1}, {"bias", 1}};
  std::vector<Shape> src{{image[0], inputs, image[1], image[2]}};
  if (!training) {
    attributes.set("relu", 1);
    src.push_back(find_operator("conv2d").shape(src, attributes));
  }
  return spec_of("conv2d", attributes, src, DType::f32, training);
}

/// Wide convolutions, which are computed by Winograd's algorithm where the CPU has AVX-512.
TEST(WideConvolution, AgreesWithReference) {
  const auto way = [](const KernelSpec& spec) {
    return make_kernel(spec, Backend::onednn)->implementation();
  };
  const bool wide_vectors =
      way(three_by_three(16, 16, {1, 8, 8}, false)).find("avx512_core") != std::string::npos;
  std::uint64_t seed = 0;
  for (const bool training : {true, false}) {
    for (const auto& [inputs, outputs] : {std::pair{64, 64}, {48, 80}, {33, 70}}) {
      for (const Shape& image : {Shape{1, 14, 14}, {3, 9, 17}, {8, 16, 16}}) {
        const KernelSpec spec = three_by_three(inputs, outputs, image, training);
        EXPECT_EQ(way(spec).find("wino") != std::string::npos, wide_vectors) << way(spec);
        compare<float>(spec, Backend::onednn, ++seed);
        if (training) repeat(spec, Backend::onednn, seed);
      }
    }
  }
}

#endif

}  // namespace
}  // namespace muxnet
