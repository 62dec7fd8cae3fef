#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace muxnet::fuzz {

/// Bytes for which nobody vouches, as a file that lies in memory alone.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes);
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile();

  std::filesystem::path path() const;

 private:
  int descriptor_;
};

using Reader = std::function<void(std::string_view bytes)>;
using Targets = std::map<std::string, Reader>;

/// Every reader of what comes from a file or the network, by the folder of its seeds.
const Targets& targets();

/// Whether a reader takes bytes. It may refuse them by FileError or std::invalid_argument; whatever
/// else it throws goes on, as what it throws for memory that bytes have made it ask for.
bool takes(const Reader& reader, std::string_view bytes);

// Of each layer, in the file of its name.
void add_core(Targets& targets);
void add_cost(Targets& targets);
void add_data(Targets& targets);
void add_front(Targets& targets);
void add_onnx(Targets& targets);
void add_policies(Targets& targets);
void add_protocol(Targets& targets);
void add_runtime(Targets& targets);
void add_server(Targets& targets);

}  // namespace muxnet::fuzz
