#pragma once

namespace muxnet {

/// Threads for OpenMP (oneDNN, OpenBLAS, our kernels) and TBB (data pipeline, request path)
/// alike; 0 means the cores this process may use. Throws std::invalid_argument when negative.
void set_threads(int threads);

/// The number set_threads settled on.
int threads();

/// OpenBLAS's number of threads while it lives. There is one for the whole process, which changes
/// with unlocked memory when a caller's OpenMP number differs: it must be right before threads
/// compute side by side.
class BlasThreads {
 public:
  explicit BlasThreads(int count);
  ~BlasThreads();
  BlasThreads(const BlasThreads&) = delete;
  BlasThreads& operator=(const BlasThreads&) = delete;

 private:
  int before_;
};

}  // namespace muxnet
