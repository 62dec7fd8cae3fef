#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "muxnet/core/tensor.hpp"
#include "muxnet/onnx/session.hpp"

namespace muxnet {

/// How an ONNX file is run.
struct OnnxOptions {
  std::string engine = "onnxruntime";  ///< one of onnx_engines()
  std::string output = {};     ///< name of the output that answers; "": the only one that can
  std::string layout = {};     ///< "nchw" or "nhwc"; "": as the file tells
  std::int64_t classes = 0;    ///< K of an answer (n, K); 0: any
  int threads = 0;             ///< of one call; 0: those of the process
  std::string embedding = {};  ///< name of an output to give beside the answer; "": none
};

/// What an ONNX file gives for n inputs.
struct EmbeddedAnswers {
  Tensor answers;    ///< f32 (n, K)
  Tensor embedding;  ///< f32 (n, d), of OnnxOptions::embedding; empty where none is asked for
};

/// An ONNX file as it was exported behind one call, whatever engine runs it: batches of its size,
/// its layout and types of numbers, the output that answers. Threads may call it at once.
class OnnxModel {
 public:
  /// Throws FileError for a file that cannot be read, std::invalid_argument for what is no ONNX
  /// model, one that does not answer one input by (n, K) or of which several outputs could be the
  /// answer, and for what the engine cannot run.
  explicit OnnxModel(const std::filesystem::path& path, OnnxOptions options = {});
  /// In another engine than those of the register.
  OnnxModel(const std::filesystem::path& path, OnnxOptions options, const OpenSession& open);

  /// What it gives, f32 (n, K), for inputs f32 (n, ...), images as (n, c, h, w), of one channel
  /// also to a file that takes (n, h, w) or (n, h w). An input of the file that is u8 gets 0 .. 255
  /// for images 0 .. 1, or u8 as they are; labels are given as one-hot rows. Throws
  /// std::invalid_argument for an input or answer of another shape.
  Tensor answer(const Tensor& inputs) const { return answer_embedded(inputs).answers; }
  /// The same with the embedding, each row's numbers one after the other, from one run.
  EmbeddedAnswers answer_embedded(const Tensor& inputs) const;

  const OnnxDescription& description() const { return description_; }
  /// "nchw", "nhwc", or "" where the file does not tell and nobody said.
  const std::string& layout() const { return layout_; }
  const OnnxValue& input() const { return input_; }
  const OnnxValue& output() const { return output_; }

 private:
  Shape row_shape(const Shape& inputs, bool& last) const;
  EmbeddedAnswers in_steps(const Tensor& inputs, std::int64_t step, std::int64_t batch) const;
  EmbeddedAnswers run(const Tensor& rows, std::int64_t batch) const;

  std::string name_;  // of the file, for errors
  OnnxOptions options_;
  OnnxDescription description_;
  OnnxValue input_;
  OnnxValue output_;
  std::string layout_;
  std::vector<std::int64_t> labels_;  // those of an output of labels, in the order of the rows
  std::optional<std::size_t> embedding_place_;  // among the session's outputs
  std::unique_ptr<OnnxSession> session_;
  mutable std::atomic<bool> one_by_one_ = false;
};

/// The one input of a file. Throws std::invalid_argument for none, several, and types of numbers
/// that are none for images or features.
const OnnxValue& input_of(const OnnxDescription& description);

/// The output that answers (n, K), or a sequence of maps made of such: the one named, else the only
/// one that can. Throws std::invalid_argument, listing them, where there is no such or several.
const OnnxValue& output_of(const OnnxDescription& description, const std::string& name,
                           std::int64_t classes);

/// The output of that name, of numbers (n, ...). Throws std::invalid_argument, listing those that
/// there are.
const OnnxValue& embedding_of(const OnnxDescription& description, const std::string& name);

}  // namespace muxnet
