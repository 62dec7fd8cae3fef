#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "muxnet/onnx/nodes.hpp"

namespace muxnet {

/// The labels of a classifier: numbers or names.
struct OnnxLabels {
  std::vector<std::int64_t> numbers;
  std::vector<std::string> names;
  bool empty() const { return numbers.empty() && names.empty(); }
};

/// The labels that the output `name` is picked from by the place of the greatest score, as many of
/// scikit-learn's classifiers are converted; none where it is made otherwise. `weights` are the
/// graph's, as TensorProto.
OnnxLabels labels_behind(std::string_view name, const std::vector<OnnxNode>& nodes,
                         const std::map<std::string_view, std::string_view>& weights);

}  // namespace muxnet
