// Linked into the tests under ThreadSanitizer alone. libgomp is not instrumented, so
// ThreadSanitizer cannot see that a parallel region begins after what its caller did and ends
// before what the caller does next. The linker sends our own calls of GOMP_parallel here (--wrap),
// where those two orders are told. Everything inside a region is really checked.
#include <sanitizer/tsan_interface.h>

namespace {

struct Region {
  void (*body)(void*);
  void* data;
  char begin = 0;
  char end = 0;
};

void run(void* argument) {
  auto* region = static_cast<Region*>(argument);
  __tsan_acquire(&region->begin);
  region->body(region->data);
  __tsan_release(&region->end);
}

}  // namespace

extern "C" {

// The names are the linker's.
// NOLINTBEGIN(bugprone-reserved-identifier)
void __real_GOMP_parallel(void (*body)(void*), void* data, unsigned threads, unsigned flags);

void __wrap_GOMP_parallel(void (*body)(void*), void* data, unsigned threads, unsigned flags) {
  Region region{body, data};
  __tsan_release(&region.begin);
  __real_GOMP_parallel(run, &region, threads, flags);
  __tsan_acquire(&region.end);
}
// NOLINTEND(bugprone-reserved-identifier)

}  // extern "C"
