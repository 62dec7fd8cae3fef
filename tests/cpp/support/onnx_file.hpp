#pragma once

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "muxnet/core/tensor.hpp"
#include "muxnet/onnx/engines.hpp"

// As much of ONNX (onnx.proto) as one linear layer needs.
namespace muxnet::testing {

// Where the engines are in the environment that tests use.
inline const bool engines_are_told = (tell_library("onnxruntime", MUXNET_TEST_ONNXRUNTIME),
                                      tell_library("openvino", MUXNET_TEST_OPENVINO), true);

inline std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value > 0x7F; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}
inline std::string number(int field, std::int64_t value) {
  return varint(static_cast<std::uint64_t>(field) << 3) + varint(static_cast<std::uint64_t>(value));
}
inline std::string bytes(int field, const std::string& content) {
  return varint(static_cast<std::uint64_t>(field) << 3 | 2) + varint(content.size()) + content;
}

inline std::string onnx_value(const std::string& name, const Shape& shape) {
  std::string dims;
  for (const std::int64_t extent : shape) dims += bytes(1, number(1, extent));
  return bytes(1, name) + bytes(2, bytes(1, number(1, 1) + bytes(2, dims)));
}

inline std::string onnx_tensor(const std::string& name, const Tensor& tensor) {
  std::string result;
  for (const std::int64_t extent : tensor.shape()) result += number(1, extent);
  result += number(2, 1) + bytes(8, name);
  return result + bytes(9, {static_cast<const char*>(tensor.raw()), tensor.bytes()});
}

inline std::string onnx_node(const std::string& op, const std::vector<std::string>& inputs,
                             const std::string& output) {
  std::string result;
  for (const auto& input : inputs) result += bytes(1, input);
  return result + bytes(2, output) + bytes(4, op);
}

/// flatten(images) * weight (features, K) + bias (K) as an ONNX file of opset 13.
inline std::string linear_onnx(const Shape& images, const Tensor& weight, const Tensor& bias) {
  const std::string graph = bytes(1, onnx_node("Flatten", {"images"}, "flat")) +
                            bytes(1, onnx_node("MatMul", {"flat", "w"}, "product")) +
                            bytes(1, onnx_node("Add", {"product", "b"}, "logits")) +
                            bytes(2, "linear") + bytes(5, onnx_tensor("w", weight)) +
                            bytes(5, onnx_tensor("b", bias)) +
                            bytes(11, onnx_value("images", images)) +
                            bytes(12, onnx_value("logits", {images.front(), bias.dim(0)}));
  return number(1, 7) + bytes(7, graph) + bytes(8, number(2, 13));
}

/// A file that is there as long as this is.
class TemporaryFile {
 public:
  TemporaryFile(const std::string& name, const std::string& content)
      : path_(std::filesystem::temp_directory_path() /
              ("muxnet-" + std::to_string(::getpid()) + "-" + name)) {
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace muxnet::testing
