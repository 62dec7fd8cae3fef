#pragma once

#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "muxnet/service/service_request.hpp"

namespace muxnet {

/// Answers that wait for an event loop: its descriptor is readable while there are some.
class Completions {
 public:
  /// Throws FileError when the system gives no descriptor.
  Completions();
  ~Completions();
  Completions(const Completions&) = delete;
  Completions& operator=(const Completions&) = delete;

  int descriptor() const { return descriptor_; }
  void add(std::uint64_t ticket, ServiceAnswer answer);
  /// All there are, in the order of their arrival.
  std::vector<std::pair<std::uint64_t, ServiceAnswer>> take();

 private:
  int descriptor_;
  std::mutex mutex_;
  std::vector<std::pair<std::uint64_t, ServiceAnswer>> answers_;
};

}  // namespace muxnet
