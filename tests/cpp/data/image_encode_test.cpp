#include "muxnet/data/image_encode.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "muxnet/core/random.hpp"
#include "muxnet/data/image_decode.hpp"
#include "support/errors.hpp"

namespace muxnet {
namespace {

TEST(ImageEncode, FlatImagesTakeFewBytesAndNoiseMany) {
  Tensor images({2, 3, 32, 32}, DType::u8);
  Random random(1);
  auto pixels = images.span<std::uint8_t>();
  std::generate(pixels.begin() + 3 * 32 * 32, pixels.end(),
                [&] { return static_cast<std::uint8_t>(random.below(256)); });
  const auto raw = encoded_bytes(images, "raw");
  EXPECT_EQ(raw, (std::vector<std::int64_t>{3072, 3072}));
  for (const char* format : {"png", "jpeg"}) {
    const auto bytes = encoded_bytes(images, format);
    EXPECT_LT(bytes[0], 1000) << format;
    EXPECT_GT(bytes[1], 2 * bytes[0]) << format;
  }
  EXPECT_LT(encoded_bytes(images, "jpeg", 20)[1], encoded_bytes(images, "jpeg", 95)[1]);
}

TEST(ImageEncode, ItsFilesGiveTheImageBack) {
  for (const std::int64_t channels : {1, 3}) {
    Tensor image({1, channels, 20, 31}, DType::u8);
    auto pixels = image.span<std::uint8_t>();
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i / 8);
    for (const char* format : {"png", "jpeg"}) {
      const std::string file = encode_image(image, format, 100);
      EXPECT_EQ(encoded_bytes(image, format, 100)[0], std::ssize(file));
      const cv::Mat found = decode_image(file, format, static_cast<int>(channels), 1000).pixels;
      ASSERT_EQ(found.size(), cv::Size(31, 20));
      const int most = format == std::string("png") ? 0 : 6;
      for (int i = 0; i < 20 * 31; ++i) {
        for (int channel = 0; channel < channels; ++channel) {
          const int there = found.data[i * channels + channels - 1 - channel];
          ASSERT_NEAR(there, pixels[static_cast<std::size_t>(channel * 620 + i)], most) << format;
        }
      }
    }
  }
}

TEST(ImageEncode, RefusesWhatItCannot) {
  using testing::error_of;
  EXPECT_EQ(error_of<std::invalid_argument>([] {
              encoded_bytes(Tensor({1, 2, 4, 4}, DType::u8), "png");
            }),
            "[encoded_bytes] expected u8 images (n, 1 or 3, h, w), received u8(1, 2, 4, 4)");
  const Tensor grey({1, 1, 4, 4}, DType::u8);
  EXPECT_EQ(error_of<std::invalid_argument>([&] { encoded_bytes(grey, "webp"); }),
            "[image payloads] expected one of raw, png, jpeg, received webp");
  EXPECT_THROW(encoded_bytes(grey, "jpeg", 0), std::invalid_argument);
}

}  // namespace
}  // namespace muxnet
