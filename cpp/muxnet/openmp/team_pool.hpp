#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <vector>

namespace muxnet::openmp {

/// What each member of a team runs, once.
using Body = void (*)(void*);

/// Some threads that run one body together. Lives on the stack of the thread that started it.
struct Team {
  Body body = nullptr;
  void* data = nullptr;
  int size = 1;
  int next = 1;                     ///< first member that nobody has taken; the caller is member 0
  std::atomic<int> unfinished = 0;  ///< members taken by others, or by nobody yet
  bool caller_sleeps = false;       ///< until `unfinished` is 0
  std::atomic<int> arrived = 0;     ///< at the current barrier
  std::atomic<std::uint32_t> barriers = 0;  ///< passed
};

/// The threads that help whoever starts a team. Who waits looks for some microseconds, then
/// sleeps; and a caller that has done its own part takes over members that no helper has begun, so
/// that a helper without a core delays nobody. That is safe also where members wait for each
/// other: a body that its caller has left without such a wait has none, and one that has waits is
/// only left when all members have begun.
class TeamPool {
 public:
  /// The pool of this process; a child made by fork() gets a new one.
  static TeamPool& instance();

  /// Runs `body(data)` as each of `size` members; returns when all have ended.
  void run(Body body, void* data, int size);

  /// Waits for all members of `team`, each of which calls this.
  void wait_at_barrier(Team& team);

 private:
  struct Work {
    Team* team = nullptr;
    int member = 0;
  };

  struct Sleeper;

  void open(Team& team);
  void sleep(std::unique_lock<std::mutex>& lock);
  Work take(Team& team);  ///< the lock is held
  Work wait_for_work();
  bool look_for_team(std::uint64_t seen);
  template <class Condition>
  bool look_for_others(const Condition& done);
  std::chrono::microseconds patience();
  void waited_in_vain(std::chrono::microseconds patience);
  void finish(Team& team);
  void wait_for_members(Team& team);
  void serve();

  std::mutex mutex_;
  std::condition_variable work_, ended_, passed_;
  std::vector<Team*> open_;                ///< with members that nobody has taken
  std::vector<Sleeper*> asleep_;           ///< helpers, also called ones that have no core yet
  std::atomic<std::uint64_t> opened_ = 0;  ///< teams so far: what helpers look at
  std::atomic<int> under_way_ = 0;         ///< teams
  std::atomic<int> short_waits_ = 0;       ///< as many as these waits are short
  int helpers_ = 0;
  int sleeping_ = 0;  ///< helpers that have not been called since they fell asleep
  int needed_ = 0;    ///< helpers that all teams under way could use
};

/// The calling thread's place: member `number` of `team`, or alone where there is none.
struct Place {
  Team* team = nullptr;
  int number = 0;
  bool beside_others = false;  ///< in a team of several, here or further out
};
Place& place();

/// Makes the calling thread a member of a team for a while.
class Membership {
 public:
  Membership(Team& team, int number) : before_(place()) {
    place() = {&team, number, before_.beside_others || team.size > 1};
  }
  ~Membership() { place() = before_; }
  Membership(const Membership&) = delete;
  Membership& operator=(const Membership&) = delete;

 private:
  Place before_;
};

}  // namespace muxnet::openmp
