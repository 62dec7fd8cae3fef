#pragma once

namespace muxnet {

/// Gives memory that nobody uses back to the system. glibc keeps a heap for each of many threads,
/// and what large things leave there when they go; a process that lives long would only grow.
void release_free_memory();

}  // namespace muxnet
