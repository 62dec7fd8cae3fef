#include "muxnet/data/image_decode.hpp"

#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "data/damaged_images.hpp"
#include "data/encoded.hpp"
#include "muxnet/core/error.hpp"
#include "muxnet/data/exif.hpp"
#include "support/errors.hpp"
#include "support/resources.hpp"

namespace muxnet {
namespace {

using namespace std::string_literals;
using testing::chunk;
using testing::contains;
using testing::deflated;
using testing::encode;
using testing::error_of;
using testing::jpeg;
using testing::jpeg_begin;
using testing::jpeg_end;
using testing::jpeg_head;
using testing::png_begin;
using testing::png_data;
using testing::png_end;
using testing::png_header;
using testing::scan;
using testing::segment;

constexpr std::int64_t pixels = 16'000'000;

cv::Mat decode(const std::string& bytes, int channels = 3, std::int64_t max_pixels = pixels) {
  return turned(decode_image(bytes, "x", channels, max_pixels));
}

std::string refusal(const std::string& bytes, std::int64_t max_pixels = pixels) {
  return error_of<FileError>([&] { decode(bytes, 3, max_pixels); });
}

/// Something to tell each corner and colour from the others.
cv::Mat picture(int height, int width, int type) {
  cv::Mat image(height, width, type);
  cv::RNG random(7);
  random.fill(image, cv::RNG::UNIFORM, 0, image.depth() == CV_16U ? 65536 : 256);
  cv::blur(image, image, {5, 5});
  return image;
}

bool same(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && a.type() == b.type() && cv::norm(a, b, cv::NORM_INF) == 0;
}

/// That both channel counts come out as OpenCV's own decoder gives them.
void expect_as_opencv(const std::string& bytes, const std::string& what) {
  const cv::Mat raw(1, static_cast<int>(bytes.size()), CV_8U, const_cast<char*>(bytes.data()));
  EXPECT_TRUE(same(decode(bytes, 3), cv::imdecode(raw, cv::IMREAD_COLOR))) << what;
  EXPECT_TRUE(same(decode(bytes, 1), cv::imdecode(raw, cv::IMREAD_GRAYSCALE))) << what;
}

/// The same, where OpenCV's decoder makes grey of colours by rounding of its own.
void expect_like_opencv(const std::string& bytes, const std::string& what) {
  const cv::Mat raw(1, static_cast<int>(bytes.size()), CV_8U, const_cast<char*>(bytes.data()));
  EXPECT_TRUE(same(decode(bytes, 3), cv::imdecode(raw, cv::IMREAD_COLOR))) << what;
  EXPECT_LE(cv::norm(decode(bytes, 1), cv::imdecode(raw, cv::IMREAD_GRAYSCALE), cv::NORM_INF), 1)
      << what;
}

TEST(ImageDecode, GivesThePixelsOfOpenCvsDecoders) {
  for (const int type : {CV_8UC1, CV_8UC3}) {
    const cv::Mat image = picture(37, 53, type);
    expect_as_opencv(encode(image, ".jpg"), "JPEG");
    expect_as_opencv(encode(image, ".jpg", {cv::IMWRITE_JPEG_PROGRESSIVE, 1}), "progressive");
    expect_as_opencv(encode(image, ".jpg", {cv::IMWRITE_JPEG_RST_INTERVAL, 2}), "restarts");
  }
  for (const int type : {CV_8UC1, CV_8UC3, CV_8UC4, CV_16UC1, CV_16UC3, CV_16UC4}) {
    expect_as_opencv(encode(picture(37, 53, type), ".png"), text("PNG ", type));
  }
  expect_as_opencv(encode(picture(37, 53, CV_8UC1), ".png", {cv::IMWRITE_PNG_BILEVEL, 1}), "bits");
  expect_as_opencv(jpeg(16, 24, 4), "by hand");
  expect_as_opencv(png_begin + png_header(9, 5) + png_data(9, 5) + png_end, "by hand");
}

/// Exif data with this orientation among other tags.
std::string exif(char orientation, bool little) {
  const auto u16 = [&](char value, char high = 0) {
    return little ? std::string{value, high} : std::string{high, value};
  };
  const auto u32 = [&](char value) { return little ? u16(value) + u16(0) : u16(0) + u16(value); };
  const auto entry = [&](char tag, char value) {
    return u16(tag, 1) + u16(3) + u32(1) + u16(value) + u16(0);
  };
  return (little ? "II" : "MM") + u16(42) + u32(8) + u16(2) + entry(0x0F, 5) +
         entry(0x12, orientation) + u32(0);
}

TEST(ImageDecode, GivesThePixelsOfOpenCvsDecodersWithinRoundingToGrey) {
  const std::vector<int> lossless = {cv::IMWRITE_WEBP_QUALITY, 101};
  for (const int type : {CV_8UC1, CV_8UC3, CV_8UC4, CV_16UC1, CV_16UC3, CV_16UC4}) {
    const cv::Mat image = picture(37, 53, type);
    expect_like_opencv(encode(image, ".tiff"), text("TIFF ", type));
    if (image.depth() != CV_8U) continue;
    expect_like_opencv(encode(image, ".bmp"), text("BMP ", type));
    if (type == CV_8UC1) continue;
    expect_like_opencv(encode(image, ".webp", lossless), text("WebP ", type));
    expect_like_opencv(encode(image, ".webp"), text("lossy WebP ", type));
  }
}

TEST(ImageDecode, TurnsAsOpenCvDoes) {
  const std::string whole = encode(picture(16, 24, CV_8UC3), ".jpg");
  const std::string lossless = encode(picture(16, 24, CV_8UC3), ".png");
  for (char orientation = 0; orientation <= 9; ++orientation) {
    for (const bool little : {false, true}) {
      const std::string tags = exif(orientation, little);
      const std::string what = text(int{orientation}, little);
      const std::string marker = segment(0xE1, "Exif\0\0"s + tags);
      expect_as_opencv(jpeg_begin + marker + whole.substr(2), what);
      for (std::size_t length = 0; length < tags.size(); length += 3) {
        const std::string cut = segment(0xE1, "Exif\0\0"s + tags.substr(0, length));
        EXPECT_NO_THROW(decode(jpeg_begin + cut + whole.substr(2))) << what << ' ' << length;
      }
      std::string tagged = lossless;
      expect_as_opencv(tagged.insert(33, chunk("eXIf", tags)), "PNG " + what);  // after the header
    }
  }
}

TEST(ImageDecode, ExifNumbersHaveTwoBytesOrFour) {
  for (const bool little : {false, true}) {
    std::string tags = exif(6, little);
    EXPECT_EQ(exif_orientation(tags), 6);
    EXPECT_EQ(exif_orientation(std::string(exif_name) + tags), 6);
    const std::size_t entry = 10 + 12;
    tags[entry + (little ? 2 : 3)] = 4;  // LONG
    if (!little) std::swap(tags[entry + 9], tags[entry + 11]);
    EXPECT_EQ(exif_orientation(tags), 6);
  }
}

TEST(ImageDecode, ExifDataAreFoundAmongOthersOfTheirMarker) {
  const std::string whole = encode(picture(16, 24, CV_8UC3), ".jpg").substr(2);
  const std::string turned = segment(0xE1, "Exif\0\0"s + exif(6, true));
  const std::string plain = segment(0xE1, "Exif\0\0"s + exif(1, true));
  const std::string other = segment(0xE1, "http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>"s);
  EXPECT_EQ(decode(jpeg_begin + other + turned + plain + whole).size(), cv::Size(16, 24));
  EXPECT_EQ(decode(jpeg_begin + plain + turned + whole).size(), cv::Size(24, 16));
  // Each of many is looked at once: libjpeg's list of them would take minutes.
  std::string many = jpeg_begin;
  for (int i = 0; i < 300'000; ++i) many += segment(0xE1, "");
  EXPECT_EQ(decode(many + turned + whole).size(), cv::Size(16, 24));
}

TEST(ImageDecode, TheDecodersOwnHeaderSaysHowLargeItIs) {
  // A marker without a length, which a reader of lengths takes for a segment that hides the size.
  const std::string hidden = jpeg_begin + "\xFF\x01" + "\x00\x0B" + "\x08\x00\x08\x00\x08"s +
                             jpeg(30'000, 30'000, 8).substr(2);
  EXPECT_TRUE(contains(refusal(hidden), "at most 16000000 pixels, received 30000 x 30000"));
  EXPECT_TRUE(contains(refusal(jpeg(65'500, 65'500, 8), 64'000'000), "received 65500 x 65500"));
  const std::string second = png_begin + png_header(32'000, 32'000) + png_data(32'000, 32'000) +
                             png_header(8, 8) + png_end;
  const testing::Taken taken;
  EXPECT_TRUE(contains(refusal(second), "at most 16000000 pixels, received 32000 x 32000"));
  EXPECT_LT(taken.peak_mib(), 64);
  const std::string small = png_begin + png_header(8, 8) + png_data(8, 8);
  EXPECT_TRUE(contains(refusal(small + png_header(32'000, 32'000) + png_end), "a damaged PNG"));
  EXPECT_TRUE(contains(refusal(png_begin + png_header(0, 8) + png_end), "a damaged PNG"));
  EXPECT_TRUE(contains(refusal(png_begin + png_header(1U << 31U, 8) + png_end), "a damaged PNG"));
}

TEST(ImageDecode, AFileTooSmallForItsSizeIsRefusedBeforeItIsDecoded) {
  const testing::Taken taken;
  for (const unsigned frame : {0xC0U, 0xC2U}) {
    EXPECT_TRUE(contains(refusal(jpeg(4000, 4000, 8, frame)), "a truncated JPEG: "));
  }
  const std::string empty =
      png_begin + png_header(4000, 4000, 8) + chunk("IDAT", deflated("")) + png_end;
  EXPECT_TRUE(contains(refusal(empty), "a truncated PNG: "));
  EXPECT_LT(taken.peak_mib(), 16);
  EXPECT_NO_THROW(decode(jpeg(64, 64, 16)));
  const std::string packed = png_begin + png_header(3000, 3000) + png_data(3000, 3000) + png_end;
  EXPECT_LT(packed.size(), 1500U);
  EXPECT_NO_THROW(decode(packed));
  // Nothing bounds what a byte of it stands for.
  EXPECT_TRUE(contains(refusal(jpeg(16, 16, 64, 0xC9)), "a JPEG in arithmetic coding"));
}

TEST(ImageDecode, ScansAreBounded) {
  // Each scan says that the 64 blocks have nothing in one band: six 0s more than the code itself.
  const auto progressive = [](int scans) {
    std::string bytes =
        jpeg_begin + jpeg_head(0xC2, 64, 64, 0x60) + scan(0, 0, std::string(8, '\0'));
    for (int i = 1; i < scans; ++i) bytes += scan(1, 63, "\0"s);
    return bytes + jpeg_end;
  };
  EXPECT_EQ(decode(progressive(64)).rows, 64);
  EXPECT_TRUE(contains(refusal(progressive(65)), "a JPEG of more than 64 scans"));
  EXPECT_TRUE(contains(refusal(progressive(100'000)), "a JPEG of more than 64 scans"));
}

TEST(ImageDecode, WhatIsNotShownIsNotUnpacked) {
  std::string bytes = png_begin + png_header(8, 8);
  const std::string packed = deflated(std::string(7'000'000, 'a'));
  for (int i = 0; i < 200; ++i) {
    bytes += chunk("zTXt", "a\0\0"s + packed) + chunk("iTXt", "a\0\1\0\0\0"s + packed);
  }
  const testing::Taken taken;
  EXPECT_EQ(decode(bytes + png_data(8, 8) + png_end).rows, 8);
  EXPECT_LT(taken.peak_mib(), 64);
  EXPECT_LT(taken.seconds(), 2);
}

TEST(ImageDecode, StrayBytesBetweenMarkersArePassedOver) {
  const std::string whole = jpeg(16, 16, 2);
  EXPECT_NO_THROW(decode(jpeg_begin + segment(0xFE, "text") + "stray" + whole.substr(2)));
  EXPECT_NO_THROW(decode(whole.substr(0, whole.size() - 2) + "\1\2\3" + jpeg_end));
  EXPECT_NO_THROW(decode(whole + "after the end"));
}

TEST(ImageDecode, OtherKindsAreRefusedByName) {
  const std::vector<std::pair<std::string, std::string>> others = {
      {".jp2", "JPEG 2000"}, {".hdr", "HDR"}, {".ras", "Sun"}, {".pam", "PAM"}};
  for (const auto& [ending, name] : others) {
    cv::Mat image = picture(64, 64, CV_8UC3);
    if (ending == ".hdr") image.convertTo(image, CV_32F);
    const std::string bytes = encode(image, ending);
    ASSERT_FALSE(bytes.empty()) << ending;
    EXPECT_TRUE(contains(refusal(bytes), "another kind of file, ")) << ending;
    EXPECT_TRUE(contains(refusal(bytes), name)) << ending;
  }
  EXPECT_TRUE(contains(refusal("\x76\x2F\x31\x01"), "another kind of file, OpenEXR"));
  const std::vector<std::string> boxes = {"\0\0\0\x1C"s + "ftypavif", "\0\0\0\x24"s + "ftypheic",
                                          "\0\0\0\x30"s + "ftypmif1"};
  for (const auto& box : boxes) {
    EXPECT_TRUE(contains(refusal(box), "another kind of file, HEIF or AVIF")) << box;
  }
  EXPECT_FALSE(contains(refusal("\0\0\0\x1C"s + "ftypisom"), "HEIF"));
  EXPECT_EQ(refusal("%PDF"),
            "[x] expected an image in one of JPEG, PNG, GIF, BMP, WebP, TIFF, PNM, "
            "received another kind of file");
  EXPECT_TRUE(contains(refusal(""), "an empty file"));
}

TEST(ImageDecode, NoPrefixIsMistakenForTheWhole) {
  const cv::Mat image = picture(24, 40, CV_8UC3);
  for (const std::string& bytes :
       {encode(image, ".jpg"), encode(image, ".jpg", {cv::IMWRITE_JPEG_PROGRESSIVE, 1}),
        encode(image, ".png")}) {
    EXPECT_EQ(decode(bytes).cols, 40);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      ASSERT_THROW(decode(bytes.substr(0, length)), FileError) << length;
    }
  }
}

TEST(ImageDecode, DamagedImagesAreErrorsOrImagesWithinTheLimit) {
  const cv::Mat image = picture(24, 40, CV_8UC3);
  testing::expect_errors_or_small_images(
      {encode(image, ".jpg"), encode(image, ".jpg", {cv::IMWRITE_JPEG_PROGRESSIVE, 1}),
       encode(image, ".png"), jpeg(64, 64, 16)},
      1500, 200);
}

}  // namespace
}  // namespace muxnet
