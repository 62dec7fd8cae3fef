// What of an ONNX file is the input, the answer, and the order of an image's axes.
#include <algorithm>

#include "muxnet/core/error.hpp"
#include "muxnet/core/probabilities.hpp"
#include "muxnet/onnx/model.hpp"
#include "muxnet/onnx/values.hpp"

namespace muxnet {
namespace {

/// Whether an output can have scores (n, K), K of `classes` where that is known.
bool can_answer(const OnnxValue& output, std::int64_t classes) {
  return is_score_type(output.dtype) && (!output.shape || can_be_scores(*output.shape, classes));
}

bool has_labels(const OnnxValue& output) {
  return is_label_type(output.dtype) && (!output.shape || output.shape->size() <= 2);
}

/// Scores beside as many labels are by rank, as TopK gives them, and not by class.
bool is_ranked(const OnnxValue& scores, const std::vector<OnnxValue>& outputs) {
  return std::any_of(outputs.begin(), outputs.end(), [&](const OnnxValue& output) {
    const bool alike = output.shape && scores.shape && *output.shape == *scores.shape;
    return is_label_type(output.dtype) && alike && output.shape->size() == 2 &&
           output.shape->back() != 1;
  });
}

bool is_single(const OnnxValue& output, std::int64_t classes) {
  return is_score_type(output.dtype) && output.shape && can_be_single(*output.shape, classes);
}

/// Several along the first axis, as many as one likes along the last: a batch that is not first.
bool is_last_alone_free(const Shape& shape) {
  return shape.size() > 1 && shape.front() > 1 && shape.back() == 0 &&
         std::count(shape.begin(), shape.end(), 0) == 1;
}

/// Of any number of inputs answers (K, n).
bool is_turned(const OnnxValue& output, const OnnxDescription& description) {
  const auto& input = description.inputs.front().shape;
  const bool any = !input || input->empty() || input->front() == 0;
  return any && output.shape && is_last_alone_free(*output.shape);
}

/// What makes of such outputs one that answers; empty where nothing is known.
std::string remedy(const std::vector<OnnxValue>& outputs) {
  const auto any = [&](const auto& fits) { return std::ranges::any_of(outputs, fits); };
  if (any([](const OnnxValue& output) { return output.dtype == "u8" || output.dtype == "i8"; }))
    return " in f32, f16 or f64 (quantised scores: with a DequantizeLinear at the end)";
  const bool labels = any([](const OnnxValue& output) { return is_label_type(output.dtype); });
  return labels ? ", as scikit-learn's do when converted with zipmap=False" : "";
}

const OnnxValue& named(const OnnxDescription& description, const std::string& name) {
  const auto& outputs = description.outputs;
  const auto found = std::find_if(outputs.begin(), outputs.end(),
                                  [&](const OnnxValue& output) { return output.name == name; });
  require(found != outputs.end(), text("output '", shown(name), '\''), "an output of the file",
          to_string(outputs));
  return *found;
}

}  // namespace

const OnnxValue& input_of(const OnnxDescription& description) {
  const auto& inputs = description.inputs;
  require(inputs.size() == 1, "inputs", "one that is fed", to_string(inputs));
  const OnnxValue& input = inputs.front();
  const bool numbers = input.dtype == "u8" || (is_score_type(input.dtype) && input.dtype != "bf16");
  require(numbers, "input", "numbers f32, f16, f64 or u8", to_string(input));
  require(!input.shape || !is_last_alone_free(*input.shape), "input",
          "inputs (n, ...), along the first axis", to_string(input));
  return input;
}

const OnnxValue& output_of(const OnnxDescription& description, const std::string& name,
                           std::int64_t classes) {
  const auto& outputs = description.outputs;
  const OnnxValue* found = nullptr;
  const auto zipped = [&](const OnnxValue& output) {
    return description.zipped.contains(output.name);
  };
  if (!name.empty()) {
    found = &named(description, name);
  } else {
    const auto choose = [&](const auto& fits) {
      for (const OnnxValue& output : outputs) {
        if (!fits(output)) continue;
        require(found == nullptr, "outputs", "one that answers (n, K), or the name of the one",
                to_string(outputs));
        found = &output;
      }
    };
    choose([&](const OnnxValue& output) { return can_answer(output, classes); });
    if (found == nullptr) choose(zipped);
    if (found == nullptr && outputs.size() == 1) {
      choose([&](const auto& output) { return has_labels(output) || is_single(output, classes); });
    }
    const auto wanted = text("one that answers (n, ", classes == 0 ? "K" : text(classes),
                             classes == 0 ? ")" : ") for the classes named", remedy(outputs));
    require(found != nullptr, "outputs", wanted, to_string(outputs));
    require(!is_ranked(*found, outputs), "outputs",
            "scores by class, not by rank as TopK's are, or the name of the output",
            to_string(outputs));
  }
  require(description.inputs.empty() || !is_turned(*found, description),
          text("output ", to_string(*found)), "answers (n, K)", "(K, n)");
  require(is_score_type(found->dtype) || has_labels(*found) || zipped(*found),
          text("output ", to_string(*found)), "scores f32, f16, f64, or labels", found->dtype);
  require(!is_label_type(found->dtype) || classes > 0 || !description.class_labels.empty(),
          text("output ", to_string(*found)),
          "scores (n, K), or the classes (`classes` in a list of models), by which a label becomes "
          "a row",
          "labels alone");
  return *found;
}

const OnnxValue& embedding_of(const OnnxDescription& description, const std::string& name) {
  const OnnxValue& found = named(description, name);
  require(is_score_type(found.dtype) && (!found.shape || !found.shape->empty()),
          text("output ", to_string(found)), "numbers f32, f16, f64, of each input", found.dtype);
  return found;
}

}  // namespace muxnet
