#pragma once

#include <string>
#include <tuple>
#include <variant>

#include "ops/kernel_runner.hpp"
#include "support/tolerance.hpp"

namespace muxnet::testing {

inline std::string describe(const KernelSpec& spec, const std::string& implementation) {
  std::string result = spec.op + " " + implementation + " " + to_string(spec.src[0]) + " -> " +
                       to_string(spec.dst) + " from " + std::string(name_of(spec.src_layouts[0]));
  for (const auto& [name, value] : spec.attributes.values()) {
    result += " " + name;
    if (const auto* list = std::get_if<std::vector<std::int64_t>>(&value)) {
      result += to_string(*list);
    } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      result += "=" + std::to_string(*integer);
    }
  }
  return result;
}

/// Outputs, gradients and buffers of `backend` in T against the reference kernel in float64.
template <class T>
void compare(const KernelSpec& spec, Backend backend, std::uint64_t seed) {
  KernelRunner<T> fast(spec, backend);
  SCOPED_TRACE(describe(spec, fast.kernel().implementation()));
  KernelSpec exact_spec = spec;
  exact_spec.dtype = DType::f64;
  KernelRunner<double> exact(exact_spec, Backend::reference);
  fast.draw(seed);
  exact.copy(fast);
  const auto close = [](const Values<float>& a, const Values<double>& b) {
    return all_close<float>(a, b, dtype_of<T>());
  };
  fast.forward();
  exact.forward();
  EXPECT_TRUE(close(fast.dst, exact.dst)) << "dst";
  for (std::size_t i = 0; i < exact.parameters.size(); ++i) {
    EXPECT_TRUE(close(fast.parameters[i], exact.parameters[i])) << "parameter " << i;
  }
  if (!spec.training) return;
  fast.backward();
  exact.backward();
  EXPECT_TRUE(close(fast.diff_src[0], exact.diff_src[0])) << "diff_src";
  for (std::size_t i = 0; i < exact.parameters.size(); ++i) {
    if (!exact.trainable[i]) continue;
    EXPECT_TRUE(close(fast.diff_parameters[i], exact.diff_parameters[i])) << "diff_parameter " << i;
  }
}

/// The same numbers to the last bit when run again with the same threads.
inline void repeat(const KernelSpec& spec, Backend backend, std::uint64_t seed) {
  const auto run = [&] {
    KernelRunner<float> runner(spec, backend);
    runner.draw(seed);
    runner.forward();
    runner.backward();
    for (std::size_t i = 0; i < runner.parameters.size(); ++i) {
      if (!runner.trainable[i]) runner.diff_parameters[i].clear();
    }
    return std::tuple(runner.dst, runner.diff_src, runner.diff_parameters, runner.parameters);
  };
  EXPECT_EQ(run(), run()) << describe(spec, std::string(name_of(backend)));
}

}  // namespace muxnet::testing
