#pragma once

#include <pybind11/pybind11.h>

#include "muxnet/core/fork.hpp"

// Python's lock (GIL) around calls that compute. A thread that wants it when the interpreter is
// gone is ended by Python, which would take C++ with it; here it stops for good.
namespace muxnet::python {

/// Lets other Python threads run, and takes the lock again at the end. Throws std::runtime_error in
/// a process that was forked while another thread was at work.
class ReleaseGil {
 public:
  ReleaseGil();
  ~ReleaseGil();
  ReleaseGil(const ReleaseGil&) = delete;
  ReleaseGil& operator=(const ReleaseGil&) = delete;

 private:
  AtWork at_work_;
  PyThreadState* state_;
};

/// False once the interpreter has begun to end.
bool interpreter_runs();

/// Takes the lock in any thread, where interpreter_runs(); nothing where it has it.
class AcquireGil {
 public:
  AcquireGil();
  ~AcquireGil();
  AcquireGil(const AcquireGil&) = delete;
  AcquireGil& operator=(const AcquireGil&) = delete;

 private:
  PyGILState_STATE state_;
};

/// A process that exits with calls at work ends where exit() would begin to destroy what their
/// threads use: with its status, and what was written flushed.
void exit_with_calls_at_work();

}  // namespace muxnet::python
