#include "muxnet/data/open.hpp"

#include "muxnet/core/names.hpp"

namespace muxnet {

DataKindRegister& data_kinds() {
  static DataKindRegister kinds("data kinds", {MUXNET_DATA_ENTRIES});
  return kinds;
}

DatasetParts open_dataset(std::string_view spec, const ImageFolderOptions& images) {
  const auto colon = spec.find(':');
  if (colon == spec.npos || colon == 0 || colon + 1 == spec.size()) {
    const auto with_path = [](const std::string& name) { return name + ":PATH"; };
    throw std::invalid_argument(
        error_text("open_dataset", one_of(data_kinds().names(), with_path), text('"', spec, '"')));
  }
  return data_kinds().find(spec.substr(0, colon)).open(spec.substr(colon + 1), images);
}

}  // namespace muxnet
