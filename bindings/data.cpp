#include "bindings.hpp"
#include "muxnet/data/folder_listing.hpp"
#include "muxnet/data/image_encode.hpp"
#include "muxnet/data/image_folder.hpp"
#include "muxnet/data/image_statistics.hpp"
#include "muxnet/data/loader.hpp"
#include "muxnet/data/open.hpp"
#include "muxnet/data/read_images.hpp"
#include "muxnet/data/split.hpp"
#include "muxnet/data/transform.hpp"
#include "registers.hpp"

namespace muxnet::python {
namespace {

/// Texts in which names of files may be, which need not be UTF-8: "escape" gives them back whole,
/// "show" is for people.
enum class OddBytes { escape, show };

std::vector<py::str> texts_of(const std::vector<std::string>& written, OddBytes odd) {
  std::vector<py::str> texts;
  for (const std::string& one : written) {
    texts.push_back(py::reinterpret_steal<py::str>(
        PyUnicode_DecodeUTF8(one.data(), std::ssize(one),
                             odd == OddBytes::escape ? "surrogateescape" : "backslashreplace")));
  }
  return texts;
}

Tensor as_labels(const Tensor& labels) {
  if (labels.dtype() != DType::i64) return labels;
  Tensor result(labels.shape(), DType::i32);
  const auto from = labels.span<std::int64_t>();
  for (std::size_t i = 0; i < from.size(); ++i) {
    const auto value = static_cast<std::int32_t>(from[i]);
    if (value != from[i]) throw py::value_error("[labels] expected numbers of 32 bits");
    result.data<std::int32_t>()[i] = value;
  }
  return result;
}

std::pair<Dataset, Dataset> split_dataset(const Dataset& dataset, double second_fraction,
                                          std::uint64_t seed) {
  const std::vector<double> fractions{1.0 - second_fraction, second_fraction};
  const auto parts = split_stratified(dataset.labels.span<std::int32_t>(), fractions, seed);
  return {dataset.subset(parts[0]), dataset.subset(parts[1])};
}

void bind_dataset(Module& module) {
  Class<Dataset>(module, "Dataset")
      .def_readonly("name", &Dataset::name)
      .def_readonly("images", &Dataset::images)
      .def_readonly("labels", &Dataset::labels)
      .def_readonly("class_names", &Dataset::class_names)
      .def_readonly("source_index", &Dataset::source_index)
      .def_property_readonly(
          "image_shape",
          [](const Dataset& dataset) {
            const Shape& shape = dataset.images.shape();
            return std::tuple(shape.at(1), shape.at(2), shape.at(3));
          },
          "(channels, height, width).")
      .def(
          "subset",
          [](const Dataset& dataset, const std::vector<std::int64_t>& indices) {
            return dataset.subset(indices);
          },
          py::arg("indices"), Unlocked())
      .def("__len__", &Dataset::size)
      .def("__repr__", [](const Dataset& dataset) {
        return "<muxnet.Dataset " + dataset.name + ": " + std::to_string(dataset.size()) +
               " images, " + std::to_string(dataset.classes()) + " classes>";
      });
}

void bind_sources(Module& module) {
  bind_register(module, &image_payloads, "ImagePayload", "image_payloads");
  bind_register(module, &data_kinds, "DataKind", "data_kinds");
  module.def(
      "open_splits",
      [](const std::string& spec, const SplitOptions& options,
         const std::optional<ImageFormat>& format, bool skip_unreadable) {
        std::vector<std::string> left_out;
        ImageFolderOptions images;
        if (format) images.format = *format;
        images.skip_unreadable = skip_unreadable;
        images.left_out = &left_out;
        Splits splits;
        {
          const ReleaseGil unlocked;
          splits = make_splits(open_dataset(spec, images), options);
        }
        return std::pair(std::move(splits), texts_of(left_out, OddBytes::show));
      },
      py::arg("spec"), py::arg("options"), py::arg("format") = py::none(),
      py::arg("skip_unreadable") = ImageFolderOptions{}.skip_unreadable,
      "Data from 'KIND:PATH', divided, and lines for people of what is left out. The format, by\n"
      "default the central square at 64 x 64 pixels, and skip_unreadable are for image folders.\n\n"
      "Raises:\n    ValueError: kind or classes that do not fit.\n    OSError: bad files.");
  module.def(
      "open_dataset",
      [](const std::string& spec) {
        DatasetParts parts = open_dataset(spec);
        return std::tuple(parts.train, parts.held_out, parts.test);
      },
      py::arg("spec"), Unlocked(),
      "(train, held_out, test) from 'KIND:PATH', undivided; those that its files do not have are\n"
      "empty.\n\nRaises:\n    ValueError: an unknown kind.\n    OSError: bad files.");
}

void bind_splits(Module& module) {
  Class<Splits>(module, "Splits")
      .def_readonly("train", &Splits::train)
      .def_readonly("held_out", &Splits::held_out)
      .def_readonly("test", &Splits::test);
  bind_options(module, "SplitOptions", Field("held_out_fraction", &SplitOptions::held_out_fraction),
               Field("test_fraction", &SplitOptions::test_fraction),
               Field("seed", &SplitOptions::seed));
  module.def(
      "make_dataset",
      [](const std::string& name, const Tensor& images, const Tensor& labels,
         std::vector<std::string> class_names) {
        return make_dataset(name, images, as_labels(labels), std::move(class_names));
      },
      py::arg("name"), py::arg("images"), py::arg("labels"),
      py::arg("class_names") = std::vector<std::string>{}, Unlocked());
  module.def(
      "split_stratified",
      [](const std::vector<std::int32_t>& labels, const std::vector<double>& fractions,
         std::uint64_t seed) { return split_stratified(labels, fractions, seed); },
      py::arg("labels"), py::arg("fractions"), py::arg("seed"), Unlocked());
  module.def(
      "make_splits",
      [](const Dataset& data, const SplitOptions& options) { return make_splits(data, options); },
      py::arg("data"), py::arg("options"), Unlocked());
  module.def("split_dataset", &split_dataset, py::arg("data"), py::arg("second_fraction"),
             py::arg("seed"), Unlocked(), "Divide in two, stratified.\n\nRaises:\n    ValueError.");
}

void bind_loader(Module& module) {
  bind_options(module, "Augmentation", Field("crop_padding", &Augmentation::crop_padding),
               Field("horizontal_flip", &Augmentation::horizontal_flip),
               Field("erase_size", &Augmentation::erase_size));
  const LoaderOptions defaults;
  Class<Loader>(module, "Loader")
      .def(py::init([](const Dataset& data, const Normalization& normalization,
                       std::int64_t batch_size, bool shuffle, bool drop_last,
                       const Augmentation& augmentation, std::uint64_t seed) {
             return Loader(data, normalization,
                           {batch_size, shuffle, drop_last, augmentation, seed});
           }),
           py::arg("data"), py::arg("normalization"), py::kw_only(),
           py::arg("batch_size") = defaults.batch_size, py::arg("shuffle") = defaults.shuffle,
           py::arg("drop_last") = defaults.drop_last,
           argument("augmentation", defaults.augmentation), py::arg("seed") = defaults.seed,
           "Raises:\n    ValueError: options or data that do not fit.")
      .def("start_epoch", &Loader::start_epoch, py::arg("epoch"), py::arg("first_batch") = 0,
           Unlocked())
      .def(
          "next",
          [](Loader& loader) -> std::optional<std::pair<Tensor, Tensor>> {
            Batch batch;
            if (!loader.next(batch)) return std::nullopt;
            return std::pair(batch.images, batch.labels);
          },
          Unlocked(),
          "The next images f32 (b, c, h, w) and labels i32 (b), or None at the epoch's end.\n\n"
          "Raises:\n    ValueError: pixels that are not finite.");
}

using Read = std::pair<std::vector<Tensor>, std::vector<py::str>>;

template <class Reading>
Read read_unlocked(const Reading& reading) {
  ReadImages read;
  {
    const ReleaseGil unlocked;
    read = reading();
  }
  return {std::move(read.images), texts_of(read.errors, OddBytes::show)};
}

void bind_image_format(Module& module) {
  const ImageFormat defaults;
  Class<ImageFormat>(module, "ImageFormat")
      .def(py::init([](int channels, int height, int width, std::string fit, int resize,
                       std::string interpolation, bool antialias, bool upright, int padding) {
             ImageFormat format{channels,       height,  width,
                                std::move(fit), resize,  std::move(interpolation),
                                antialias,      upright, padding};
             format.validate();
             return format;
           }),
           py::kw_only(), py::arg("channels") = defaults.channels, py::arg("height"),
           py::arg("width"), py::arg("fit") = defaults.fit, py::arg("resize") = defaults.resize,
           py::arg("interpolation") = defaults.interpolation,
           py::arg("antialias") = defaults.antialias, py::arg("upright") = defaults.upright,
           py::arg("padding") = defaults.padding,
           "Raises:\n    ValueError: out of range, or what does not go together.")
      .def_readonly("channels", &ImageFormat::channels)
      .def_readonly("height", &ImageFormat::height)
      .def_readonly("width", &ImageFormat::width)
      .def_readonly("fit", &ImageFormat::fit)
      .def_readonly("resize", &ImageFormat::resize)
      .def_readonly("interpolation", &ImageFormat::interpolation)
      .def_readonly("antialias", &ImageFormat::antialias)
      .def_readonly("upright", &ImageFormat::upright)
      .def_readonly("padding", &ImageFormat::padding);
  bind_register(module, &image_fits, "ImageFit", "image_fits");
  bind_register(module, &interpolations, "Interpolation", "interpolations");
}

void bind_image_format_methods(const Module& module) {
  Class<ImageFormat>(py::object(module.attr("ImageFormat")))
      .def_property_readonly(
          "shape",
          [](const ImageFormat& format) {
            return std::tuple(format.channels, format.height, format.width);
          },
          "(channels, height, width).")
      .def_property_readonly(
          "json", [](const ImageFormat& format) { return to_json(format); },
          "As one JSON object, its keys the arguments.")
      .def_static("from_json", &image_format_from_json, py::arg("json"),
                  "What ``json`` gave; keys with a default may be missing.\n\n"
                  "Raises:\n    ValueError: other JSON, by key.")
      .def("__eq__",
           [](const ImageFormat& format, const py::object& other) {
             return py::isinstance<ImageFormat>(other) && other.cast<ImageFormat>() == format;
           })
      .def("__hash__", [](const ImageFormat& format) { return py::hash(py::str(to_json(format))); })
      .def("__repr__", [](const ImageFormat& format) {
        return "<muxnet.ImageFormat " + to_json(format) + ">";
      });
}

void bind_image_folder(Module& module) {
  Class<ImageFiles>(module, "ImageFiles")
      .def_property_readonly(
          "files", [](const ImageFiles& part) { return texts_of(part.files, OddBytes::escape); },
          text_of("ImageFiles.files"))
      .def_readonly("labels", &ImageFiles::labels);
  Class<ImageFolder>(module, "ImageFolder")
      .def_readonly("train", &ImageFolder::train)
      .def_readonly("held_out", &ImageFolder::held_out)
      .def_readonly("test", &ImageFolder::test)
      .def_property_readonly(
          "class_names",
          [](const ImageFolder& folder) { return texts_of(folder.class_names, OddBytes::escape); },
          text_of("ImageFolder.class_names"))
      .def_property_readonly(
          "left_out",
          [](const ImageFolder& folder) { return texts_of(folder.left_out, OddBytes::show); },
          text_of("ImageFolder.left_out"));
  module.def("list_image_folder", &list_image_folder, py::arg("folder"), Unlocked());
  module.def("image_endings", [] { return image_endings(); });
}

void bind_statistics(Module& module) {
  module.def("image_statistics", &image_statistics, py::arg("images"), Unlocked());
  module.def("image_statistic_names", &image_statistic_names);
}

void bind_images(Module& module) {
  using Paths = std::vector<std::filesystem::path>;
  module.def(
      "read_images",
      [](const Paths& files, const std::vector<ImageFormat>& formats, std::int64_t max_pixels) {
        return read_unlocked([&] { return read_images(files, formats, {max_pixels}); });
      },
      py::arg("files"), py::arg("formats"), py::arg("max_pixels") = ImageLimits{}.max_pixels);
  module.def(
      "decode_images",
      [](const std::vector<py::bytes>& contents, const std::vector<ImageFormat>& formats,
         std::int64_t max_pixels) {
        const std::vector<std::string> bytes(contents.begin(), contents.end());
        return read_unlocked([&] { return decode_images(bytes, formats, {max_pixels}); });
      },
      py::arg("contents"), py::arg("formats"), py::arg("max_pixels") = ImageLimits{}.max_pixels);
  module.def(
      "read_stored_images",
      [](const Paths& files, std::int64_t max_pixels) {
        return read_unlocked([&] { return read_stored_images(files, {max_pixels}); });
      },
      py::arg("files"), py::arg("max_pixels") = ImageLimits{}.max_pixels);
  module.def("refuse_unreadable", &refuse_unreadable, py::arg("errors"));
  module.def(
      "format_images",
      [](const Tensor& images, const ImageFormat& format) { return format_images(images, format); },
      py::arg("images"), py::arg("format"), Unlocked());
  module.def("encoded_bytes", &encoded_bytes, py::arg("images"), py::arg("format"),
             py::arg("quality") = 90, Unlocked());
  module.def(
      "encode_image",
      [](const Tensor& image, const std::string& format, int quality) {
        return py::bytes(encode_image(image, format, quality));
      },
      py::arg("image"), py::arg("format"), py::arg("quality") = 90);
}

}  // namespace

void bind_data(Module& module) {
  bind_image_format(module);  // before what takes one
  bind_image_format_methods(module);
  bind_dataset(module);
  bind_splits(module);
  bind_sources(module);
  bind_loader(module);
  bind_image_folder(module);
  bind_images(module);
  bind_statistics(module);
  module.def("measure_normalization", &measure_normalization, py::arg("data"), Unlocked(),
             "Mean and deviation of each channel.");
  module.def("check_pixels", &check_pixels, py::arg("images"), py::arg("where"), Unlocked());
  module.def("normalize", &normalize, py::arg("images"), py::arg("normalization"), Unlocked());
}

}  // namespace muxnet::python
