#include <mutex>

#include "muxnet/core/error.hpp"
#include "muxnet/core/fork.hpp"
#include "muxnet/core/parallel.hpp"
#include "muxnet/core/pool.hpp"
#include "muxnet/onnx/engines.hpp"
#include "muxnet/onnx/openvino_library.hpp"
#include "muxnet/onnx/value_types.hpp"

namespace muxnet {
namespace {

using namespace openvino;

template <class T>
using Owned = std::unique_ptr<T, void (*)(T*)>;

/// Of this process: a child begins with one of its own. Never destroyed, as sessions may be when
/// the process ends.
const Core* core() {
  static std::mutex mutex;
  static Core* one = nullptr;
  static int home = -1;
  const std::lock_guard lock(mutex);
  if (one == nullptr || home != fork_generation()) {
    check(library().core_create(&one), "to start");
    // A file may be replaced while its weights are in use.
    check(library().core_set_property(one, "", "ENABLE_MMAP", "NO"), "to start");
    home = fork_generation();
  }
  return one;
}

constexpr const char* runnable = "a network that it can run (pip install onnxruntime, which may)";

/// What it would end the process on, or answer otherwise than the operators' definitions.
void refuse_unknown(const OnnxDescription& description) {
  constexpr std::int64_t most_nodes = 10'000;  // it calls itself for one after the other
  require(description.nodes <= most_nodes, "openvino",
          text(runnable, ", of ", most_nodes, " nodes"), text(description.nodes));
  // Of these two versions alone it takes one axis.
  const auto opset = description.opsets.find("");
  const bool right = opset != description.opsets.end() && opset->second < 11;
  require(right || !description.spans_axes, "openvino", runnable, "a Softmax over several axes");
  // Of some networks it then answers other classes.
  require(!description.quantised_in_16_bits, "openvino", runnable, "values quantised in 16 bits");
}

Owned<Array> owned(Array* tensor) { return {tensor, library().tensor_free}; }

class OpenVinoSession final : public OnnxSession {
 public:
  explicit OpenVinoSession(const OnnxSessionOptions& options)
      : outputs_(options.outputs), compiled_(nullptr, library().compiled_model_free) {
    const Library& ov = library();
    refuse_unknown(options.description);
    Model* read = nullptr;
    check(options.content.empty()
              ? ov.core_read_model(core(), options.path.c_str(), nullptr, &read)
              : ov.core_read_model_from_memory_buffer(core(), options.content.data(),
                                                      options.content.size(), nullptr, &read),
          runnable);
    const Owned<Model> model(read, ov.model_free);
    const int threads = options.threads > 0 ? options.threads : muxnet::threads();
    Compiled* compiled = nullptr;
    // The same numbers on every CPU: no bf16, no rounding of activations on the way.
    check(ov.core_compile_model(core(), model.get(), "CPU", 12, &compiled,       //
                                "INFERENCE_NUM_THREADS", text(threads).c_str(),  //
                                "NUM_STREAMS", "1",                              //
                                "ENABLE_CPU_PINNING", "NO",                      //
                                "INFERENCE_PRECISION_HINT", "f32",               //
                                "EXECUTION_MODE_HINT", "ACCURACY",               //
                                "DYNAMIC_QUANTIZATION_GROUP_SIZE", "0"),
          runnable);
    compiled_.reset(compiled);
  }

  void run(const Shape& shape, const WriteInput& write, const ReadOutput& read) override {
    const Library& ov = library();
    const auto request = requests_.borrow([&] { return std::make_unique<One>(compiled_.get()); });
    Request* one = request->request.get();
    Array* array = nullptr;
    check(ov.infer_request_get_input_tensor(one, &array), "an input");
    const auto input = owned(array);
    Shape extents = shape;
    check(ov.tensor_set_shape(input.get(), {std::ssize(extents), extents.data()}),
          "an input of its shape");
    void* values = nullptr;
    check(ov.tensor_data(input.get(), &values), "memory for an input");
    write(values);
    check(ov.infer_request_infer(one), "inputs that the network takes");
    for (std::size_t place = 0; place < outputs_.size(); ++place) {
      check(ov.infer_request_get_tensor(one, outputs_[place].name.c_str(), &array), "its output");
      const auto output = owned(array);
      show(output.get(), place, read);
    }
  }

 private:
  struct One {
    explicit One(const Compiled* compiled) : request(nullptr, library().infer_request_free) {
      Request* made = nullptr;
      check(library().compiled_model_create_infer_request(compiled, &made), "a request");
      request.reset(made);
    }
    Owned<Request> request;
  };

  void show(const Array* tensor, std::size_t place, const ReadOutput& read) const {
    const Library& ov = library();
    Extents extents;
    check(ov.tensor_get_shape(tensor, &extents), "an output's shape");
    const OnnxValue& told = outputs_[place];
    OnnxArray output{told.dtype, Shape(extents.values, extents.values + extents.rank), nullptr};
    ov.shape_free(&extents);
    std::size_t bytes = 0;
    check(ov.tensor_get_byte_size(tensor, &bytes), "an output's size");
    const auto wanted = volume(output.shape) * element_bytes(told.dtype);
    require(static_cast<std::int64_t>(bytes) == wanted, "openvino",
            text(wanted, " bytes of ", to_string(told)), text(bytes));
    void* values = nullptr;
    check(ov.tensor_data(tensor, &values), "an output");
    output.values = values;
    read(place, output);
  }

  std::vector<OnnxValue> outputs_;
  Owned<Compiled> compiled_;
  Pool<One> requests_;
};

}  // namespace

void add_openvino(OnnxEngineRegister& engines) {
  engines.add({"openvino", "OpenVINO", "libopenvino_c.so", "libs", false,
               [](const OnnxSessionOptions& options) -> std::unique_ptr<OnnxSession> {
                 return std::make_unique<OpenVinoSession>(options);
               }});
}

}  // namespace muxnet
