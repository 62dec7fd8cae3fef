#include "muxnet/data/image_bytes.hpp"

#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>

#include "muxnet/core/error.hpp"
#include "support/errors.hpp"

namespace muxnet {
namespace {

using testing::error_of;

/// Two halves, red above green, as PNG.
std::string png(int height, int width) {
  cv::Mat image(height, width, CV_8UC3, cv::Scalar(0, 255, 0));
  image.rowRange(0, height / 2) = cv::Scalar(0, 0, 255);
  std::vector<std::uint8_t> bytes;
  cv::imencode(".png", image, bytes);
  return {bytes.begin(), bytes.end()};
}

TEST(ImageBytes, KeepsAnImageOfTheSizeAskedFor) {
  const Tensor images = decode_images({png(4, 4), png(8, 12)}, {.channels = 3, .size = 4});
  ASSERT_EQ(images.shape(), (Shape{2, 3, 4, 4}));
  for (int image = 0; image < 2; ++image) {
    const std::uint8_t* red = images.data<std::uint8_t>() + image * 48;
    EXPECT_EQ(red[0], 255) << image;
    EXPECT_EQ(red[15], 0) << image;
    EXPECT_EQ(red[16 + 15], 255) << "green, image " << image;
    EXPECT_EQ(red[32], 0) << "blue, image " << image;
  }
  EXPECT_EQ(decode_images({png(4, 4)}, {.channels = 1, .size = 4}).shape(), (Shape{1, 1, 4, 4}));
}

TEST(ImageBytes, CutsTheCentreOutOfWhatWasResized) {
  const Tensor images = decode_images({png(8, 16)}, {.size = 2, .resize = 4});
  ASSERT_EQ(images.shape(), (Shape{1, 3, 2, 2}));
  const std::uint8_t* planes = images.data<std::uint8_t>();
  for (int x = 0; x < 2; ++x) {
    EXPECT_GT(planes[x], planes[2 + x]) << "red above";
    EXPECT_LT(planes[4 + x], planes[6 + x]) << "green below";
    EXPECT_EQ(planes[8 + x], 0) << "blue nowhere";
  }
  EXPECT_THROW(decode_images({png(4, 4)}, {.size = 4, .resize = 3}), std::invalid_argument);
  EXPECT_THROW(decode_images({png(4, 4)}, {.channels = 1, .size = 4, .resize = 4}),
               std::invalid_argument);
}

TEST(ImageBytes, RefusesWhatIsNoWholeSmallImage) {
  const std::string whole = png(20, 20);
  const ImageBytesOptions options{.channels = 3, .size = 4, .max_pixels = 400};
  EXPECT_NO_THROW(decode_images({whole}, options));
  EXPECT_EQ(error_of<FileError>([&] {
              decode_images({whole, png(21, 20)}, options);
            }),
            "[image 1] expected at most 400 pixels, received 20 x 21");
  EXPECT_THROW(decode_images({whole.substr(0, whole.size() / 2)}, options), FileError);
  EXPECT_THROW(decode_images({"GIF89a"}, options), FileError);
  EXPECT_THROW(decode_images({""}, options), FileError);
  EXPECT_THROW(decode_images({}, options), std::invalid_argument);
  EXPECT_THROW(decode_images({whole}, {.channels = 2}), std::invalid_argument);
}

}  // namespace
}  // namespace muxnet
