#include "muxnet/onnx/model.hpp"

#include <algorithm>
#include <numeric>

#include "muxnet/core/error.hpp"
#include "muxnet/onnx/engines.hpp"
#include "muxnet/onnx/value_types.hpp"
#include "muxnet/onnx/values.hpp"
#include "muxnet/onnx/weights.hpp"

namespace muxnet {
namespace {

constexpr std::int64_t most_input_values = std::int64_t{1} << 31U;

/// Whether an input of `shape` takes rows of `row`; an extent of 0 takes any.
bool takes(const std::optional<Shape>& shape, const Shape& row) {
  if (!shape) return true;
  return shape->size() == row.size() + 1 &&
         std::equal(row.begin(), row.end(), shape->begin() + 1,
                    [](auto given, auto wanted) { return wanted == 0 || given == wanted; });
}

}  // namespace

OnnxModel::OnnxModel(const std::filesystem::path& path, OnnxOptions options)
    : OnnxModel(path, options, onnx_engines().find(options.engine).open) {}

OnnxModel::OnnxModel(const std::filesystem::path& path, OnnxOptions options,
                     const OpenSession& open)
    : name_(path.string()), options_(std::move(options)) {
  require(options_.layout.empty() || options_.layout == "nchw" || options_.layout == "nhwc",
          text(name_, ", layout"), "nchw or nhwc", options_.layout);
  OnnxSessionOptions session{path, {}, {}, {}, options_.threads, read_onnx(path)};
  try {
    description_ = describe_onnx(session.content, path.parent_path());
    input_ = input_of(description_);
    output_ = output_of(description_, options_.output, options_.classes);
    one_by_one_ = description_.dynamically_quantised;
    layout_ = options_.layout.empty() ? description_.layout : options_.layout;
    labels_ = description_.class_labels;
    if (labels_.empty() && is_label_type(output_.dtype)) {
      labels_.resize(static_cast<std::size_t>(options_.classes));
      std::iota(labels_.begin(), labels_.end(), 0);
    }
    const std::int64_t values = volume(input_.shape.value_or(Shape{}));
    require(values <= most_input_values, text("input ", to_string(input_)),
            text("at most ", most_input_values, " values"), text(values));
    session.description = description_;
    session.input = input_;
    const auto zipped = description_.zipped.find(output_.name);
    if (zipped != description_.zipped.end()) output_ = {zipped->second, "f32", {}};
    session.outputs = {output_};
    if (!options_.embedding.empty()) {
      const OnnxValue& embedding = embedding_of(description_, options_.embedding);
      if (embedding.name != output_.name) session.outputs.push_back(embedding);
      embedding_place_ = session.outputs.size() - 1;
    }
    if (!description_.external_files.empty()) {
      session.content = with_weights(session.content, path.parent_path());
    }
    const auto& outputs = description_.outputs;
    const bool there = std::any_of(outputs.begin(), outputs.end(), [&](const OnnxValue& value) {
      return value.name == output_.name;
    });
    if (!there) {
      session.content = with_output(std::move(session.content), output_.name);
    }
    session_ = open(session);
  } catch (const std::invalid_argument& failure) {
    throw std::invalid_argument(error_text(name_, "an ONNX model that can be run", failure.what()));
  }
}

Shape OnnxModel::row_shape(const Shape& inputs, bool& last) const {
  const Shape row(inputs.begin() + 1, inputs.end());
  last = false;
  if (row.size() == 3 && row[0] == 1) {
    // Of one channel the order of axes says nothing: they may be rows of pixels, or all pixels.
    for (const Shape& plain : {Shape{row[1], row[2]}, Shape{row[1] * row[2]}}) {
      if (input_.shape && takes(input_.shape, plain)) return plain;
    }
  }
  if (row.size() != 3) {
    require(takes(input_.shape, row), name_, text("an input ", to_string(input_)),
            to_string(inputs));
    return row;
  }
  const Shape turned{row[1], row[2], row[0]};
  const bool first_fits = options_.layout != "nhwc" && takes(input_.shape, row);
  const bool last_fits = options_.layout != "nchw" && takes(input_.shape, turned);
  require(first_fits || last_fits, name_,
          text("images for ", to_string(input_), options_.layout.empty() ? "" : " in ",
               options_.layout),
          text(to_string(inputs), " in nchw"));
  require(!first_fits || !last_fits || !layout_.empty(), text(name_, ", layout"),
          text("nchw or nhwc, as ", to_string(input_), " does not tell"), "nothing");
  last = last_fits && (!first_fits || layout_ == "nhwc");
  return last ? turned : row;
}

EmbeddedAnswers OnnxModel::answer_embedded(const Tensor& inputs) const {
  const bool numbers = inputs.dtype() == DType::f32 || inputs.dtype() == DType::u8;
  require(numbers && inputs.shape().size() > 1 && !inputs.empty(), name_, "inputs f32 (n, ...)",
          text(muxnet::name_of(inputs.dtype()), ' ', to_string(inputs.shape())));
  const std::int64_t fixed = input_.shape ? input_.shape->front() : 0;
  // Where others of its batch count, an input has a batch of itself alone.
  if (one_by_one_) return in_steps(inputs, 1, std::max<std::int64_t>(fixed, 1));
  if (fixed > 0) return in_steps(inputs, fixed, fixed);
  try {
    return run(inputs, inputs.dim(0));
  } catch (const std::invalid_argument&) {
    if (inputs.dim(0) == 1) throw;
  }
  // A file may be written for one input at a time, whatever its shapes say.
  EmbeddedAnswers result = in_steps(inputs, 1, 1);
  one_by_one_ = true;
  return result;
}

EmbeddedAnswers OnnxModel::in_steps(const Tensor& inputs, std::int64_t step,
                                    std::int64_t batch) const {
  const std::int64_t n = inputs.dim(0);
  EmbeddedAnswers all;
  const auto keep = [&](const Tensor& some, std::int64_t row, Tensor& kept) {
    if (some.empty()) return;
    if (kept.empty()) kept = Tensor({n, some.dim(1)});
    require(some.dim(1) == kept.dim(1), name_, text(kept.dim(1), " numbers a row"),
            text(some.dim(1)));
    std::copy_n(some.data<float>(), some.size(), kept.data<float>() + row * some.dim(1));
  };
  for (std::int64_t row = 0; row < n; row += step) {
    EmbeddedAnswers some = run(inputs.rows(row, std::min(row + step, n)), batch);
    if (n <= step) return some;
    keep(some.answers, row, all.answers);
    keep(some.embedding, row, all.embedding);
  }
  return all;
}

EmbeddedAnswers OnnxModel::run(const Tensor& rows, std::int64_t batch) const {
  bool last = false;
  Shape shape = row_shape(rows.shape(), last);
  shape.insert(shape.begin(), batch);
  EmbeddedAnswers result;
  try {
    session_->run(
        shape, [&](void* values) { write_rows(rows, batch, input_.dtype, last, values); },
        [&](std::size_t place, const OnnxArray& output) {
          if (place == 0) result.answers = read_rows(output, batch, rows.dim(0), labels_);
          if (place == embedding_place_) {
            result.embedding = read_numbers(output, batch, rows.dim(0));
          }
        });
  } catch (const std::invalid_argument& failure) {
    throw std::invalid_argument(
        error_text(name_, text("an answer to inputs ", to_string(shape)), failure.what()));
  }
  const std::int64_t width = result.answers.dim(1), wanted = options_.classes;
  require(wanted == 0 || width == wanted || (width == 1 && wanted == 2), name_,
          text("answers (n, ", wanted, ")"), to_string(result.answers.shape()));
  return result;
}

}  // namespace muxnet
