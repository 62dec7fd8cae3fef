#pragma once

#include <deque>
#include <initializer_list>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "muxnet/core/names.hpp"

namespace muxnet {

/// What is chosen by name: entries with a `name`, in the order in which they were added. Threads
/// may use it at once; an entry stays where it is.
///
/// A layer's rows are added by the files that its CMakeLists.txt lists under ENTRIES: those of
/// NAME.cpp by add_NAME. Objects that register themselves would be dropped from static libraries.
template <class Entry>
class Register {
 public:
  using Adder = void(Register&);

  /// `where` stands in errors. Throws as add().
  explicit Register(std::string where, std::initializer_list<Adder*> adders = {})
      : where_(std::move(where)) {
    for (Adder* fill : adders) fill(*this);
  }

  /// Throws std::invalid_argument when the name is taken.
  void add(Entry entry) {
    const std::lock_guard lock(mutex_);
    require(seek(entry.name) == nullptr, where_, "a name not used before", entry.name);
    entries_.push_back(std::move(entry));
  }

  /// Throws std::invalid_argument that lists the names there are.
  const Entry& find(std::string_view name) const {
    const std::lock_guard lock(mutex_);
    const Entry* found = seek(name);
    if (found == nullptr) {
      throw std::invalid_argument(error_text(where_, one_of(all_names()), name));
    }
    return *found;
  }

  std::vector<std::string> names() const {
    const std::lock_guard lock(mutex_);
    return all_names();
  }

  std::vector<Entry> entries() const {
    const std::lock_guard lock(mutex_);
    return {entries_.begin(), entries_.end()};
  }

 private:
  const Entry* seek(std::string_view name) const {
    for (const Entry& entry : entries_) {
      if (entry.name == name) return &entry;
    }
    return nullptr;
  }

  std::vector<std::string> all_names() const {
    std::vector<std::string> names;
    for (const Entry& entry : entries_) names.emplace_back(entry.name);
    return names;
  }

  std::string where_;
  mutable std::mutex mutex_;
  std::deque<Entry> entries_;
};

}  // namespace muxnet
