#include "muxnet/runtime/hosted_model.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "muxnet/core/error.hpp"
#include "muxnet/core/probabilities.hpp"
#include "muxnet/data/read_images.hpp"
#include "muxnet/data/transform.hpp"
#include "muxnet/networks/predictor.hpp"

namespace muxnet {
namespace {

class NetworkClassifier final : public Classifier {
 public:
  NetworkClassifier(std::shared_ptr<Model> model, const Predictor& predictor)
      : model_(std::move(model)), where_(model_->name + ", answer"), predictor_(predictor) {}

  Tensor answer(const Tensor& images) override {
    const auto reading = model_->access.read(where_);
    return predictor_.probabilities(images);
  }

 private:
  std::shared_ptr<Model> model_;
  std::string where_;
  Predictor predictor_;
};

class CheckedClassifier final : public Classifier {
 public:
  CheckedClassifier(std::unique_ptr<Classifier> inner, std::string name, std::int64_t classes,
                    AnswerKind kind, std::vector<std::int64_t> places, bool reversed)
      : inner_(std::move(inner)),
        name_(std::move(name)),
        classes_(classes),
        kind_(kind),
        places_(std::move(places)),
        reversed_(reversed) {}

  Tensor answer(const Tensor& images) override {
    return checked(inner_->answer(turned(images)), images.dim(0));
  }

  EmbeddedAnswers answer_embedded(const Tensor& images) override {
    EmbeddedAnswers found = inner_->answer_embedded(turned(images));
    return {checked(found.answers, images.dim(0)), std::move(found.embedding)};
  }

  void begin(const Tensor& images, double within_ms, const Done& done) override {
    inner_->begin(turned(images), within_ms, [this, n = images.dim(0), done](Answered found) {
      try {
        if (!found.failure) found.answers = checked(found.answers, n);
      } catch (...) {
        found.failure = std::current_exception();
      }
      done(std::move(found));
    });
  }

 private:
  Tensor turned(const Tensor& images) const {
    return reversed_ && images.shape().size() == 4 ? with_reversed_channels(images) : images;
  }

  Tensor checked(const Tensor& answers, std::int64_t n) const {
    const auto own = places_.empty() ? classes_ : static_cast<std::int64_t>(places_.size());
    return placed(probabilities_of(answers, n, own, kind_, name_), classes_, places_);
  }

  std::unique_ptr<Classifier> inner_;
  std::string name_;
  std::int64_t classes_;
  AnswerKind kind_;
  std::vector<std::int64_t> places_;
  bool reversed_;
};

void softmax(std::span<const float> src, float* dst) {
  const float largest = *std::max_element(src.begin(), src.end());
  float sum = 0;
  for (std::size_t k = 0; k < src.size(); ++k) sum += dst[k] = std::exp(src[k] - largest);
  for (std::size_t k = 0; k < src.size(); ++k) dst[k] /= sum;
}

/// A logit of minus infinity, or the logarithm of 0, rules a class out; never all of them.
void check_numbers(std::span<const float> row, AnswerKind kind, const std::string& name) {
  const auto finite = [](float x) { return std::isfinite(x); };
  const auto fits = [&](float x) {
    return finite(x) ||
           (kind == AnswerKind::logits && x == -std::numeric_limits<float>::infinity());
  };
  require(std::all_of(row.begin(), row.end(), fits) && std::any_of(row.begin(), row.end(), finite),
          name, "finite answers", "NaN or infinity");
}

void check_probabilities(std::span<const float> row, const std::string& name) {
  if (const auto fault = fault_of(row)) {
    require(false, name, fault->expected,
            fault->received + "; output says so where they are logits");
  }
}

/// Each over their sum; all alike where none is above 0.
void share_out(std::span<const float> scores, float* dst, const std::string& name) {
  float sum = 0;
  for (std::size_t k = 0; k < scores.size(); ++k) {
    const bool fits = nearly_in_unit(scores[k]);  // the message is made where it is needed
    if (!fits) require(false, name, "scores in [0, 1], each label's own", exact(scores[k]));
    sum += dst[k] = std::clamp(scores[k], 0.0F, 1.0F);
  }
  const auto alike = 1 / static_cast<float>(scores.size());
  for (std::size_t k = 0; k < scores.size(); ++k) dst[k] = sum > 0 ? dst[k] / sum : alike;
}

/// Answers (n, 1), which speak for the second of two classes, as answers for both.
Tensor of_both(const Tensor& single, AnswerKind kind) {
  Tensor both({single.dim(0), 2});
  float* dst = both.data<float>();
  for (const float value : single.span<float>()) {
    *dst++ = kind == AnswerKind::logits ? 0.0F : 1 - value;
    *dst++ = value;
  }
  return both;
}

void stretch(std::vector<float>& values, std::size_t channels, const std::string& where) {
  if (values.size() == 1) values.resize(channels, values.front());
  require(values.size() == channels, where, text("1 or ", channels, " values"),
          text(values.size()));
}

}  // namespace

HostedModel host(std::shared_ptr<Model> model) {
  require(model != nullptr, "hosted model", "a model", "none");
  const Graph& graph = model->graph;
  HostedModel result{model->name,
                     static_cast<double>(graph.macs()),
                     graph.shape(graph.input()),
                     graph.shape(graph.output("logits"))[1],
                     normalization_of(*model),
                     0,
                     {},
                     {}};
  result.made_of = model;
  result.open = [predictor = std::make_shared<const Predictor>(*model), model] {
    return std::make_unique<NetworkClassifier>(model, *predictor);
  };
  return result;
}

HostedModel host_network(HostedModel outside, std::shared_ptr<Model> model, AnswerKind kind) {
  outside.open = host(model).open;
  outside.made_of = std::move(model);
  return host(std::move(outside), kind);
}

HostedModel host_onnx(HostedModel outside, OnnxSource file, AnswerKind kind) {
  file.options.classes = outside.places.empty() ? outside.classes : std::ssize(outside.places);
  outside.open = open_onnx(file.path, file.options);
  outside.made_of = std::move(file);
  return host(std::move(outside), kind);
}

HostedModel host(HostedModel outside, AnswerKind kind) {
  const Shape& shape = outside.image_shape;
  const auto positive = [](std::int64_t extent) { return extent > 0; };
  const bool vectors = shape.size() == 2;
  require((vectors || shape.size() == 4) && shape.front() == 1 &&
              std::all_of(shape.begin(), shape.end(), positive),
          outside.name, "images (1, c, h, w) or vectors (1, d)", to_string(shape));
  require(outside.classes > 1, outside.name, "at least 2 classes", text(outside.classes));
  require(std::isfinite(outside.cost) && outside.cost >= 0, text(outside.name, ", cost"),
          "a finite number of at least 0", text(outside.cost));
  require(outside.open != nullptr, outside.name, "what runs it", "nothing");
  std::set<std::int64_t> seen;
  for (const std::int64_t place : outside.places) {
    require(place >= 0 && place < outside.classes && seen.insert(place).second, outside.name,
            text("different classes below ", outside.classes), text(place));
  }
  const auto channels = static_cast<std::size_t>(shape[1]);
  if (!vectors) {
    stretch(outside.normalization.mean, channels, text(outside.name, ", mean"));
    stretch(outside.normalization.deviation, channels, text(outside.name, ", deviation"));
  }
  outside.answers = kind;
  outside.open = [open = std::move(outside.open), name = outside.name, classes = outside.classes,
                  kind, places = outside.places, reversed = outside.reversed] {
    return std::make_unique<CheckedClassifier>(open(), name, classes, kind, places, reversed);
  };
  return outside;
}

HostedModel as_served(HostedModel model) {
  model.places.clear();
  model.reversed = false;
  return model;
}

Tensor sized_for(const HostedModel& model, const Tensor& images) {
  const Tensor sized = model.images ? format_images(images, *model.images) : images;
  const Shape& wanted = model.image_shape;
  const bool fits = sized.shape().size() == 4 &&
                    std::equal(wanted.begin() + 1, wanted.end(), sized.shape().begin() + 1);
  require(fits, model.name, text("images ", to_string(wanted)), to_string(sized.shape()));
  return sized;
}

Tensor placed(const Tensor& own, std::int64_t classes, const std::vector<std::int64_t>& places) {
  if (places.empty()) return own;
  Tensor all({own.dim(0), classes});
  const auto width = static_cast<std::int64_t>(places.size());
  for (std::int64_t at = 0; at < own.size(); ++at) {
    const std::int64_t place = places[static_cast<std::size_t>(at % width)];
    all.data<float>()[at / width * classes + place] = own.data<float>()[at];
  }
  return all;
}

Tensor probabilities_of(const Tensor& given, std::int64_t n, std::int64_t classes, AnswerKind kind,
                        const std::string& name) {
  const bool numbers = given.dtype() == DType::f32 && given.shape().size() == 2;
  const bool single = numbers && given.dim(1) == 1 && (classes == 0 || classes == 2);
  const Tensor answers = single ? of_both(given, kind) : given;
  const auto& shape = answers.shape();
  require(answers.dtype() == DType::f32 && shape.size() == 2 && shape[0] == n && shape[1] > 0 &&
              (classes == 0 || shape[1] == classes),
          name,
          text("answers of shape (", n, ", ", classes == 0 ? std::string("K") : text(classes), ")"),
          to_string(shape));
  const auto values = answers.span<float>();
  const auto width = static_cast<std::size_t>(shape[1]);
  Tensor result = kind == AnswerKind::probabilities ? answers : Tensor(shape);
  for (std::size_t begin = 0; begin < values.size(); begin += width) {
    const auto row = values.subspan(begin, width);
    check_numbers(row, kind, name);
    if (kind == AnswerKind::probabilities) check_probabilities(row, name);
    if (kind == AnswerKind::logits) softmax(row, result.data<float>() + begin);
    if (kind == AnswerKind::scores) share_out(row, result.data<float>() + begin, name);
  }
  if (kind == AnswerKind::probabilities) clip_probabilities(result);
  return result;
}

}  // namespace muxnet
