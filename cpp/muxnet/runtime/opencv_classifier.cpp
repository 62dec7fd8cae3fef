#include <algorithm>
#include <mutex>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/dnn.hpp>
#include <regex>
#include <string>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "muxnet/runtime/classifier.hpp"
#include "muxnet/runtime/onnx_tensors.hpp"

namespace muxnet {
namespace {

constexpr std::uint64_t most_model_bytes = (std::uint64_t{1} << 31) - 1;  // of a protobuf message

/// OpenCV prints what it throws as well; the level is the whole program's, so that the first to
/// come silences it and the last to go gives it back.
class Silence {
 public:
  Silence() {
    const std::lock_guard lock(mutex);
    if (count++ == 0) before = cv::utils::logging::setLogLevel(silent);
  }
  ~Silence() {
    const std::lock_guard lock(mutex);
    if (--count == 0) cv::utils::logging::setLogLevel(before);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  static constexpr auto silent = cv::utils::logging::LOG_LEVEL_SILENT;
  static inline std::mutex mutex;
  static inline int count = 0;
  static inline auto before = silent;
};

/// What an error says in one line, without places in OpenCV's sources.
std::string reason(const cv::Exception& failure) {
  std::string words = failure.err.empty() ? failure.what() : failure.err;
  static const std::regex places(R"(OpenCV\([^)]*\) \S+ error: |in function '[^']*')");
  static const std::regex gaps(R"((\s|> )+)");
  words = std::regex_replace(std::regex_replace(words, places, ""), gaps, " ");
  return words.substr(0, 200);
}

class OpenCvClassifier final : public Classifier {
 public:
  OpenCvClassifier(cv::dnn::Net net, std::string name)
      : net_(std::move(net)), name_(std::move(name)) {}

  Tensor answer(const Tensor& images) override {
    require(images.dtype() == DType::f32 && images.shape().size() == 4 && images.dim(0) > 0, name_,
            "images f32 (n, c, h, w)",
            text(muxnet::name_of(images.dtype()), ' ', to_string(images.shape())));
    const std::int64_t n = images.dim(0);
    const std::lock_guard turn(one_at_a_time_);  // OpenCV computes on all threads
    if (!one_by_one_) {
      const cv::Mat found = run(images);
      if (found.dims >= 2 && found.size[0] == n) return rows_of(found, n);
      // A file may be written for one image at a time, whatever its shapes say.
      require(n > 1, name_, "answers (1, K)", text("values of ", found.dims, " axes"));
      one_by_one_ = true;
    }
    Tensor all;
    for (std::int64_t row = 0; row < n; ++row) {
      const Tensor one = rows_of(run(images.rows(row, row + 1)), 1);
      if (all.empty()) all = Tensor({n, one.dim(1)});
      require(one.dim(1) == all.dim(1), name_, text(all.dim(1), " classes"), text(one.dim(1)));
      std::copy_n(one.data<float>(), one.size(), all.data<float>() + row * one.size());
    }
    return all;
  }

 private:
  cv::Mat run(const Tensor& images) {
    const std::vector<int> shape(images.shape().begin(), images.shape().end());
    const cv::Mat blob(shape, CV_32F, const_cast<float*>(images.data<float>()));
    const Silence silence;
    try {
      net_.setInput(blob);
      return net_.forward();
    } catch (const cv::Exception& failure) {
      if (images.dim(0) > 1) return {};
      throw std::invalid_argument(
          error_text(name_, text("images that the network takes, not ", to_string(images.shape())),
                     reason(failure)));
    }
  }

  Tensor rows_of(const cv::Mat& found, std::int64_t n) const {
    const auto total = static_cast<std::int64_t>(found.total());
    require(found.depth() == CV_32F && found.isContinuous() && total > 0 && total % n == 0, name_,
            text("numbers f32 (", n, ", K)"), text(total, " values"));
    Tensor result({n, total / n});
    std::copy_n(found.ptr<float>(), total, result.data<float>());
    return result;
  }

  std::mutex one_at_a_time_;
  cv::dnn::Net net_;
  std::string name_;
  bool one_by_one_ = false;
};

}  // namespace

std::unique_ptr<Classifier> load_onnx(const std::filesystem::path& path) {
  const std::string content = read_file(path, most_model_bytes);
  const auto refusal = [&](const std::string& why) {
    return std::invalid_argument(error_text(
        path.string(), text("an ONNX network that OpenCV ", CV_VERSION, " can import"), why));
  };
  const Silence silence;
  try {
    check_onnx_tensors(content);
    return std::make_unique<OpenCvClassifier>(
        cv::dnn::readNetFromONNX(content.data(), content.size()), path.string());
  } catch (const std::invalid_argument& failure) {
    throw refusal(failure.what());
  } catch (const cv::Exception& failure) {
    throw refusal(reason(failure));
  }
}

}  // namespace muxnet
