#include "bindings.hpp"
#include "muxnet/data/image_bytes.hpp"
#include "muxnet/data/image_encode.hpp"
#include "muxnet/data/image_folder.hpp"
#include "muxnet/data/image_pipeline.hpp"
#include "muxnet/data/loader.hpp"
#include "muxnet/data/open.hpp"
#include "muxnet/data/split.hpp"
#include "muxnet/data/transform.hpp"
#include "registers.hpp"

namespace muxnet::python {
namespace {

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
  bind_register(module, &image_payloads, "ImagePayload", "image_payloads");
  bind_register(module, &data_kinds, "DataKind", "data_kinds");
  module.def(
      "open_splits",
      [](const std::string& spec, const SplitOptions& options, int channels, int size) {
        ImageFolderOptions images;
        images.channels = channels;
        images.size = size;
        return make_splits(open_dataset(spec, images), options);
      },
      py::arg("spec"), py::arg("options"), py::arg("channels") = ImageFolderOptions{}.channels,
      py::arg("size") = ImageFolderOptions{}.size, Unlocked(),
      "Data from 'KIND:PATH', divided; channels and size are for image folders.\n\n"
      "Raises:\n    ValueError: kind or classes that do not fit.\n    OSError: bad files.");
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

void bind_images(Module& module) {
  module.def(
      "load_images",
      [](const std::vector<std::filesystem::path>& files, int resize, int crop) {
        return load_images(files, {.resize = resize, .crop = crop});
      },
      py::arg("files"), py::arg("resize") = ImagePipeline{}.resize,
      py::arg("crop") = ImagePipeline{}.crop, Unlocked(),
      "RGB images u8 (n, 3, crop, crop): shorter side to `resize`, antialiased, centre cut out.\n\n"
      "Raises:\n    OSError: an unreadable file.\n    ValueError: no files, crop above resize.");
  module.def(
      "load_squares",
      [](const std::vector<std::filesystem::path>& files, int channels, int size) {
        return load_images(files, ImageFolderOptions{.channels = channels, .size = size});
      },
      py::arg("files"), py::arg("channels"), py::arg("size"), Unlocked(),
      "Images u8 (n, channels, size, size) as of an image folder: central square, resized.\n\n"
      "Raises:\n    OSError: an unreadable file.\n    ValueError: no files.");
  module.def(
      "decode_images",
      [](const std::vector<py::bytes>& contents, int channels, int size, int resize,
         std::int64_t max_pixels) {
        const std::vector<std::string> bytes(contents.begin(), contents.end());
        const ReleaseGil unlocked;
        return decode_images(bytes, {channels, size, resize, max_pixels});
      },
      py::arg("contents"), py::arg("channels"), py::arg("size"),
      py::arg("resize") = ImageBytesOptions{}.resize,
      py::arg("max_pixels") = ImageBytesOptions{}.max_pixels);
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
  bind_dataset(module);
  bind_splits(module);
  bind_loader(module);
  bind_images(module);
  module.def("measure_normalization", &measure_normalization, py::arg("data"), Unlocked(),
             "Mean and deviation of each channel.");
  module.def("check_pixels", &check_pixels, py::arg("images"), py::arg("where"), Unlocked());
  module.def("normalize", &normalize, py::arg("images"), py::arg("normalization"), Unlocked());
}

}  // namespace muxnet::python
