#include <algorithm>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <utility>
#include <vector>

#include "muxnet/core/error.hpp"
#include "muxnet/data/exif.hpp"
#include "muxnet/data/image_bytes.hpp"
#include "muxnet/data/image_formats.hpp"

// What OpenCV decodes. It does not bound the memory that it takes by what it has been given; the
// sizes are read here first, where the format says them once and in one place, and files that may
// say them otherwise are refused.
namespace muxnet {
namespace {

cv::Mat decode_by_opencv(const EncodedImage& image, std::string_view kind, std::int64_t width,
                         std::int64_t height) {
  const cv::Mat raw(1, static_cast<int>(image.bytes.size()), CV_8U,
                    const_cast<char*>(image.bytes.data()));
  cv::Mat pixels;
  try {
    const int colour = image.channels == 1 ? cv::IMREAD_GRAYSCALE : cv::IMREAD_COLOR;
    cv::imdecode(raw, colour | cv::IMREAD_IGNORE_ORIENTATION, &pixels);
  } catch (const cv::Exception& error) {
    refuse_image(image, text("a damaged ", kind, ": ", error.err));
  }
  if (pixels.empty()) refuse_image(image, text("a damaged or truncated ", kind));
  if (pixels.cols != width || pixels.rows != height) {
    refuse_image(image, text("a ", kind, " of another size than its header says"));
  }
  return pixels;
}

void check_size(const EncodedImage& image) {
  constexpr std::int64_t most = 1 << 30;  // OpenCV counts bytes in int
  if (std::ssize(image.bytes) > most) refuse_image(image, "a file of more than a gibibyte");
}

/// The content of the first chunk of this name; empty where there is none.
std::string_view webp_chunk(const EncodedImage& image, std::string_view name) {
  ImageBytes in(image, "WebP");
  in.seek(12);
  while (in.rest().size() >= 8) {
    const bool found = in.rest().starts_with(name);
    in.skip(4);
    const std::size_t size = in.u32();
    if (found) return in.rest().substr(0, size);
    if (size + size % 2 > in.rest().size()) break;
    in.skip(size + size % 2);
  }
  return {};
}

/// Exif data without the name that some writers put before them.
std::string_view tiff_of(std::string_view exif) {
  constexpr std::string_view name("Exif\0\0", 6);
  return exif.starts_with(name) ? exif.substr(name.size()) : exif;
}

struct TiffTags {
  std::int64_t width = 0, height = 0, bits = 1, samples = 1;
  std::int64_t tile_width = 0, tile_height = 0, orientation = 1, packing = 1;
  std::vector<std::int64_t> offsets, counts;  // of the strips or tiles
};

/// The number of an entry of a directory, which stands where a single one does.
std::int64_t tiff_number(const EncodedImage& image, ImageBytes& in) {
  constexpr unsigned u16 = 3, u32 = 4;
  const unsigned type = in.u16();
  const std::uint32_t count = in.u32();
  if ((type != u16 && type != u32) || count != 1) refuse_image(image, "a TIFF of another form");
  return type == u16 ? in.u16() : in.u32();
}

/// The bits of each sample, which are the same.
std::int64_t tiff_bits(const EncodedImage& image, ImageBytes& in) {
  const unsigned type = in.u16();
  const std::uint32_t count = in.u32();
  if (type != 3 || count < 1 || count > 5) refuse_image(image, "a TIFF of another form");
  if (count > 2) in.seek(in.u32());
  const std::int64_t bits = in.u16();
  for (std::uint32_t i = 1; i < count; ++i) {
    if (in.u16() != bits) refuse_image(image, "a TIFF with samples of several sizes");
  }
  return bits;
}

/// Numbers of an entry, which stand where it points to unless they fit into its place.
std::vector<std::int64_t> tiff_numbers(const EncodedImage& image, ImageBytes& in) {
  const unsigned type = in.u16();
  const std::uint32_t count = in.u32();
  const std::size_t bytes = type == 3 ? 2 : 4;
  if ((type != 3 && type != 4) || count == 0) refuse_image(image, "a TIFF of another form");
  if (count > image.bytes.size() / bytes) refuse_image(image, "a truncated TIFF");
  if (count * bytes > 4) in.seek(in.u32());
  std::vector<std::int64_t> numbers;
  for (std::uint32_t i = 0; i < count; ++i) numbers.push_back(type == 3 ? in.u16() : in.u32());
  return numbers;
}

/// That all strips or tiles are there; of plain pixels, that they are as many.
void check_tiff_data(const EncodedImage& image, const TiffTags& tags) {
  std::int64_t sum = 0;
  if (tags.counts.empty() || tags.offsets.size() != tags.counts.size()) {
    refuse_image(image, "a TIFF of another form");
  }
  for (std::size_t i = 0; i < tags.counts.size(); ++i) {
    sum += tags.counts[i];
    if (tags.counts[i] == 0 || tags.offsets[i] + tags.counts[i] > std::ssize(image.bytes)) {
      refuse_image(image, "a truncated TIFF");
    }
  }
  const std::int64_t least = tags.width * tags.bits * tags.samples / 8 * tags.height;
  if (tags.packing == 1 && sum < least) refuse_image(image, "a truncated TIFF");
}

/// Of the first directory. Source: TIFF 6.0, sections 2, 8 and 15.
TiffTags read_tiff_tags(const EncodedImage& image) {
  constexpr std::size_t entry_bytes = 12;
  ImageBytes in(image, "TIFF");
  if (image.bytes.starts_with("MM")) in.highest_first();
  in.seek(4);
  const std::size_t directory = in.u32();
  in.seek(directory);
  const unsigned entries = in.u16();
  TiffTags tags;
  unsigned before = 0;
  for (unsigned i = 0; i < entries; ++i) {
    in.seek(directory + 2 + i * entry_bytes);
    const unsigned tag = in.u16();
    // In order and once, as the format wants it: no reader takes another than this.
    if (i > 0 && tag <= before) refuse_image(image, "a TIFF whose tags are not in order");
    before = tag;
    if (tag == 256) tags.width = tiff_number(image, in);
    if (tag == 257) tags.height = tiff_number(image, in);
    if (tag == 258) tags.bits = tiff_bits(image, in);
    if (tag == 259) tags.packing = tiff_number(image, in);
    if (tag == 273 || tag == 324) tags.offsets = tiff_numbers(image, in);
    if (tag == 279 || tag == 325) tags.counts = tiff_numbers(image, in);
    if (tag == 274) tags.orientation = tiff_number(image, in);
    if (tag == 277) tags.samples = tiff_number(image, in);
    if (tag == 322) tags.tile_width = tiff_number(image, in);
    if (tag == 323) tags.tile_height = tiff_number(image, in);
    if (tag == 339 && tiff_bits(image, in) != 1) refuse_image(image, "a TIFF of floating numbers");
  }
  return tags;
}

}  // namespace

DecodedImage decode_bmp(const EncodedImage& image) {
  check_size(image);
  ImageBytes in(image, "BMP");
  in.seek(10);
  const std::int64_t begin = in.u32();
  const bool old = in.u32() == 12;
  const std::int64_t width = old ? in.u16() : static_cast<std::int32_t>(in.u32());
  const std::int64_t signed_height = old ? in.u16() : static_cast<std::int32_t>(in.u32());
  const std::int64_t height = signed_height < 0 ? -signed_height : signed_height;
  in.skip(2);
  const std::int64_t bits = in.u16();
  const std::uint32_t packing = old ? 0 : in.u32();
  check_pixels(image, width, height);
  const bool packed = packing == 1 || packing == 2;
  const std::int64_t row = (width * bits + 31) / 32 * 4;
  if (!packed && begin + row * (height - 1) + (width * bits + 7) / 8 > std::ssize(image.bytes)) {
    refuse_image(image, "a truncated BMP");
  }
  if (packed) check_packed(image, width, height);
  return {decode_by_opencv(image, "BMP", width, height), 1};
}

DecodedImage decode_webp(const EncodedImage& image) {
  check_size(image);
  ImageBytes in(image, "WebP");
  in.seek(4);
  const std::uint32_t rest = in.u32();
  if (rest + std::uint64_t{8} > image.bytes.size()) refuse_image(image, "a truncated WebP");
  in.seek(12);
  const std::string_view chunk = in.rest().substr(0, 4);
  in.seek(20);
  std::int64_t width = 0, height = 0;
  int orientation = 1;
  if (chunk == "VP8 ") {
    in.skip(6);
    width = in.u16() & 0x3FFFU;
    height = in.u16() & 0x3FFFU;
  } else if (chunk == "VP8L") {
    in.skip(1);
    const std::uint32_t sizes = in.u32();
    width = (sizes & 0x3FFFU) + 1;
    height = (sizes >> 14U & 0x3FFFU) + 1;
  } else if (chunk == "VP8X") {
    constexpr unsigned animated = 2;
    if ((in.u8() & animated) != 0) refuse_image(image, "an animated WebP");
    in.skip(3);
    width = std::int64_t{in.u24()} + 1;
    height = std::int64_t{in.u24()} + 1;
    orientation = exif_orientation(tiff_of(webp_chunk(image, "EXIF")));
  } else {
    refuse_image(image, "a damaged WebP: no image");
  }
  check_pixels(image, width, height);
  check_packed(image, width, height);
  return {decode_by_opencv(image, "WebP", width, height), orientation};
}

DecodedImage decode_tiff(const EncodedImage& image) {
  check_size(image);
  TiffTags tags = read_tiff_tags(image);
  check_pixels(image, tags.width, tags.height);
  check_packed(image, tags.width, tags.height);
  if (tags.tile_width > 0 || tags.tile_height > 0) {
    check_pixels(image, tags.tile_width, tags.tile_height);
    check_packed(image, tags.tile_width, tags.tile_height);
  }
  if (tags.bits > 16 || tags.samples > 4) {
    refuse_image(image, text("a TIFF of ", tags.samples, " samples of ", tags.bits, " bits"));
  }
  check_tiff_data(image, tags);
  // OpenCV turns it.
  if (tags.orientation > 4) std::swap(tags.width, tags.height);
  return {decode_by_opencv(image, "TIFF", tags.width, tags.height), 1};
}

}  // namespace muxnet
