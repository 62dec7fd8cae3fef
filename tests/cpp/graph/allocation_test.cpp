#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <new>

#include "graph/graphs.hpp"
#include "muxnet/graph/plan.hpp"

// Counts what this program and the libraries under it ask of the heap. Sanitizers bring a heap of
// their own; there nothing is counted and the test skips.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MUXNET_COUNTS_ALLOCATIONS 0
#elif defined(__has_feature)
#define MUXNET_COUNTS_ALLOCATIONS \
  !(__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define MUXNET_COUNTS_ALLOCATIONS 1
#endif

#if MUXNET_COUNTS_ALLOCATIONS
namespace {

// oneDNN boxes the arguments of every call; tensors and scratch memory are larger than that.
constexpr std::size_t large = 4096;
std::atomic<int> large_allocations = 0;

void* counted(std::size_t bytes, std::size_t alignment) {
  if (bytes >= large) ++large_allocations;
  return memalign(alignment, bytes);
}

void* counted_or_throw(std::size_t bytes, std::size_t alignment) {
  void* memory = counted(bytes == 0 ? 1 : bytes, alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t bytes) { return counted_or_throw(bytes, alignof(std::max_align_t)); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return counted_or_throw(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

extern "C" void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  return counted(bytes, alignment);
}
extern "C" int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) {
  *memory = counted(bytes, alignment);
  return *memory == nullptr ? ENOMEM : 0;
}
#endif

namespace muxnet {
namespace {

TEST(Allocation, AStepTakesNoMemoryButWhatThePlanHas) {
#if !MUXNET_COUNTS_ALLOCATIONS
  GTEST_SKIP() << "a sanitizer has a heap of its own";
#else
  const Graph graph = testing::residual_graph(32);
  Parameters parameters(graph);
  const Tensor images({16, 3, 8, 8});
  Tensor diff({16, 5});
  for (float& x : diff.span<float>()) x = 0.1F;
  const std::map<std::string, Tensor> diffs{{"logits", diff}};

  const int before = large_allocations;
  Plan plan(graph, parameters, {.batch = 16, .mode = Mode::train});
  EXPECT_GT(large_allocations, before) << "nothing is counted";
  const auto step = [&] {
    parameters.changed();
    plan.forward(images);
    plan.backward(diffs);
  };
  for (int i = 0; i < 2; ++i) step();
  const int warm = large_allocations;
  for (int i = 0; i < 5; ++i) step();
  EXPECT_EQ(large_allocations, warm);
#endif
}

}  // namespace
}  // namespace muxnet
