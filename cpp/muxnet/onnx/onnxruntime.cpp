#include <algorithm>
#include <cstddef>

#include "muxnet/core/error.hpp"
#include "muxnet/core/parallel.hpp"
#include "muxnet/onnx/engines.hpp"
#include "muxnet/onnx/value_types.hpp"

namespace muxnet {
namespace {

// Its C interface as far as it is used here, declared by us. Source: onnxruntime_c_api.h of
// github.com/microsoft/onnxruntime: functions are told apart by their places in one table, of which
// these have been the same since the first version.
struct Status;
struct Environment;
struct Session;
struct SessionSettings;
struct Memory;
struct Value;
struct TypeAndShape;

struct Base {
  const void* const* (*table)(std::uint32_t version);
  const char* (*version)();
};

struct Runtime {
  const char* (*message)(const Status*);
  Status* (*create_environment)(int severity, const char* name, Environment**);
  Status* (*create_session)(const Environment*, const char* path, const SessionSettings*,
                            Session**);
  Status* (*create_session_from_bytes)(const Environment*, const void* bytes, std::size_t size,
                                       const SessionSettings*, Session**);
  Status* (*run)(Session*, const void* options, const char* const* input_names,
                 const Value* const* inputs, std::size_t input_count,
                 const char* const* output_names, std::size_t output_count, Value** outputs);
  Status* (*create_settings)(SessionSettings**);
  Status* (*set_severity)(SessionSettings*, int severity);
  Status* (*set_threads)(SessionSettings*, int threads);
  Status* (*configure)(SessionSettings*, const char* key, const char* value);
  Status* (*create_tensor)(const Memory*, void* values, std::size_t bytes,
                           const std::int64_t* shape, std::size_t axes, int type, Value**);
  Status* (*is_tensor)(const Value*, int* result);
  Status* (*values)(Value*, void** values);
  Status* (*element_type)(const TypeAndShape*, int* type);
  Status* (*axes)(const TypeAndShape*, std::size_t* count);
  Status* (*extents)(const TypeAndShape*, std::int64_t* extents, std::size_t count);
  Status* (*type_and_shape)(const Value*, TypeAndShape**);
  Status* (*create_memory)(int allocator, int kind, Memory**);
  void (*release_status)(Status*);
  void (*release_session)(Session*);
  void (*release_value)(Value*);
  void (*release_type_and_shape)(TypeAndShape*);
  void (*release_settings)(SessionSettings*);
};

constexpr const char* name = "onnxruntime";
constexpr std::uint32_t interface_version = 8;
constexpr int fatal = 4;  // of what it logs; all else comes back as a status

Runtime load() {
  void* opened = open_library(name);
  using Entry = const Base* (*)();
  const auto entry = reinterpret_cast<Entry>(function_of(opened, name, "OrtGetApiBase"));
  const void* const* table = entry()->table(interface_version);
  require(table != nullptr, name, "version 1.8 or newer", "an older one");
  Runtime one{};
  const auto find = [&](std::size_t place, auto& function) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(
        const_cast<void*>(table[place]));
  };
  find(2, one.message);
  find(3, one.create_environment);
  find(7, one.create_session);
  find(8, one.create_session_from_bytes);
  find(9, one.run);
  find(10, one.create_settings);
  find(22, one.set_severity);
  find(24, one.set_threads);
  find(49, one.create_tensor);
  find(50, one.is_tensor);
  find(51, one.values);
  find(60, one.element_type);
  find(61, one.axes);
  find(62, one.extents);
  find(65, one.type_and_shape);
  find(69, one.create_memory);
  find(93, one.release_status);
  find(95, one.release_session);
  find(96, one.release_value);
  find(99, one.release_type_and_shape);
  find(100, one.release_settings);
  find(130, one.configure);
  return one;
}

const Runtime& runtime() { return loaded(&load); }

void check(Status* status, const char* what) {
  if (status == nullptr) return;
  std::string said = runtime().message(status);
  runtime().release_status(status);
  std::replace(said.begin(), said.end(), '\n', ' ');
  throw std::invalid_argument(error_text(name, what, said));
}

/// Of the process, and never released, as sessions may live until it ends.
template <class T>
struct Lasting {
  T* one = nullptr;
  template <class Make>
  explicit Lasting(const Make& make) {
    check(make(&one), "to start");
  }
};

const Environment* environment() {
  static const Lasting<Environment> held(
      [](Environment** made) { return runtime().create_environment(fatal, "muxnet", made); });
  return held.one;
}

const Memory* memory() {
  constexpr int device = 0, plain = 0;
  static const Lasting<Memory> held(
      [](Memory** made) { return runtime().create_memory(device, plain, made); });
  return held.one;
}

template <class T>
using Owned = std::unique_ptr<T, void (*)(T*)>;

class OnnxRuntimeSession final : public OnnxSession {
 public:
  explicit OnnxRuntimeSession(const OnnxSessionOptions& options)
      : input_(options.input),
        outputs_(options.outputs),
        session_(nullptr, runtime().release_session) {
    SessionSettings* made = nullptr;
    check(runtime().create_settings(&made), "settings");
    const Owned<SessionSettings> settings(made, runtime().release_settings);
    const int threads = options.threads > 0 ? options.threads : muxnet::threads();
    check(runtime().set_threads(made, threads), "threads");
    check(runtime().set_severity(made, fatal), "to be silent");
    // Where a CPU has no VNNI, sums of products of u8 and s8 would be cut at 16 bits, and answers
    // be wrong by tens of per cent; with it this changes nothing.
    check(runtime().configure(made, "session.x64quantprecision", "1"), "whole sums of integers");
    Session* session = nullptr;
    check(options.content.empty()
              ? runtime().create_session(environment(), options.path.c_str(), made, &session)
              : runtime().create_session_from_bytes(environment(), options.content.data(),
                                                    options.content.size(), made, &session),
          "a network that it can run");
    session_.reset(session);
  }

  void run(const Shape& shape, const WriteInput& write, const ReadOutput& read) override {
    const std::int64_t bytes = volume(shape) * element_bytes(input_.dtype);
    const auto values = allocate_aligned(static_cast<std::size_t>(bytes));
    write(values.get());
    Value* made = nullptr;
    check(runtime().create_tensor(memory(), values.get(), static_cast<std::size_t>(bytes),
                                  shape.data(), shape.size(), number_of(input_.dtype), &made),
          "an input");
    const Owned<Value> input(made, runtime().release_value);
    const char* source = input_.name.c_str();
    std::vector<const char*> targets;
    for (const OnnxValue& output : outputs_) targets.push_back(output.name.c_str());
    std::vector<Value*> answered(targets.size());
    check(runtime().run(session_.get(), nullptr, &source, &made, 1, targets.data(), targets.size(),
                        answered.data()),
          "inputs that the network takes");
    std::vector<Owned<Value>> owned;
    for (Value* output : answered) owned.emplace_back(output, runtime().release_value);
    for (std::size_t place = 0; place < answered.size(); ++place) {
      show(answered[place], place, read);
    }
  }

 private:
  static void show(Value* value, std::size_t place, const ReadOutput& read) {
    int tensor = 0;
    check(runtime().is_tensor(value, &tensor), "an output");
    require(tensor != 0, name, "an output of numbers", "another");
    TypeAndShape* made = nullptr;
    check(runtime().type_and_shape(value, &made), "an output's shape");
    const Owned<TypeAndShape> told(made, runtime().release_type_and_shape);
    std::size_t axes = 0;
    check(runtime().axes(made, &axes), "an output's axes");
    OnnxArray output;
    output.shape.resize(axes);
    check(runtime().extents(made, output.shape.data(), axes), "an output's extents");
    int type = 0;
    check(runtime().element_type(made, &type), "an output's type");
    const ElementType* known = element_type(type);
    output.dtype = known == nullptr ? "unknown" : known->name;
    void* values = nullptr;
    check(runtime().values(value, &values), "an output's values");
    output.values = values;
    read(place, output);
  }

  OnnxValue input_;
  std::vector<OnnxValue> outputs_;
  Owned<Session> session_;
};

}  // namespace

void add_onnxruntime(OnnxEngineRegister& engines) {
  engines.add({name, "ONNX Runtime", "libonnxruntime.so", "capi", true,
               [](const OnnxSessionOptions& options) -> std::unique_ptr<OnnxSession> {
                 return std::make_unique<OnnxRuntimeSession>(options);
               }});
}

}  // namespace muxnet
