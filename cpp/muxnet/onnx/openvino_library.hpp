#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "muxnet/core/tensor.hpp"

// OpenVINO's C interface as far as it is used here, declared by us: whatever version is installed
// is opened when a model is, and nothing of it is needed to build.
// Source: docs.openvino.ai, C API reference.
namespace muxnet::openvino {

struct Core;
struct Model;
struct Compiled;
struct Request;
struct Array;

using Status = int;  ///< 0: done

struct Extents {
  std::int64_t rank = 0;
  std::int64_t* values = nullptr;
};

struct Library {
  Status (*core_create)(Core** core);
  Status (*core_set_property)(const Core* core, const char* device, ...);
  Status (*core_read_model)(const Core* core, const char* path, const char* weights, Model** model);
  Status (*core_read_model_from_memory_buffer)(const Core* core, const char* content,
                                               std::size_t size, const Array* weights,
                                               Model** model);
  Status (*core_compile_model)(const Core* core, const Model* model, const char* device,
                               std::size_t properties, Compiled** compiled, ...);
  void (*model_free)(Model* model);
  Status (*compiled_model_create_infer_request)(const Compiled* compiled, Request** request);
  void (*compiled_model_free)(Compiled* compiled);
  Status (*infer_request_get_input_tensor)(const Request* request, Array** tensor);
  Status (*infer_request_get_tensor)(const Request* request, const char* name, Array** tensor);
  Status (*infer_request_infer)(Request* request);
  void (*infer_request_free)(Request* request);
  Status (*tensor_set_shape)(Array* tensor, Extents shape);
  Status (*tensor_get_shape)(const Array* tensor, Extents* shape);
  Status (*tensor_get_byte_size)(const Array* tensor, std::size_t* bytes);
  Status (*tensor_data)(const Array* tensor, void** data);
  void (*tensor_free)(Array* tensor);
  void (*shape_free)(Extents* shape);
  const char* (*get_last_err_msg)();
};

/// Loads it at first use. Throws std::invalid_argument where there is none.
const Library& library();

/// Throws std::invalid_argument with what OpenVINO says unless `status` is 0.
void check(Status status, const char* what);

}  // namespace muxnet::openvino
