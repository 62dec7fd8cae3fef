#pragma once

#include <memory>
#include <string_view>
#include <utility>

namespace muxnet {

// What survives fork(): the forking thread gives its OpenMP threads back before, so that parent and
// child start their own anew; TBB gets on without the threads it has lost. Objects with threads or
// connections of their own stay with their process (ProcessLocal). Where a call was at work, locks
// may be closed for good in the child: it may not compute.

/// A call at work, for as long as this lives.
class AtWork {
 public:
  AtWork();
  ~AtWork();
  AtWork(const AtWork&) = delete;
  AtWork& operator=(const AtWork&) = delete;

  /// How many there are in this process.
  static int count();

 private:
  int home_;
};

/// Throws std::runtime_error in a child forked while a call was at work.
void require_whole_process(std::string_view where);

/// Forks between the first process and this one.
int fork_generation();

/// Throws std::runtime_error: `where`, something made before this process was forked.
[[noreturn]] void refuse_after_fork(std::string_view where);

/// Owns what does not survive fork(). In a child it is out of reach, and left behind where it is
/// instead of being destroyed: its threads are not there to be joined.
template <class T>
class ProcessLocal {
 public:
  ProcessLocal() = default;
  explicit ProcessLocal(std::unique_ptr<T> owned) : owned_(std::move(owned)) {}
  ProcessLocal(ProcessLocal&&) noexcept = default;
  ProcessLocal& operator=(ProcessLocal&& other) noexcept {
    leave_behind();
    owned_ = std::move(other.owned_);
    home_ = other.home_;
    return *this;
  }
  ProcessLocal(const ProcessLocal&) = delete;
  ProcessLocal& operator=(const ProcessLocal&) = delete;
  ~ProcessLocal() { leave_behind(); }

  bool at_home() const { return home_ == fork_generation(); }
  /// From now on as in a child.
  void leave() {
    static_cast<void>(owned_.release());
    home_ = -1;
  }
  /// Throws std::runtime_error in another process than the one it was made in.
  T& get(std::string_view where) const {
    if (!at_home()) refuse_after_fork(where);
    return *owned_;
  }

 private:
  void leave_behind() {
    if (!at_home()) static_cast<void>(owned_.release());
  }

  std::unique_ptr<T> owned_;
  int home_ = fork_generation();
};

}  // namespace muxnet
