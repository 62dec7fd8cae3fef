#include "core_interpreter.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace muxnet::python {
namespace {

/// `take`, or no return: Python ends threads by unwinding them, through frames that cannot be.
template <class Take>
auto take_or_stop(const Take& take) {
  try {
    return take();
  } catch (...) {
    for (;;) pause();
  }
}

}  // namespace

ReleaseGil::ReleaseGil() {
  require_whole_process("fork");
  state_ = PyEval_SaveThread();
}

ReleaseGil::~ReleaseGil() {
  take_or_stop([this] { PyEval_RestoreThread(state_); });
}

bool interpreter_runs() { return Py_IsInitialized() != 0; }

AcquireGil::AcquireGil() : state_(take_or_stop([] { return PyGILState_Ensure(); })) {}

AcquireGil::~AcquireGil() { PyGILState_Release(state_); }

void exit_with_calls_at_work() {
  // Registered when Python has ended, to come before the destructors of all that was made.
  Py_AtExit([] {
    on_exit(
        [](int status, void*) {
          if (AtWork::count() == 0) return;
          std::fflush(nullptr);
          _exit(status);
        },
        nullptr);
  });
}

}  // namespace muxnet::python
