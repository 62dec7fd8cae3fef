#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "muxnet/service/service_request.hpp"

namespace muxnet {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

/// A request that whoever owns the front answers, by Front::answer.
struct HandedRequest {
  std::uint64_t ticket = 0;  ///< by which it is answered
  std::string method;        ///< "GET", ...
  std::string path;          ///< without the query
  std::string content_type;  ///< its header
  std::string body;          ///< all of it
};

/// The answer to a request that came by Front::ask.
struct AskedAnswer {
  std::uint64_t ticket = 0;  ///< of the request
  int status = 200;          ///< of HTTP
  std::string content_type;  ///< its header
  std::string body;          ///< all of it
  HeaderList headers;        ///< further ones
};

/// A request that was answered, or refused, for records and traces.
struct AnsweredRequest {
  std::string model;              ///< its name
  std::string id;                 ///< the caller's
  std::string policy;             ///< that answered, or the model
  bool routed = false;            ///< asked of the router
  std::string error;              ///< why it was refused; empty: it was answered
  std::int64_t began_ns = 0;      ///< since 1970
  std::int64_t submitted_ns = 0;  ///< since 1970, to the service
  std::int64_t ended_ns = 0;      ///< since 1970
  HeaderList headers;             ///< the caller's, of its trace
  ServiceAnswer answer;           ///< where there is one
};

/// Requests or connections that were refused before they became work.
struct RefusalsTold {
  std::string reason;      ///< a word
  std::int64_t count = 0;  ///< since it was told last
  std::string client;      ///< the last one's address
};

/// Something that has failed here.
struct FailureTold {
  std::string event;   ///< what
  std::string reason;  ///< why
};

/// AnsweredRequest that found no room; their records are lost.
struct RecordsLost {
  std::int64_t count = 0;  ///< of them
};

using FrontEvent = std::variant<HandedRequest, AskedAnswer, AnsweredRequest, RefusalsTold,
                                FailureTold, RecordsLost>;

/// Seconds of a clock that never goes back.
double steady_s();

/// What a front has to tell its owner, who waits for a descriptor. Safe for any number of threads.
class FrontEvents {
 public:
  FrontEvents();  ///< throws FileError where there is no descriptor left
  ~FrontEvents();
  FrontEvents(const FrontEvents&) = delete;
  FrontEvents& operator=(const FrontEvents&) = delete;

  void add(FrontEvent event);
  /// All that wait, in their order.
  std::vector<FrontEvent> take();
  int descriptor() const { return descriptor_; }  ///< readable while some wait

 private:
  int descriptor_;
  std::mutex mutex_;
  std::vector<FrontEvent> waiting_;
  std::size_t answered_ = 0;  ///< AnsweredRequest among them
  std::int64_t lost_ = 0;     ///< records of those that found no room
};

/// Counts what is refused before it becomes work. Of each reason one event comes at once, then one
/// for all that follow within ten seconds: nobody outside can fill a disk with lines of a log.
class Refusals {
 public:
  explicit Refusals(FrontEvents& events) : events_(events) {}

  void add(const std::string& reason, const std::string& client = {});
  /// Tells what came since the last event, where its time has come.
  void tell();
  std::map<std::string, std::int64_t> counts() const;

 private:
  struct Reason {
    std::int64_t count = 0, untold = 0;
    double next_s = 0;
    std::string client;
  };
  void tell(const std::string& name, Reason& reason, double now_s);

  FrontEvents& events_;
  mutable std::mutex mutex_;
  std::map<std::string, Reason> reasons_;
};

}  // namespace muxnet
