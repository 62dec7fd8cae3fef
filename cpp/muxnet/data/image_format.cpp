#include "muxnet/data/image_format.hpp"

#include <algorithm>
#include <cmath>

#include "muxnet/core/json.hpp"
#include "muxnet/core/json_values.hpp"

namespace muxnet {
namespace {

using Json = nlohmann::json;

constexpr auto where = "image format";
constexpr int most_side = 4096;

template <class Format, class Visit>
void each_field(Format& format, const Visit& visit) {
  visit("channels", format.channels);
  visit("height", format.height);
  visit("width", format.width);
  visit("fit", format.fit);
  visit("resize", format.resize);
  visit("interpolation", format.interpolation);
  visit("antialias", format.antialias);
  visit("upright", format.upright);
  visit("padding", format.padding);
}

void read_field(const Json& value, const std::string& key, int& field) {
  const bool fits = value.is_number_integer() && value >= 0 && value <= most_side;
  require(fits, text(where, ", ", key), text("a whole number of 0 .. ", most_side), value.dump());
  field = value.get<int>();
}

void read_field(const Json& value, const std::string& key, bool& field) {
  require(value.is_boolean(), text(where, ", ", key), "true or false", value.dump());
  field = value.get<bool>();
}

void read_field(const Json& value, const std::string& key, std::string& field) {
  require(value.is_string(), text(where, ", ", key), "a name", value.dump());
  field = value.get<std::string>();
}

/// The longer side cut off, not rounded: torchvision's way.
std::int64_t scaled(int side, int shorter, int resize) {
  return static_cast<std::int64_t>(resize) * side / shorter;
}

/// Half of what is left over, to the even one of two as near: Python's way.
std::int64_t margin(std::int64_t side, int crop) {
  return static_cast<std::int64_t>(std::nearbyint(static_cast<double>(side - crop) / 2.0));
}

/// The largest central rectangle of the image's aspect.
Framing cut_first(const ImageFormat& format, int height, int width) {
  const std::int64_t wide = std::int64_t{width} * format.height;
  const std::int64_t high = std::int64_t{height} * format.width;
  int rows = height, columns = width;
  // Cutting first gives the same image and keeps a 1 x 100000 picture from growing on the way.
  if (wide > high) columns = static_cast<int>(std::max(std::int64_t{1}, high / format.height));
  if (wide < high) rows = static_cast<int>(std::max(std::int64_t{1}, wide / format.width));
  return {(height - rows) / 2, (width - columns) / 2, rows, columns,
          format.height,       format.width,          0,    0};
}

/// All of it resized to rows x columns, the centre cut out.
Framing centre(const ImageFormat& format, int height, int width, std::int64_t rows,
               std::int64_t columns) {
  return {0,
          0,
          height,
          width,
          rows,
          columns,
          margin(rows, format.height),
          margin(columns, format.width)};
}

Framing crop(const ImageFormat& format, int height, int width) {
  if (format.resize == 0) return cut_first(format, height, width);
  const int shorter = std::min(height, width);
  return centre(format, height, width, scaled(height, shorter, format.resize),
                scaled(width, shorter, format.resize));
}

Framing stretch(const ImageFormat& format, int height, int width) {
  const bool whole = format.resize == 0;
  return centre(format, height, width, whole ? format.height : format.resize,
                whole ? format.width : format.resize);
}

/// All of it, the odd line of padding after it.
Framing letterbox(const ImageFormat& format, int height, int width) {
  const double ratio = std::min(static_cast<double>(format.height) / height,
                                static_cast<double>(format.width) / width);
  const auto side = [&](int from, int most) {
    return std::clamp(static_cast<int>(std::lround(ratio * from)), 1, most);
  };
  const int rows = side(height, format.height), columns = side(width, format.width);
  return {0,
          0,
          height,
          width,
          rows,
          columns,
          -((format.height - rows) / 2),
          -((format.width - columns) / 2)};
}

void add_fits(Register<ImageFit>& fits) {
  fits.add({"crop", "the centre, cut out of the picture", &crop});
  fits.add({"stretch", "all of the picture, its sides resized each by itself", &stretch});
  fits.add({"letterbox", "all of the picture, with padding where it is too narrow", &letterbox});
}

// Half open as Pillow's.
double box(double x) { return x > -0.5 && x <= 0.5 ? 1.0 : 0.0; }
double triangle(double x) { return std::max(0.0, 1.0 - std::abs(x)); }

/// Keys' cubic convolution with parameter `a`.
double cubic(double x, double a) {
  const double d = std::abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  if (d < 2) return (((d - 5) * d + 8) * d - 4) * a;
  return 0;
}

// Pillow's parameter, and that of PyTorch where it does not antialias.
double soft_cubic(double x) { return cubic(x, -0.5); }
double sharp_cubic(double x) { return cubic(x, -0.75); }

void add_interpolations(Register<Interpolation>& all) {
  all.add({"bilinear", "by a triangle", 1, &triangle, &triangle});
  all.add({"bicubic", "by a cubic convolution", 2, &soft_cubic, &sharp_cubic});
  all.add({"nearest", "the nearest pixel"});
  all.add({"box", "by the mean of what lies under a pixel, whole pixels of it", 0.5, &box});
  all.add({"area", "means of areas where it shrinks, else bilinear without antialiasing"});
}

}  // namespace

Register<ImageFit>& image_fits() {
  static Register<ImageFit> fits("image format, fit", {add_fits});
  return fits;
}

Register<Interpolation>& interpolations() {
  static Register<Interpolation> all("image format, interpolation", {add_interpolations});
  return all;
}

void ImageFormat::validate() const {
  const auto within = [](const char* name, int value, int least, int most) {
    require(least <= value && value <= most, text(where, ", ", name), text(least, " .. ", most),
            text(value));
  };
  require(channels == 1 || channels == 3, text(where, ", channels"), "1 or 3", text(channels));
  within("height", height, 1, most_side);
  within("width", width, 1, most_side);
  within("resize", resize, 0, most_side);
  within("padding", padding, 0, 255);
  image_fits().find(fit);
  const Interpolation& how = interpolations().find(interpolation);
  require(resize == 0 || fit == "crop" || fit == "stretch", text(where, ", resize"),
          "0 unless cropped or stretched", text(resize));
  require(resize == 0 || std::max(height, width) <= resize, where, "a crop of 1 to resize pixels",
          text("crop ", std::max(height, width), " of ", resize));
  require(antialias || how.sharp != nullptr, text(where, ", antialias"),
          text("true for ", how.name), "false");
}

std::string to_json(const ImageFormat& format) {
  Json content = Json::object();
  each_field(format, [&](const char* key, const auto& field) { content[key] = field; });
  return content.dump();
}

ImageFormat image_format_from_json(std::string_view json) {
  Json content = parse_json(json, {.bytes = 1 << 16, .depth = 4, .values = 1000});
  require(content.is_object(), where, "an object", content.type_name());
  ImageFormat format;
  std::vector<std::string> known;
  each_field(format, [&](const std::string& key, auto& field) {
    known.push_back(key);
    if (!content.contains(key)) return;
    read_field(content[key], key, field);
    content.erase(key);
  });
  if (!content.empty()) require(false, where, "keys of " + joined(known), content.begin().key());
  format.validate();
  return format;
}

}  // namespace muxnet
