#include "muxnet/front/http_connections.hpp"

#include <algorithm>

namespace muxnet {

void HttpConnections::add(const std::shared_ptr<KeptConnection>& connection) {
  const auto at = silent_.insert(silent_.end(), connection);
  places_[connection.get()] = {&silent_, at};
}

void HttpConnections::remove(KeptConnection& connection) {
  const auto found = places_.find(&connection);
  if (found == places_.end()) return;
  const Place place = found->second;
  places_.erase(found);
  place.list->erase(place.at);  // may be its end
}

void HttpConnections::move(KeptConnection& connection, List& to) {
  const auto found = places_.find(&connection);
  if (found == places_.end()) return;
  to.splice(to.end(), *found->second.list, found->second.at);
  found->second.list = &to;
}

void HttpConnections::wake(KeptConnection& connection) { move(connection, busy_); }
void HttpConnections::rest(KeptConnection& connection) { move(connection, silent_); }

bool HttpConnections::has_waited(double began_s, double now_s) const {
  if (!draining()) return now_s - began_s > limits.idle_s;
  return now_s - std::max(began_s, draining_since_s.load()) > limits.drain_s;
}

void HttpConnections::hold(std::int64_t bytes) {
  held_ += bytes;
  while (held_ > limits.held_bytes && evict_slowest("memory")) {
  }
}

bool HttpConnections::make_room() {
  if (size() < limits.connections) return true;
  if (silent_.empty()) return evict_slowest("connections");
  const auto longest = silent_.front();
  longest->evict("connections");
  return true;
}

void HttpConnections::sweep(double now_s) {
  const List busy = busy_;
  for (const auto& connection : busy) connection->check(now_s);
  List waited;
  for (const auto& connection : silent_) {
    if (!has_waited(connection->began_s, now_s)) break;  // nor have those after it
    waited.push_back(connection);
  }
  for (const auto& connection : waited) connection->check(now_s);
  refusals.tell();
}

bool HttpConnections::evict_slowest(const std::string& reason) {
  std::shared_ptr<KeptConnection> slowest;
  for (const auto& connection : busy_) {
    const bool slower =
        connection->unfinished() && (slowest == nullptr || connection->began_s < slowest->began_s);
    if (slower) slowest = connection;
  }
  if (slowest == nullptr) return false;
  slowest->evict(reason);
  return true;
}

}  // namespace muxnet
