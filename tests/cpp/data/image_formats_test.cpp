#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "data/damaged_images.hpp"
#include "data/encoded.hpp"
#include "muxnet/core/error.hpp"
#include "muxnet/data/image_decode.hpp"
#include "support/errors.hpp"
#include "support/resources.hpp"

namespace muxnet {
namespace {

using namespace std::string_literals;
using testing::contains;
using testing::encode;
using testing::error_of;

cv::Mat decode(const std::string& bytes, int channels = 3, std::int64_t max_pixels = 16'000'000) {
  return turned(decode_image(bytes, "x", channels, max_pixels));
}

std::string refusal(const std::string& bytes) {
  return error_of<FileError>([&] { decode(bytes); });
}

cv::Mat picture(int type) {
  cv::Mat image(37, 53, type);
  cv::RNG random(7);
  random.fill(image, cv::RNG::UNIFORM, 0, image.depth() == CV_16U ? 65536 : 256);
  cv::blur(image, image, {5, 5});
  return image;
}

std::string number(std::uint32_t value, int bytes) {
  const std::string high = testing::big_endian(value, bytes);
  return {high.rbegin(), high.rend()};
}

/// One of 3 x 2 pixels, red, green, blue above white, black, red, by codes without packing.
std::string gif(unsigned width = 3, unsigned height = 2, unsigned flags = 0) {
  const std::string colours = "\xFF\0\0\0\xFF\0\0\0\xFF\xFF\xFF\xFF\0\0\0"s + std::string(9, '\0');
  // Codes of four bits: clear (8), five pixels (after which they grow to five), clear, one, end.
  const std::string codes = "\x08\x21\x43\x08\x09"s;
  return "GIF89a" + number(3, 2) + number(2, 2) + "\x82\0\0"s + colours + "\x21\xFE\2hi\0"s + "," +
         number(0, 4) + number(width, 2) + number(height, 2) + static_cast<char>(flags) + "\3" +
         static_cast<char>(codes.size()) + codes + "\0;"s;
}

std::vector<std::string> whole_images() {
  const cv::Mat colour = picture(CV_8UC3);
  return {gif(),
          encode(colour, ".bmp"),
          encode(colour, ".webp", {cv::IMWRITE_WEBP_QUALITY, 101}),
          encode(colour, ".tiff"),
          encode(colour, ".tiff", {cv::IMWRITE_TIFF_COMPRESSION, 1}),
          encode(colour, ".ppm"),
          encode(colour, ".ppm", {cv::IMWRITE_PXM_BINARY, 0})};
}

TEST(ImageFormats, LosslessOnesGiveTheirPixels) {
  const cv::Mat colour = picture(CV_8UC3), grey = picture(CV_8UC1);
  const std::vector<int> lossless = {cv::IMWRITE_WEBP_QUALITY, 101};
  for (const std::string ending : {".bmp", ".webp", ".tiff", ".ppm"}) {
    const cv::Mat found = decode(encode(colour, ending, lossless));
    EXPECT_EQ(cv::norm(found, colour, cv::NORM_INF), 0) << ending;
    cv::Mat wanted;
    cv::cvtColor(colour, wanted, cv::COLOR_BGR2GRAY);
    EXPECT_LE(cv::norm(decode(encode(colour, ending, lossless), 1), wanted, cv::NORM_INF), 1)
        << ending;
  }
  for (const std::string ending : {".bmp", ".tiff", ".pgm"}) {
    EXPECT_EQ(cv::norm(decode(encode(grey, ending), 1), grey, cv::NORM_INF), 0) << ending;
    EXPECT_EQ(decode(encode(grey, ending), 3).channels(), 3) << ending;
  }
  EXPECT_LE(cv::norm(decode(encode(colour, ".webp")), colour, cv::NORM_INF), 60);
}

TEST(ImageFormats, SixteenBitsBecomeTheUpperEight) {
  const cv::Mat deep = picture(CV_16UC3);
  cv::Mat upper;
  deep.convertTo(upper, CV_8U, 1.0 / 256, -0.498);
  for (const std::string ending : {".png", ".tiff", ".ppm"}) {
    EXPECT_LE(cv::norm(decode(encode(deep, ending)), upper, cv::NORM_INF), 1) << ending;
  }
}

TEST(ImageFormats, APortableMapOfEachKind) {
  const auto values = [](const std::string& bytes, int channels = 1) {
    const cv::Mat image = decode(bytes, channels);
    return std::vector<int>(image.begin<std::uint8_t>(), image.end<std::uint8_t>());
  };
  EXPECT_EQ(values("P1 # a comment\n3 2\n1 0 1\n001"), (std::vector{0, 255, 0, 255, 255, 0}));
  EXPECT_EQ(values("P2\n2 1 15\n0 5"), (std::vector{0, 85}));
  EXPECT_EQ(values("P4\n9 1\n\x80\x80"), (std::vector{0, 255, 255, 255, 255, 255, 255, 255, 0}));
  EXPECT_EQ(values("P5 2 1 255\n\x07\xFF"), (std::vector{7, 255}));
  EXPECT_EQ(values("P5 1 1 65535\n\x80\x00"s), (std::vector{128}));
  const cv::Mat colour = decode("P3 1 1 255 1 2 3");
  EXPECT_EQ(colour.at<cv::Vec3b>(0), (cv::Vec3b{3, 2, 1}));
  EXPECT_TRUE(contains(refusal("P5 2 1 255\n\x07"), "a truncated PNM"));
  EXPECT_TRUE(contains(refusal("P5 2 x 255\n"), "a damaged PNM: no number"));
  EXPECT_TRUE(contains(refusal("P5 2 1 70000\n  "), "its greatest value"));
  EXPECT_TRUE(contains(refusal("P1 2 1 7 "), "no bit"));
}

TEST(ImageFormats, TheFirstFrameOfAGif) {
  const cv::Mat found = decode(gif());
  const cv::Vec3b red{0, 0, 255}, green{0, 255, 0}, blue{255, 0, 0}, white{255, 255, 255}, black;
  const std::vector<cv::Vec3b> expected = {red, green, blue, white, black, red};
  EXPECT_EQ(std::vector<cv::Vec3b>(found.begin<cv::Vec3b>(), found.end<cv::Vec3b>()), expected);
  EXPECT_TRUE(contains(refusal(gif(3, 3)), "a truncated GIF"));
  EXPECT_TRUE(contains(refusal(gif(60'000, 60'000)), "60000 x 60000"));
}

TEST(ImageFormats, SizesAreCheckedBeforeAnythingIsMade) {
  const testing::Taken taken;
  std::string bmp = encode(picture(CV_8UC3), ".bmp");
  bmp.replace(18, 8, number(100'000, 4) + number(100'000, 4));
  EXPECT_TRUE(contains(refusal(bmp), "at most 16000000 pixels, received 100000 x 100000"));
  bmp.replace(18, 8, number(4000, 4) + number(4000, 4));
  EXPECT_TRUE(contains(refusal(bmp), "a truncated BMP"));
  std::string webp = encode(picture(CV_8UC3), ".webp", {cv::IMWRITE_WEBP_QUALITY, 101});
  webp.replace(21, 4, "\xFF\xFF\xFF\x0F");
  EXPECT_TRUE(contains(refusal(webp), "received 16384 x 16384"));
  std::string tiff = encode(picture(CV_8UC3), ".tiff", {cv::IMWRITE_TIFF_COMPRESSION, 1});
  const auto at = tiff.find("\0\1\3\0\1\0\0\0"s);
  ASSERT_NE(at, tiff.npos);
  tiff.replace(at + 8, 2, number(60'000, 2));
  EXPECT_TRUE(contains(refusal(tiff), "a truncated TIFF"));
  const auto high = tiff.find("\1\1\3\0\1\0\0\0"s);
  ASSERT_NE(high, tiff.npos);
  tiff.replace(high + 8, 2, number(60'000, 2));
  EXPECT_TRUE(contains(refusal(tiff), "received 60000 x 60000"));
  EXPECT_TRUE(contains(refusal("P6 30000 30000 255\n"), "received 30000 x 30000"));
  EXPECT_TRUE(contains(refusal("P6 4000 4000 255\n"), "a truncated PNM"));
  EXPECT_LT(taken.peak_mib(), 16);
}

TEST(ImageFormats, NoPrefixIsMistakenForTheWhole) {
  for (const std::string& bytes : whole_images()) {
    EXPECT_FALSE(decode(bytes).empty());
    // A GIF is whole without what follows its first frame.
    const std::size_t needed = bytes.starts_with("GIF") ? bytes.size() - 3 : bytes.size();
    for (std::size_t length = 0; length < needed; length += 1 + length / 50) {
      ASSERT_THROW(decode(bytes.substr(0, length)), FileError) << bytes.substr(0, 4) << length;
    }
  }
}

TEST(ImageFormats, DamagedImagesAreErrorsOrImagesWithinTheLimit) {
  testing::expect_errors_or_small_images(whole_images(), 500, 100);
}

}  // namespace
}  // namespace muxnet
