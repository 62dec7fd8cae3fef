#pragma once

#include <any>
#include <map>
#include <memory>
#include <mutex>

namespace muxnet {

/// Weights as kernels have them in memory while they compute: in blocks, in 8 bits. Plans of one
/// network for several batches and threads keep one copy of each here. Safe for several threads.
class WeightForms {
 public:
  /// A form of the parameter at `weights` for which `fits` holds: what `make` gives, where there is
  /// none yet. Neither may ask for forms itself.
  template <class Form, class Fits, class Make>
  std::shared_ptr<const Form> find(const void* weights, const Fits& fits, const Make& make) {
    using Held = std::shared_ptr<const Form>;
    const std::lock_guard lock(mutex_);
    const auto [begin, end] = forms_.equal_range(weights);
    for (auto entry = begin; entry != end; ++entry) {
      const auto* const held = std::any_cast<Held>(&entry->second);
      if (held != nullptr && fits(**held)) return *held;
    }
    const Held made = make();
    forms_.emplace(weights, made);
    return made;
  }

 private:
  std::mutex mutex_;
  std::multimap<const void*, std::any> forms_;
};

}  // namespace muxnet
