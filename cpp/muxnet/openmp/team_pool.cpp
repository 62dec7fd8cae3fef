#include "muxnet/openmp/team_pool.hpp"

#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace muxnet::openmp {
namespace {

using Clock = std::chrono::steady_clock;

/// What the next layer of a network takes to begin; falling asleep and waking takes as long.
constexpr std::chrono::microseconds between_teams(20);
/// For others of a team that is at work: layers seldom divide evenly, and who sleeps through the
/// end of one is missing at the beginning of the next.
constexpr std::chrono::microseconds within_team(200);
/// Who has waited for others in vain waits for a thread without a core: so many waits are as short
/// as between teams then, and leave the cores to those who use them.
constexpr int short_waits = 256;

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Looks until `done`, or `late` at some time of the clock; says whether it was done.
template <class Condition, class Late>
bool look(const Condition& done, const Late& late) {
  constexpr int looks_between_clocks = 16;
  do {
    for (int i = 0; i < looks_between_clocks; ++i) {
      if (done()) return true;
      pause();
    }
  } while (!late(Clock::now()));
  return false;
}

/// The CPUs that a thread may use; none where that is not told.
cpu_set_t cpus_of(pid_t thread) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  if (sched_getaffinity(thread, sizeof cpus, &cpus) != 0) CPU_ZERO(&cpus);
  return cpus;
}

std::atomic<TeamPool*>& current() {
  static std::atomic<TeamPool*> pool = nullptr;
  return pool;
}

/// Threads do not survive fork(): the child begins anew, and what the parent's pool held is left.
TeamPool* make_pool() {
  static const int registered =
      pthread_atfork(nullptr, nullptr, [] { current() = new TeamPool(); });
  static_cast<void>(registered);
  return new TeamPool();  // never destroyed: its helpers run until the process ends
}

}  // namespace

Place& place() {
  static thread_local Place instance;
  return instance;
}

TeamPool& TeamPool::instance() {
  static const bool made = [] {
    current() = make_pool();
    return true;
  }();
  static_cast<void>(made);
  return *current();
}

void TeamPool::run(Body body, void* data, int size) {
  Team team;
  team.body = body;
  team.data = data;
  team.size = size;
  team.unfinished = size - 1;
  open(team);
  {
    const Membership member(team, 0);
    body(data);
  }
  for (;;) {
    Work mine;
    {
      const std::lock_guard lock(mutex_);
      mine = take(team);
    }
    if (mine.team == nullptr) break;
    const Membership member(team, mine.member);
    body(data);
    finish(team);
  }
  wait_for_members(team);
  under_way_.fetch_sub(1, std::memory_order_relaxed);
}

/// A helper asleep, on the CPU where it last ran. Linux likes to wake it there, and with few CPUs,
/// most of them at work, looks for no other: behind a caller that waits for it (oneDNN's batch norm
/// does so in its own loop) it gets no time for tens of milliseconds.
struct TeamPool::Sleeper {
  pid_t thread = static_cast<pid_t>(syscall(SYS_gettid));
  int cpu = sched_getcpu();
  cpu_set_t cpus = {};  ///< that it may use, where it has been sent away
  bool sent_away = false;

  /// Wakes it elsewhere if it sleeps on the CPU of its caller and may. It may be another one that
  /// is called, and the next caller on another CPU.
  void leave(int callers) {
    const bool behind = cpu == callers && callers >= 0;
    if (behind == sent_away) return;
    if (!behind) {
      come_back();
      sent_away = false;
      return;
    }
    cpus = cpus_of(thread);
    cpu_set_t others = cpus;
    CPU_CLR(callers, &others);
    sent_away = CPU_COUNT(&others) > 0 && sched_setaffinity(thread, sizeof others, &others) == 0;
  }

  /// Once awake, it may go where it could before.
  void come_back() const {
    if (sent_away) sched_setaffinity(thread, sizeof cpus, &cpus);
  }
};

void TeamPool::open(Team& team) {
  const std::lock_guard lock(mutex_);
  needed_ += team.size - 1;
  // As many helpers as members: they may have to wait for each other.
  for (; helpers_ < needed_; ++helpers_) std::thread([this] { serve(); }).detach();
  open_.push_back(&team);
  under_way_.fetch_add(1, std::memory_order_relaxed);
  opened_.fetch_add(1, std::memory_order_release);
  if (sleeping_ > 0) {
    const int here = sched_getcpu();
    for (Sleeper* const helper : asleep_) helper->leave(here);
  }
  // A helper that was called and has no core yet is not called again: that would only cost time.
  for (int called = 0; called < team.size - 1 && sleeping_ > 0; ++called, --sleeping_) {
    work_.notify_one();
  }
}

TeamPool::Work TeamPool::take(Team& team) {
  if (team.next == team.size) return {};
  const Work work{&team, team.next++};
  if (team.next == team.size) open_.erase(std::find(open_.begin(), open_.end(), &team));
  return work;
}

TeamPool::Work TeamPool::wait_for_work() {
  for (;;) {
    const std::uint64_t seen = opened_.load(std::memory_order_acquire);
    {
      const std::lock_guard lock(mutex_);
      if (!open_.empty()) return take(*open_.front());
    }
    if (look_for_team(seen)) continue;
    std::unique_lock lock(mutex_);
    if (open_.empty()) sleep(lock);
  }
}

void TeamPool::sleep(std::unique_lock<std::mutex>& lock) {
  Sleeper own;
  asleep_.push_back(&own);
  ++sleeping_;  // whoever calls takes this back
  work_.wait(lock);
  asleep_.erase(std::find(asleep_.begin(), asleep_.end(), &own));
  lock.unlock();
  own.come_back();
}

/// Looks until a team has been opened after the first `seen`; false when none has for too long.
bool TeamPool::look_for_team(std::uint64_t seen) {
  const auto opened = [&] { return opened_.load(std::memory_order_acquire) != seen; };
  const auto begin = Clock::now();
  const auto most = patience();
  auto idle_since = begin;
  bool in_vain = false;
  const bool found = look(opened, [&](Clock::time_point now) {
    if (under_way_.load(std::memory_order_relaxed) > 0) idle_since = now;
    in_vain = now >= begin + most;
    return in_vain || now >= idle_since + between_teams;
  });
  if (!found && in_vain) waited_in_vain(most);
  return found;
}

/// Looks until `done`, for which others of a team are at work; false when it takes too long.
template <class Condition>
bool TeamPool::look_for_others(const Condition& done) {
  const auto most = patience();
  const bool found =
      look(done, [end = Clock::now() + most](Clock::time_point now) { return now >= end; });
  if (!found) waited_in_vain(most);
  return found;
}

std::chrono::microseconds TeamPool::patience() {
  if (short_waits_.load(std::memory_order_relaxed) <= 0) return within_team;
  short_waits_.fetch_sub(1, std::memory_order_relaxed);
  return between_teams;
}

void TeamPool::waited_in_vain(std::chrono::microseconds patience) {
  if (patience == within_team) short_waits_.store(short_waits, std::memory_order_relaxed);
}

void TeamPool::finish(Team& team) {
  const std::lock_guard lock(mutex_);
  --needed_;
  const bool last = team.unfinished.load(std::memory_order_relaxed) == 1;
  if (last && team.caller_sleeps) ended_.notify_all();
  // The caller may see this without the lock, and then the team is gone.
  team.unfinished.fetch_sub(1, std::memory_order_release);
}

void TeamPool::wait_for_members(Team& team) {
  const auto done = [&] { return team.unfinished.load(std::memory_order_acquire) == 0; };
  if (look_for_others(done)) return;
  std::unique_lock lock(mutex_);
  team.caller_sleeps = true;
  ended_.wait(lock, done);
}

void TeamPool::wait_at_barrier(Team& team) {
  const std::uint32_t passed = team.barriers.load(std::memory_order_acquire);
  if (team.arrived.fetch_add(1, std::memory_order_acq_rel) == team.size - 1) {
    team.arrived.store(0, std::memory_order_relaxed);
    const std::lock_guard lock(mutex_);
    team.barriers.fetch_add(1, std::memory_order_release);
    passed_.notify_all();
    return;
  }
  const auto done = [&] { return team.barriers.load(std::memory_order_acquire) != passed; };
  if (look_for_others(done)) return;
  std::unique_lock lock(mutex_);
  passed_.wait(lock, done);
}

void TeamPool::serve() {
  for (;;) {
    const Work work = wait_for_work();
    {
      const Membership member(*work.team, work.member);
      work.team->body(work.team->data);
    }
    finish(*work.team);
  }
}

}  // namespace muxnet::openmp
