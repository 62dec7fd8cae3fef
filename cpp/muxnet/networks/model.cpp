#include "muxnet/networks/model.hpp"

#include "muxnet/core/error.hpp"
#include "muxnet/ops/kernel.hpp"

namespace muxnet {

void quantize(Model& model, const Tensor& images) {
  require(supports_int8(), text(model.name, ", int8"), "a CPU with VNNI, and oneDNN in the build",
          "none");
  model.ranges = measure_ranges(model.graph, model.parameters, images);
}

}  // namespace muxnet
