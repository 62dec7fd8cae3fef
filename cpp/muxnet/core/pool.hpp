#pragma once

#include <cstddef>
#include <limits>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace muxnet {

/// Things that are lent, such as workspaces of a computation or connections: whoever borrows one
/// has it alone until the last copy of its pointer is gone, and is the next to lend out. Where none
/// is free a new one is made, so that there are as many as were ever borrowed at once. Safe for
/// several threads; what is borrowed may outlive the pool.
template <class T>
class Pool {
 public:
  /// At most `keep` free ones are kept.
  explicit Pool(std::size_t keep = std::numeric_limits<std::size_t>::max())
      : shelf_(std::make_shared<Shelf>(keep)) {}

  /// `make` gives a std::unique_ptr<T>; what it throws is thrown here.
  template <class Make>
  std::shared_ptr<T> borrow(const Make& make) const {
    std::unique_ptr<T> one = shelf_->take();
    if (!one) one = make();
    return {one.release(), [shelf = shelf_](T* given) { shelf->put(std::unique_ptr<T>(given)); }};
  }

 private:
  class Shelf {
   public:
    explicit Shelf(std::size_t keep) : keep_(keep) {}

    std::unique_ptr<T> take() {
      const std::lock_guard lock(mutex_);
      if (free_.empty()) return nullptr;
      std::unique_ptr<T> one = std::move(free_.back());
      free_.pop_back();
      return one;
    }

    void put(std::unique_ptr<T> one) {
      const std::lock_guard lock(mutex_);
      if (free_.size() < keep_) free_.push_back(std::move(one));
    }

   private:
    std::size_t keep_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<T>> free_;
  };

  std::shared_ptr<Shelf> shelf_;
};

}  // namespace muxnet
