#include "muxnet/graph/buffers.hpp"

#include <algorithm>
#include <numeric>

#include "muxnet/core/tensor.hpp"

namespace muxnet {

BufferPlanner::Id BufferPlanner::add(std::size_t bytes) {
  constexpr std::size_t alignment = 64;
  Buffer buffer;
  buffer.bytes = (bytes + alignment - 1) / alignment * alignment;
  buffers_.push_back(buffer);
  return buffers_.size() - 1;
}

void BufferPlanner::use(Id buffer, int step) {
  Buffer& used = buffers_.at(buffer);
  used.first = std::min(used.first, step);
  used.last = std::max(used.last, step);
}

void BufferPlanner::pin(Id buffer) {
  buffers_.at(buffer).first = 0;
  buffers_.at(buffer).last = 1 << 30;
}

std::size_t BufferPlanner::find_offset(const Buffer& buffer,
                                       const std::vector<const Buffer*>& placed) const {
  // `placed` is sorted by offset: take the first gap among those alive at the same time.
  std::size_t offset = 0;
  for (const Buffer* other : placed) {
    if (other->last < buffer.first || buffer.last < other->first) continue;
    if (offset + buffer.bytes <= other->offset) break;
    offset = std::max(offset, other->offset + other->bytes);
  }
  return offset;
}

void BufferPlanner::allocate() {
  std::vector<std::size_t> order(buffers_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return buffers_[a].bytes > buffers_[b].bytes;
  });
  std::vector<const Buffer*> placed;
  for (const std::size_t index : order) {
    Buffer& buffer = buffers_[index];
    if (buffer.last < 0) continue;
    buffer.offset = find_offset(buffer, placed);
    total_bytes_ = std::max(total_bytes_, buffer.offset + buffer.bytes);
    const auto position = std::upper_bound(
        placed.begin(), placed.end(), buffer.offset,
        [](std::size_t value, const Buffer* other) { return value < other->offset; });
    placed.insert(position, &buffer);
  }
  memory_ = allocate_aligned(total_bytes_);
}

void* BufferPlanner::address(Id buffer) const {
  const Buffer& found = buffers_.at(buffer);
  return found.last < 0 ? nullptr : static_cast<std::byte*>(memory_.get()) + found.offset;
}

}  // namespace muxnet
