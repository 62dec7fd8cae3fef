#pragma once

#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

namespace muxnet {

/// The calls that are in an object now: any number that read it, or one that writes it. Nobody
/// waits: a call that does not go with those under way is refused. The thread that writes may come
/// in again, as its callbacks do. A copy of the object begins with nobody in it.
class Access {
 public:
  class Hold;

  Access() = default;
  ~Access() = default;
  Access(const Access&) : Access() {}
  Access& operator=(const Access&) { return *this; }

  /// Throws BusyError, which names the call `where`, while another thread writes.
  [[nodiscard]] Hold read(std::string_view where) const;
  /// Throws BusyError while any other call is under way.
  [[nodiscard]] Hold write(std::string_view where) const;

 private:
  void leave(bool writes) const;

  mutable std::mutex mutex_;
  mutable int readers_ = 0;
  mutable int writes_ = 0;  ///< of one thread, one within the other
  mutable std::thread::id writer_;
};

/// Lasts as long as the call.
class Access::Hold {
 public:
  Hold(Hold&& other) noexcept
      : access_(std::exchange(other.access_, nullptr)), writes_(other.writes_) {}
  Hold& operator=(Hold&&) = delete;
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;
  ~Hold() {
    if (access_ != nullptr) access_->leave(writes_);
  }

 private:
  friend class Access;
  Hold(const Access& access, bool writes) : access_(&access), writes_(writes) {}

  const Access* access_;
  bool writes_;
};

}  // namespace muxnet
