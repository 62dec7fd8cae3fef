#include "fuzz/targets.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <stdexcept>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"

namespace muxnet::fuzz {

MemoryFile::MemoryFile(std::string_view bytes) : descriptor_(::memfd_create("bytes", MFD_CLOEXEC)) {
  write_all(descriptor_, bytes.data(), bytes.size(), path());
}

MemoryFile::~MemoryFile() { ::close(descriptor_); }

std::filesystem::path MemoryFile::path() const {
  return "/proc/self/fd/" + std::to_string(descriptor_);
}

const Targets& targets() {
  static const Targets all = [] {
    Targets result;
    for (const auto add : {add_core, add_cost, add_data, add_front, add_onnx, add_policies,
                           add_protocol, add_runtime, add_server}) {
      add(result);
    }
    return result;
  }();
  return all;
}

bool takes(const Reader& reader, std::string_view bytes) {
  try {
    reader(bytes);
    return true;
  } catch (const FileError&) {
    return false;
  } catch (const std::invalid_argument&) {
    return false;
  }
}

}  // namespace muxnet::fuzz
