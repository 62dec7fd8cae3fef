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

}  // namespace

void bind_data(py::module_& module) {
  py::class_<Dataset>(module, "Dataset",
                      "Labelled images in memory.\n\nNever changed: threads may use it at once.")
      .def_readonly("name", &Dataset::name)
      .def_readonly("images", &Dataset::images, "u8 or f32 (n, c, h, w), sharing memory.")
      .def_readonly("labels", &Dataset::labels, "i32 (n), sharing memory.")
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
          py::arg("indices"), Unlocked(), "The rows at `indices`.\n\nRaises:\n    IndexError.")
      .def("__len__", &Dataset::size)
      .def("__repr__", [](const Dataset& dataset) {
        return "<muxnet.Dataset " + dataset.name + ": " + std::to_string(dataset.size()) +
               " images, " + std::to_string(dataset.classes()) + " classes>";
      });

  py::class_<Splits>(module, "Splits", "train teaches models, held_out the router, test nobody.")
      .def_readonly("train", &Splits::train)
      .def_readonly("held_out", &Splits::held_out)
      .def_readonly("test", &Splits::test);

  py::class_<SplitOptions>(module, "SplitOptions", "How data is divided.")
      .def(py::init([](double held_out, double test, std::uint64_t seed) {
             return SplitOptions{held_out, test, seed};
           }),
           py::kw_only(), py::arg("held_out_fraction") = 0.2, py::arg("test_fraction") = 0.2,
           py::arg("seed") = 0);

  py::class_<Augmentation>(module, "Augmentation", "What a loader does to training images.")
      .def(py::init([](int crop_padding, bool horizontal_flip, int erase_size) {
             return Augmentation{0, crop_padding, horizontal_flip, erase_size};
           }),
           py::kw_only(), py::arg("crop_padding") = 0, py::arg("horizontal_flip") = false,
           py::arg("erase_size") = 0);

  py::class_<Loader>(
      module, "Loader",
      "Batches of a data set, prepared ahead while others work.\n\nFor one thread at a time: an "
      "epoch belongs to the thread that began it, and a call of\nanother raises BusyError.")
      .def(py::init([](const Dataset& data, const Normalization& normalization,
                       std::int64_t batch_size, bool shuffle, bool drop_last,
                       const Augmentation& augmentation, std::uint64_t seed) {
             return Loader(data, normalization,
                           {batch_size, shuffle, drop_last, augmentation, seed});
           }),
           py::arg("data"), py::arg("normalization"), py::kw_only(), py::arg("batch_size") = 128,
           py::arg("shuffle") = true, py::arg("drop_last") = false,
           py::arg_v("augmentation", Augmentation{}, "Augmentation()"), py::arg("seed") = 0,
           "Raises:\n    ValueError: options or data that do not fit.")
      .def("start_epoch", &Loader::start_epoch, py::arg("epoch"), py::arg("first_batch") = 0,
           Unlocked(), "Begin an epoch, dropping what was under way.")
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
  module.def(
      "make_dataset",
      [](const std::string& name, const Tensor& images, const Tensor& labels,
         std::vector<std::string> class_names) {
        return make_dataset(name, images, as_labels(labels), std::move(class_names));
      },
      py::arg("name"), py::arg("images"), py::arg("labels"),
      py::arg("class_names") = std::vector<std::string>{}, Unlocked(),
      "A data set from arrays, not copied: images u8 or f32 (n, h, w) or (n, c, h, w), labels (n)."
      "\n\nRaises:\n    ValueError: shapes, labels or pixels that do not fit, NaN included.");
  bind_register(module, &image_payloads, "ImagePayload", "As what an image is sent.",
                "image_payloads", "All payloads of images.");
  bind_register(module, &data_kinds, "DataKind", "A kind of data set.", "data_kinds",
                "All kinds of data set that 'KIND:PATH' may name.");
  module.def(
      "open_splits",
      [](const std::string& spec, const SplitOptions& options, int channels, int size) {
        ImageFolderOptions images;
        images.channels = channels;
        images.size = size;
        return make_splits(open_dataset(spec, images), options);
      },
      py::arg("spec"), py::arg("options"), py::arg("channels") = 3, py::arg("size") = 64,
      Unlocked(),
      "Data from 'KIND:PATH', divided; channels and size are for image folders.\n\n"
      "Raises:\n    ValueError: kind or classes that do not fit.\n    OSError: bad files.");
  module.def(
      "make_splits",
      [](const Dataset& data, const SplitOptions& options) { return make_splits(data, options); },
      py::arg("data"), py::arg("options"), Unlocked(),
      "Divide data, stratified by class.\n\nRaises:\n    ValueError: a class has too few images.");
  module.def(
      "load_images",
      [](const std::vector<std::filesystem::path>& files, int resize, int crop) {
        return load_images(files, {.resize = resize, .crop = crop});
      },
      py::arg("files"), py::arg("resize") = 256, py::arg("crop") = 224, Unlocked(),
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
      py::arg("contents"), py::arg("channels"), py::arg("size"), py::arg("resize") = 0,
      py::arg("max_pixels") = ImageBytesOptions{}.max_pixels,
      "Images u8 (n, channels, size, size) from JPEG or PNG contents: the central square resized, "
      "or as load_images() does with the shorter side resized to `resize`.\n\n"
      "Raises:\n    OSError: no whole image, too many pixels.\n    ValueError: options.");
  module.def(
      "encoded_bytes", &encoded_bytes, py::arg("images"), py::arg("format"),
      py::arg("quality") = 90, Unlocked(),
      "Bytes of each image u8 (n, c, h, w) as raw, png or jpeg.\n\nRaises:\n    ValueError.");
  module.def(
      "encode_image",
      [](const Tensor& image, const std::string& format, int quality) {
        return py::bytes(encode_image(image, format, quality));
      },
      py::arg("image"), py::arg("format"), py::arg("quality") = 90,
      "One image u8 (1, c, h, w) as a png or jpeg file.\n\nRaises:\n    ValueError.");
  module.def("split_dataset", &split_dataset, py::arg("data"), py::arg("second_fraction"),
             py::arg("seed"), Unlocked(), "Divide in two, stratified.\n\nRaises:\n    ValueError.");
  module.def("measure_normalization", &measure_normalization, py::arg("data"), Unlocked(),
             "Mean and deviation of each channel.");
  module.def("normalize", &normalize, py::arg("images"), py::arg("normalization"), Unlocked(),
             "(x - mean) / deviation, f32.\n\nRaises:\n    ValueError: NaN, or another shape.");
}

}  // namespace muxnet::python
