#include "muxnet/data/dataset.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

void check_labels(const Dataset& dataset) {
  const auto labels = dataset.labels.span<std::int32_t>();
  for (std::size_t row = 0; row < labels.size(); ++row) {
    if (labels[row] >= 0 && labels[row] < dataset.classes()) continue;
    require(false, text("dataset ", dataset.name, ", row ", row),
            text("a label of 0 .. ", dataset.classes() - 1), text(labels[row]));
  }
}

void check_finite(const Dataset& dataset) {
  for (std::int64_t row = 0; row < dataset.size(); ++row) {
    const Tensor image = dataset.images.rows(row, row + 1);
    require(all_finite(image.span<float>()), text("dataset ", dataset.name, ", row ", row),
            "finite pixels", "NaN or infinity");
  }
}

}  // namespace

bool all_finite(std::span<const float> values) {
  // On the bits: vectorises, and does not depend on how the compiler treats NaN.
  constexpr std::uint32_t exponent = 0x7F800000;
  std::uint32_t bad = 0;
  for (const float value : values) {
    bad |= static_cast<std::uint32_t>((std::bit_cast<std::uint32_t>(value) & exponent) == exponent);
  }
  return bad == 0;
}

void check_pixels(const Tensor& images, std::string_view where) {
  if (images.dtype() == DType::u8) return;
  require(images.dtype() == DType::f32, where, "u8 or f32", name_of(images.dtype()));
  const auto pixels = images.span<float>();
  const auto odd = std::ranges::find_if_not(pixels, [](float x) { return std::isfinite(x); });
  if (odd != pixels.end()) {
    const auto row = (odd - pixels.begin()) / (images.size() / images.dim(0));
    require(false, where, "finite pixels", text("NaN or infinity in image ", row));
  }
  constexpr float slack = 0.5F / 255;
  std::uint32_t bad = 0;
  for (const float pixel : pixels) {
    bad |=
        static_cast<std::uint32_t>(pixel < -slack) | static_cast<std::uint32_t>(pixel > 1 + slack);
  }
  if (bad == 0) return;
  const auto [least, most] = std::minmax_element(pixels.begin(), pixels.end());
  require(false, where, "pixels f32 from 0 to 1 (a byte / 255, not normalised)",
          text("from ", *least, " to ", *most));
}

Dataset Dataset::subset(std::span<const std::int64_t> indices) const {
  Shape shape = images.shape();
  require(!shape.empty(), text("dataset ", name, ".subset"), "images", "an empty data set");
  shape.front() = static_cast<std::int64_t>(indices.size());
  Dataset result{
      name, Tensor(shape, images.dtype()), Tensor({shape.front()}, DType::i32), class_names, {}};
  result.source_index.reserve(indices.size());
  const std::size_t bytes = empty() ? 0 : images.bytes() / static_cast<std::size_t>(size());
  const auto* src = static_cast<const std::byte*>(images.raw());
  auto* dst = static_cast<std::byte*>(result.images.raw());
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const auto row = indices[i];
    if (row < 0 || row >= size()) {
      throw std::out_of_range(error_text(text("dataset ", name, ".subset"),
                                         text("rows of 0 .. ", size() - 1), text(row)));
    }
    std::memcpy(dst + i * bytes, src + static_cast<std::size_t>(row) * bytes, bytes);
    result.labels.data<std::int32_t>()[i] = labels.data<std::int32_t>()[row];
    result.source_index.push_back(source_index.at(static_cast<std::size_t>(row)));
  }
  return result;
}

void Dataset::validate() const {
  const std::string where = text("dataset ", name);
  require(images.shape().size() == 4 && !images.empty(), text(where, ", images"),
          "a shape (n, channels, height, width) without zeros", to_string(images.shape()));
  require(images.dtype() == DType::u8 || images.dtype() == DType::f32, text(where, ", images"),
          "u8 or f32", name_of(images.dtype()));
  require(labels.dtype() == DType::i32, text(where, ", labels"), "i32", name_of(labels.dtype()));
  require(labels.shape() == Shape{size()}, text(where, ", labels"), text("shape (", size(), ")"),
          to_string(labels.shape()));
  require(static_cast<std::int64_t>(source_index.size()) == size(), text(where, ", source_index"),
          text(size(), " entries"), text(source_index.size()));
  require(classes() > 0, text(where, ", class_names"), "at least one class", "none");
  check_labels(*this);
  if (images.dtype() == DType::f32) check_finite(*this);
}

Dataset make_dataset(std::string name, const Tensor& images, const Tensor& labels,
                     std::vector<std::string> class_names) {
  Dataset result;
  result.name = std::move(name);
  const Shape& shape = images.shape();
  result.images = images;
  if (shape.size() == 3) result.images = images.reshaped({shape[0], 1, shape[1], shape[2]});
  if (shape.size() == 2) result.images = images.reshaped({shape[0], shape[1], 1, 1});
  result.labels = labels;
  result.class_names = std::move(class_names);
  if (result.class_names.empty() && labels.dtype() == DType::i32 && !labels.empty()) {
    const auto values = labels.span<std::int32_t>();
    const auto greatest = *std::max_element(values.begin(), values.end());
    // Each class costs a string and an output of every network: a stray number is an error.
    require(greatest < 1'000'000, text("dataset ", result.name, ", labels"), "labels below 1000000",
            text(greatest));
    for (std::int32_t i = 0; i <= greatest; ++i) result.class_names.push_back(text(i));
  }
  result.source_index.resize(static_cast<std::size_t>(result.size()));
  std::iota(result.source_index.begin(), result.source_index.end(), 0);
  result.validate();
  return result;
}

}  // namespace muxnet
