#pragma once

#include <map>

#include "muxnet/onnx/model.hpp"
#include "support/onnx_file.hpp"

// ONNX files of one Relu, and an engine that shows what it is given.
namespace muxnet::testing {

inline std::string onnx_typed(const std::string& name, int type, const std::vector<int>& axes) {
  std::string dims;
  for (const int extent : axes) {
    dims += bytes(1, extent == 0 ? bytes(2, "n") : number(1, extent));
  }
  return bytes(1, name) + bytes(2, bytes(1, number(1, type) + bytes(2, dims)));
}

/// From `inputs` to `outputs`, each with a Relu of the first input before it.
inline std::string relu_onnx(const std::vector<std::string>& inputs,
                             const std::map<std::string, std::string>& outputs) {
  std::string graph;
  for (const auto& [name, value] : outputs) graph += bytes(1, onnx_node("Relu", {"images"}, name));
  for (const auto& input : inputs) graph += bytes(11, input);
  for (const auto& [name, value] : outputs) graph += bytes(12, value);
  return number(1, 8) + bytes(7, graph) + bytes(8, number(2, 17));
}

/// What a session was given, and what it is to give.
struct Seen {
  std::vector<Shape> shapes;
  std::vector<std::string> inputs;  // their bytes
  std::function<void(const Shape&, const ReadOutput&)> answer;
  std::int64_t element = 4;  // bytes of the input's
};

class SeenSession final : public OnnxSession {
 public:
  explicit SeenSession(Seen& seen) : seen_(seen) {}
  void run(const Shape& shape, const WriteInput& write, const ReadOutput& read) override {
    std::string values(static_cast<std::size_t>(volume(shape) * seen_.element), '\0');
    write(values.data());
    seen_.shapes.push_back(shape);
    seen_.inputs.push_back(values);
    seen_.answer(shape, read);
  }

 private:
  Seen& seen_;
};

inline OpenSession seen_by(Seen& seen) {
  return [&seen](const OnnxSessionOptions&) { return std::make_unique<SeenSession>(seen); };
}

}  // namespace muxnet::testing
