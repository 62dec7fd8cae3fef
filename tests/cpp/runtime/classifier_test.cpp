#include "muxnet/runtime/classifier.hpp"

#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "muxnet/core/error.hpp"
#include "pool.hpp"
#include "support/errors.hpp"

namespace muxnet {
namespace {

namespace fs = std::filesystem;
using testing::contains;
using testing::error_of;

TEST(Classifier, OfOursGivesTheLogitsOfThePoolsProbabilities) {
  const auto pool = testing::tiny_pool();
  const Tensor images = testing::random_images(7);
  const Tensor logits = make_classifier(testing::tiny_model("middle", 2, 2))->answer(images);
  const Tensor expected = pool->probabilities(1, images);
  ASSERT_EQ(logits.shape(), expected.shape());
  for (std::int64_t row = 0; row < 7; ++row) {
    const float* values = logits.data<float>() + row * testing::classes;
    double sum = 0;
    for (std::int64_t k = 0; k < testing::classes; ++k) sum += std::exp(double{values[k]});
    for (std::int64_t k = 0; k < testing::classes; ++k) {
      EXPECT_NEAR(std::exp(double{values[k]}) / sum,
                  expected.data<float>()[row * testing::classes + k], 1e-5);
    }
  }
}

TEST(Classifier, SaysWhatOpenCvCannotImport) {
  const fs::path path =
      fs::temp_directory_path() / ("muxnet-" + std::to_string(::getpid()) + ".onnx");
  const auto message = [&] { return error_of<std::invalid_argument>([&] { load_onnx(path); }); };
  std::ofstream(path) << "no network";
  EXPECT_TRUE(contains(message(), "an ONNX network that OpenCV 4"));
  EXPECT_TRUE(contains(message(), path.string()));
  fs::remove(path);
  EXPECT_FALSE(error_of<FileError>([&] { load_onnx(path); }).empty());
}

}  // namespace
}  // namespace muxnet
