#include "muxnet/optim/clip.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "muxnet/core/parallel.hpp"
#include "muxnet/core/random.hpp"
#include "optim/golden_optim.hpp"
#include "optim/support.hpp"

namespace muxnet {
namespace {

using namespace optim_test;

TEST(ClipByGlobalNorm, EqualsPyTorch) {
  const double limits[] = {1.5, 100};
  for (std::size_t k = 0; k < 2; ++k) {
    std::vector<float> gradients;
    for (int i = 0; i < 6; ++i) gradients.push_back(gradient(i, 0));
    EXPECT_NEAR(clip_by_global_norm(gradients, limits[k]), golden::clipped[k][0], 1e-6);
    for (std::size_t i = 0; i < 6; ++i) {
      EXPECT_NEAR(gradients[i], golden::clipped[k][i + 1], 1e-7);
    }
  }
}

TEST(ClipByGlobalNorm, LeavesShortGradientsAlone) {
  std::vector<float> gradients = {3, 4};
  EXPECT_EQ(clip_by_global_norm(gradients, 5.1), 5);
  EXPECT_EQ(gradients, (std::vector<float>{3, 4}));
  EXPECT_EQ(clip_by_global_norm({}, 1), 0);
}

TEST(ClipByGlobalNorm, DoesNotOverflow) {
  std::vector<float> gradients = {3e38F, -3e38F};
  EXPECT_NEAR(clip_by_global_norm(gradients, 1), 3e38 * std::sqrt(2.0), 1e33);
  EXPECT_NEAR(gradients[0], std::sqrt(0.5), 1e-6);
}

TEST(ClipByGlobalNorm, GivesTheSameBitsForAnyThreadCount) {
  const int kept = threads();
  Random random(3);
  std::vector<float> start(100'003);
  for (float& value : start) value = static_cast<float>(random.normal());
  std::vector<double> norms;
  std::vector<std::vector<float>> results;
  for (const int count : {1, 2, 3}) {
    set_threads(count);
    results.push_back(start);
    norms.push_back(clip_by_global_norm(results.back(), 2));
  }
  set_threads(kept);
  EXPECT_NEAR(norms[0], std::sqrt(100'003.0), 2);
  EXPECT_EQ(norms[0], norms[1]);
  EXPECT_EQ(norms[0], norms[2]);
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
  EXPECT_NEAR(clip_by_global_norm(results[0], 10), 2, 1e-5);
}

TEST(ClipByGlobalNorm, ShowsAndKeepsWhatIsNotFinite) {
  std::vector<float> gradients = {1, std::numeric_limits<float>::infinity()};
  EXPECT_TRUE(std::isinf(clip_by_global_norm(gradients, 1)));
  EXPECT_EQ(gradients[0], 1);
  gradients[1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(clip_by_global_norm(gradients, 1)));
  EXPECT_EQ(gradients[0], 1);
}

TEST(ClipByGlobalNorm, RefusesABadLimit) {
  std::vector<float> gradients = {1};
  expect_error([&] { clip_by_global_norm(gradients, 0); },
               "[clip_by_global_norm] expected max_norm above 0, received 0");
}

}  // namespace
}  // namespace muxnet
