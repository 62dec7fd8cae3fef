#include "fuzz/targets.hpp"
#include "muxnet/onnx/description.hpp"
#include "muxnet/onnx/model.hpp"
#include "muxnet/onnx/weights.hpp"

namespace muxnet::fuzz {
namespace {

/// All that is read of a file before an engine sees it.
void read_model(std::string_view bytes) {
  const std::filesystem::path folder = "/nowhere";
  const OnnxDescription description = describe_onnx(bytes, folder);
  to_string(description.inputs);
  with_weights(bytes, folder);
  with_output(std::string(bytes), "embedding");
  input_of(description);
  output_of(description, "", 0);
}

}  // namespace

void add_onnx(Targets& targets) { targets["onnx"] = read_model; }

}  // namespace muxnet::fuzz
