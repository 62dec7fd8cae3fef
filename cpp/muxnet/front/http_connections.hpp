#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>

#include "muxnet/front/events.hpp"

namespace muxnet {

/// How long a peer may take, and how much all of them may hold together.
struct ConnectionLimits {
  double head_s = 10;  ///< from the first byte of a request to the last of its head
  double body_s = 30;  ///< of a body, and a second more for every `body_rate` bytes
  std::int64_t body_rate = 64 << 10;
  /// Longer than devices are silent: a new connection costs them round trips, and one that is
  /// closed just when a request comes costs the request.
  double idle_s = 60;
  double answer_s = 30;  ///< without a byte of the answer taken
  double linger_s = 2;   ///< for a peer that was refused amid its request to read why
  double drain_s = 3;    ///< of silence on a kept connection, when the server ends
  std::int64_t held_bytes = std::int64_t{512} << 20;  ///< of bodies of requests not answered yet
  std::size_t connections = 4096;                     ///< at a time
};

/// What HttpConnections knows of each.
class KeptConnection {
 public:
  virtual ~KeptConnection() = default;
  /// Whether a request has begun to come, and has not come.
  virtual bool unfinished() const = 0;
  /// Ends what has taken too long.
  virtual void check(double now_s) = 0;
  /// Makes room for others: answers if the peer waits for an answer, and hangs up.
  virtual void evict(const std::string& reason) = 0;

  double began_s = 0;  ///< when what it is in began: silence, a head, a body
};

/// All connections; the longest silent, then the slowest, make room. Used by one thread;
/// others may ask whether it is draining.
class HttpConnections {
 public:
  HttpConnections(const ConnectionLimits& connection_limits, Refusals& told)
      : limits(connection_limits), refusals(told) {}

  /// A new one, which is silent.
  void add(const std::shared_ptr<KeptConnection>& connection);
  void remove(KeptConnection& connection);
  /// One is silent no more.
  void wake(KeptConnection& connection);
  /// One is silent, from now on.
  void rest(KeptConnection& connection);

  /// Whether one has been silent for too long; while draining that comes sooner.
  bool has_waited(double began_s, double now_s) const;
  /// Counts bytes of a body; while all bodies hold too many, the slowest request ends.
  void hold(std::int64_t bytes);
  void release(std::int64_t bytes) { held_ -= bytes; }
  /// Whether one more may come; another may have to go.
  bool make_room();
  void sweep(double now_s);
  std::size_t size() const { return busy_.size() + silent_.size(); }

  const ConnectionLimits limits;
  Refusals& refusals;
  bool draining() const { return draining_since_s > 0; }
  std::atomic<double> draining_since_s{0};  ///< 0: the server goes on

 private:
  using List = std::list<std::shared_ptr<KeptConnection>>;
  struct Place {
    List* list;
    List::iterator at;
  };
  void move(KeptConnection& connection, List& to);
  bool evict_slowest(const std::string& reason);

  List busy_, silent_;  ///< the longest silent first
  std::map<KeptConnection*, Place> places_;
  std::int64_t held_ = 0;
};

}  // namespace muxnet
