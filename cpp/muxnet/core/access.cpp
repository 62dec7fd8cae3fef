#include "muxnet/core/access.hpp"

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

[[noreturn]] void refuse(std::string_view where, std::string_view others) {
  throw BusyError(error_text(where, text("no ", others, " the same object meanwhile"),
                             "one in another thread"));
}

}  // namespace

Access::Hold Access::read(std::string_view where) const {
  const std::lock_guard lock(mutex_);
  if (writes_ > 0) {
    if (writer_ != std::this_thread::get_id()) refuse(where, "call that changes");
    ++writes_;
    return {*this, true};
  }
  ++readers_;
  return {*this, false};
}

Access::Hold Access::write(std::string_view where) const {
  const std::lock_guard lock(mutex_);
  const bool others = readers_ > 0 || (writes_ > 0 && writer_ != std::this_thread::get_id());
  if (others) refuse(where, "other call of");
  writer_ = std::this_thread::get_id();
  ++writes_;
  return {*this, true};
}

void Access::leave(bool writes) const {
  const std::lock_guard lock(mutex_);
  --(writes ? writes_ : readers_);
}

}  // namespace muxnet
