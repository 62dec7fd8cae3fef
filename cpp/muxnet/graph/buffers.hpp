#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace muxnet {

/// Buffers of a schedule packed into one allocation: two buffers share bytes when the spans of
/// steps in which they live do not overlap. Offsets are found greedily, largest buffer first.
class BufferPlanner {
 public:
  using Id = std::size_t;

  Id add(std::size_t bytes);
  /// Extends the buffer's life to include `step`.
  void use(Id buffer, int step);
  /// Lives from the first step to the last.
  void pin(Id buffer);

  /// Places and allocates; afterwards address() holds. Unused buffers get no memory.
  void allocate();
  void* address(Id buffer) const;
  std::size_t total_bytes() const { return total_bytes_; }

 private:
  struct Buffer {
    std::size_t bytes = 0;
    std::size_t offset = 0;
    int first = 1 << 30;
    int last = -1;
  };
  std::size_t find_offset(const Buffer& buffer, const std::vector<const Buffer*>& placed) const;

  std::vector<Buffer> buffers_;
  std::shared_ptr<void> memory_;
  std::size_t total_bytes_ = 0;
};

}  // namespace muxnet
