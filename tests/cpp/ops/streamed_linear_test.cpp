#include "muxnet/core/parallel.hpp"
#include "ops/comparison.hpp"

namespace muxnet {
namespace {

using testing::compare;
using testing::KernelRunner;
using testing::spec_of;

KernelSpec linear(std::int64_t rows, std::int64_t inputs, std::int64_t features,
                  std::int64_t bias = 1) {
  return spec_of("linear", {{"features", features}, {"bias", bias}}, {{rows, inputs}}, DType::f32,
                 false);
}

/// Whole groups of features, a last one that overlaps another, a single one; rows that begin
/// anywhere.
TEST(StreamedLinear, AgreesWithReference) {
  std::uint64_t seed = 0;
  for (const auto& [inputs, features] :
       {std::pair{2048, 1000}, {1031, 1021}, {131'073, 8}, {116'509, 9}, {70'001, 15}}) {
    for (const std::int64_t bias : {0, 1}) {
      compare<float>(linear(1, inputs, features, bias), Backend::streamed, ++seed);
    }
  }
}

TEST(StreamedLinear, IsTakenForOneRowOfManyWeightsInInference) {
  EXPECT_EQ(make_kernel(linear(1, 9216, 4096))->implementation(), "streamed");
  EXPECT_EQ(find_kernel(linear(2, 9216, 4096), Backend::streamed), nullptr);
  EXPECT_EQ(find_kernel(linear(1, 512, 10), Backend::streamed), nullptr);
  EXPECT_EQ(find_kernel(linear(1, 1 << 20, 7), Backend::streamed), nullptr);
  for (const DType dtype : {DType::f64, DType::bf16}) {
    KernelSpec spec = linear(1, 9216, 4096);
    spec.dtype = dtype;
    EXPECT_EQ(find_kernel(spec, Backend::streamed), nullptr);
  }
  KernelSpec training = linear(1, 9216, 4096);
  training.training = true;
  EXPECT_EQ(find_kernel(training, Backend::streamed), nullptr);
}

TEST(StreamedLinear, AnswersTheSameWithAnyNumberOfThreads) {
  const auto run = [](int most) {
    const ThreadLimit limit(most);
    KernelRunner<float> runner(linear(1, 2048, 1003), Backend::streamed);
    runner.draw(5);
    runner.forward();
    return runner.dst;
  };
  const auto alone = run(1);
  for (const int most : {2, 3, 7}) EXPECT_EQ(run(most), alone) << most;
}

}  // namespace
}  // namespace muxnet
