#include <tiffio.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <memory>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "muxnet/core/error.hpp"
#include "muxnet/data/image_bytes.hpp"
#include "muxnet/data/image_decode.hpp"
#include "muxnet/data/image_formats.hpp"

// libtiff decodes. The first directory is read here before, so that sizes and what must follow are
// checked by one reading, and files that another reading may take otherwise are refused.
namespace muxnet {
namespace {

struct TiffTags {
  std::int64_t width = 0, height = 0, bits = 1, samples = 1;
  std::int64_t tile_width = 0, tile_height = 0, packing = 1;
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

/// How much the values of an entry take. Source: TIFF 6.0, section 2.
std::int64_t tiff_bytes(ImageBytes& in) {
  constexpr std::array<int, 14> sizes = {1, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4};
  const unsigned type = in.u16();
  const std::int64_t count = in.u32();
  return type < sizes.size() ? count * sizes[type] : 0;  // libtiff passes over others
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
  std::int64_t bytes = 0;
  for (unsigned i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + i * entry_bytes;
    in.seek(entry + 2);
    bytes += tiff_bytes(in);  // libtiff copies all of them, also those that lie in one place
    if (bytes > std::ssize(image.bytes)) refuse_image(image, "a TIFF whose tags hold more than it");
    in.seek(entry);
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
    if (tag == 277) tags.samples = tiff_number(image, in);
    if (tag == 322) tags.tile_width = tiff_number(image, in);
    if (tag == 323) tags.tile_height = tiff_number(image, in);
    if (tag == 339 && tiff_bits(image, in) != 1) {
      refuse_image(image, "a TIFF of signed or floating numbers");
    }
  }
  return tags;
}

/// libtiff on bytes in memory; what it says is kept for the error.
class TiffDecoder {
 public:
  TiffDecoder(const EncodedImage& image, std::int64_t most_bytes) : image_(image) {
    const std::unique_ptr<TIFFOpenOptions, void (*)(TIFFOpenOptions*)> options(
        TIFFOpenOptionsAlloc(), &TIFFOpenOptionsFree);
    if (options == nullptr) throw std::bad_alloc();
    TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), most_bytes);
    TIFFOpenOptionsSetErrorHandlerExtR(options.get(), &fail, this);
    TIFFOpenOptionsSetWarningHandlerExtR(options.get(), &ignore, nullptr);
    // Mapped, which is read only: of what it reads libtiff 4.5 takes whole kilobytes, and refuses
    // tiles of other sizes.
    file_.reset(TIFFClientOpenExt("image", "r", this, &read, &write, &seek, &close, &size, &map,
                                  &unmap, options.get()));
    if (file_ == nullptr) refuse();
  }

  /// BGR or grey of a first page of width x height, upright.
  cv::Mat decode(std::int64_t width, std::int64_t height) {
    if (number(TIFFTAG_IMAGEWIDTH) != width || number(TIFFTAG_IMAGELENGTH) != height) {
      refuse_image(image_, "a TIFF of another size than its header says");
    }
    leave_transparency_out();
    std::uint16_t orientation = 1;
    TIFFGetFieldDefaulted(file_.get(), TIFFTAG_ORIENTATION, &orientation);
    cv::Mat pixels(static_cast<int>(height), static_cast<int>(width), CV_8UC4);
    // In its own orientation: libtiff mirrors, but does not turn.
    constexpr int stop_on_error = 1;
    *message_ = 0;
    if (TIFFReadRGBAImageOriented(file_.get(), static_cast<std::uint32_t>(width),
                                  static_cast<std::uint32_t>(height), pixels.ptr<std::uint32_t>(),
                                  orientation, stop_on_error) == 0 ||
        *message_ != 0) {  // of fax it goes on after an error all the same
      refuse();
    }
    cv::Mat result;
    cv::cvtColor(pixels, result, image_.channels == 1 ? cv::COLOR_RGBA2GRAY : cv::COLOR_RGBA2BGR);
    return turned({result, orientation});
  }

 private:
  [[noreturn]] void refuse() const {
    if (cut_) refuse_image(image_, "a truncated TIFF");
    refuse_image(image_, text("a damaged TIFF: ", message_));
  }

  /// Of colours beside their opacity libtiff gives what is seen on black, of such as have it in
  /// them the colours as they are.
  void leave_transparency_out() {
    std::uint16_t count = 0;
    std::uint16_t* kinds = nullptr;
    if (TIFFGetField(file_.get(), TIFFTAG_EXTRASAMPLES, &count, &kinds) == 0) return;
    std::vector<std::uint16_t> changed(kinds, kinds + count);
    std::ranges::replace(changed, EXTRASAMPLE_UNASSALPHA, EXTRASAMPLE_ASSOCALPHA);
    TIFFSetField(file_.get(), TIFFTAG_EXTRASAMPLES, count, changed.data());
  }

  std::uint32_t number(std::uint32_t tag) const {
    std::uint32_t value = 0;
    TIFFGetField(file_.get(), tag, &value);
    return value;
  }

  static TiffDecoder& self(thandle_t handle) { return *static_cast<TiffDecoder*>(handle); }

  static int fail(TIFF*, void* handle, const char*, const char* format, va_list values) {
    char* message = self(handle).message_;
    if (*message == 0) std::vsnprintf(message, sizeof message_, format, values);
    return 1;
  }

  static int ignore(TIFF*, void*, const char*, const char*, va_list) { return 1; }

  static tmsize_t read(thandle_t handle, void* dst, tmsize_t count) {
    const std::string_view bytes = self(handle).image_.bytes;
    const std::size_t begin = std::min<std::size_t>(self(handle).at_, bytes.size());
    const std::size_t size = std::min(static_cast<std::size_t>(count), bytes.size() - begin);
    if (size < static_cast<std::size_t>(count)) self(handle).cut_ = true;
    if (size > 0) std::memcpy(dst, bytes.data() + begin, size);
    self(handle).at_ = begin + size;
    return static_cast<tmsize_t>(size);
  }

  static tmsize_t write(thandle_t, void*, tmsize_t) { return -1; }

  static toff_t seek(thandle_t handle, toff_t offset, int from) {
    toff_t& at = self(handle).at_;
    at = offset + (from == SEEK_CUR ? at : from == SEEK_END ? size(handle) : 0);
    return at;
  }

  static int map(thandle_t handle, void** base, toff_t* size) {
    const std::string_view bytes = self(handle).image_.bytes;
    *base = const_cast<char*>(bytes.data());
    *size = bytes.size();
    return 1;
  }
  static void unmap(thandle_t, void*, toff_t) {}

  static int close(thandle_t) { return 0; }
  static toff_t size(thandle_t handle) { return self(handle).image_.bytes.size(); }

  const EncodedImage& image_;
  toff_t at_ = 0;
  bool cut_ = false;
  char message_[200] = "";
  std::unique_ptr<TIFF, void (*)(TIFF*)> file_{nullptr, &TIFFClose};
};

/// The most that the decoder needs at once: samples of the image or of a tile, at 16 bits.
std::int64_t most_memory(const TiffTags& tags) {
  constexpr std::int64_t pixel = 8, tables = std::int64_t{16} << 20;
  const std::int64_t tile = tags.tile_width * tags.tile_height;
  return pixel * std::max(tags.width * tags.height, tile) + tables;
}

}  // namespace

DecodedImage decode_tiff(const EncodedImage& image) {
  const TiffTags tags = read_tiff_tags(image);
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
  return {TiffDecoder(image, most_memory(tags)).decode(tags.width, tags.height), 1};
}

}  // namespace muxnet
