#pragma once

#include <cstdint>

namespace muxnet::losses {

template <class T>
double dot(const T* a, const T* b, std::int64_t count) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t k = 0; k < count; ++k) {
    sum += static_cast<double>(a[k]) * static_cast<double>(b[k]);
  }
  return sum;
}

/// dst += scale * src.
template <class T>
void add_scaled(double scale, const T* src, double* dst, std::int64_t count) {
#pragma omp simd
  for (std::int64_t k = 0; k < count; ++k) dst[k] += scale * static_cast<double>(src[k]);
}

}  // namespace muxnet::losses
