#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "muxnet/core/register.hpp"
#include "muxnet/core/tensor.hpp"

namespace muxnet {

/// How a photograph becomes an image of one size: planes (channels, height, width), RGB or grey.
struct ImageFormat {
  int channels = 3;          ///< 3: RGB; 1: grey
  int height = 0;            ///< in pixels
  int width = 0;             ///< in pixels
  std::string fit = "crop";  ///< one of image_fits()
  /// "crop": the shorter side before the cut; 0: cut, then resized. "stretch": both sides before a
  /// cut; 0: no cut.
  int resize = 0;
  std::string interpolation = "bilinear";  ///< one of interpolations()
  bool antialias = true;  ///< the kernel widens as the picture shrinks, as Pillow's does; false: as
                          ///< torchvision on tensors. Of bilinear and bicubic alone.
  bool upright = true;  ///< turned as EXIF data say; false: as it is stored (torchvision's loader)
  int padding = 0;      ///< value around a letterbox, 0 .. 255

  bool operator==(const ImageFormat&) const = default;

  Shape shape() const { return {channels, height, width}; }

  /// Throws std::invalid_argument for what is out of range or does not go together.
  void validate() const;
};

/// As one JSON object, its keys the fields' names.
std::string to_json(const ImageFormat& format);

/// What to_json wrote; keys but height and width may be missing. Throws std::invalid_argument for
/// other JSON, naming the key, and as validate().
ImageFormat image_format_from_json(std::string_view json);

/// What of a picture is resized to what size, and where in that the image begins.
struct Framing {
  int from_top = 0, from_left = 0, from_height = 0, from_width = 0;  ///< of the picture, resized
  std::int64_t height = 0, width = 0;                                ///< to so many pixels
  std::int64_t top = 0, left = 0;  ///< the image's first pixel in that; below 0: padding before it
};

/// How the shape of a picture is made that of the image.
struct ImageFit {
  std::string name;                                                    ///< by which it is chosen
  std::string title;                                                   ///< what it is, for people
  Framing (*place)(const ImageFormat& format, int height, int width);  ///< of a picture's size
};

/// All ways to fit a picture: "crop", "stretch", "letterbox".
Register<ImageFit>& image_fits();

/// How pixels are made of their neighbours.
struct Interpolation {
  std::string name;                      ///< by which it is chosen
  std::string title;                     ///< what it is, for people
  double radius = 0;                     ///< of the kernel, in pixels; 0: by none
  double (*kernel)(double x) = nullptr;  ///< at a distance of at most the radius
  double (*sharp)(double x) = nullptr;   ///< the same without antialiasing, if there is
};

/// All ways to interpolate: "bilinear", "bicubic", "nearest", "box", "area".
Register<Interpolation>& interpolations();

}  // namespace muxnet
