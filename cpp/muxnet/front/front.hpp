#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "muxnet/front/answer_labels.hpp"
#include "muxnet/front/events.hpp"
#include "muxnet/front/served_models.hpp"
#include "muxnet/service/service.hpp"

namespace muxnet {

/// How a front serves.
struct FrontOptions {
  bool listens = true;                                ///< false: requests come by ask() alone
  std::string host = "127.0.0.1";                     ///< address that it is bound to
  int http_port = 0;                                  ///< of REST; 0: any that is free
  int grpc_port = 0;                                  ///< of gRPC; 0: any that is free
  std::string version;                                ///< of this program, as it is told
  std::string token;                                  ///< that requests have to bear; empty: none
  std::string certificate;                            ///< file of a chain, PEM; empty: no TLS
  std::string key;                                    ///< file of its key, PEM
  std::vector<std::string> allowed_hosts;             ///< further names that the server goes by
  std::int64_t body_bytes = 64 << 20;                 ///< of one request
  std::int64_t held_bytes = std::int64_t{512} << 20;  ///< of all bodies that are not answered yet
  double head_seconds = 10;                           ///< for a request's head to come
  double body_seconds = 30;                           ///< for its body
  std::int64_t requests = 256;           ///< that are worked on at a time, by each protocol
  std::int64_t connections = 4096;       ///< of REST
  std::int64_t images = 512;             ///< of one request
  std::int64_t max_pixels = 16'000'000;  ///< of an encoded image
  bool noted = false;  ///< every answer is told, as somebody records or traces them
  /// What its owner answers: methods and paths.
  std::set<std::pair<std::string, std::string>> handed;
};

/// The path of a HandedRequest to read all that is served anew, which is always handed.
inline constexpr const char* load_path = "/v2/repository/load";

/// REST and gRPC of the Open Inference Protocol before a service: answers inference, health and
/// metadata, and hands its owner by events what it is asked besides. Threads may call it at once;
/// in a forked process, where its own threads are not, every call throws std::runtime_error.
class Front {
 public:
  /// Listens by REST, where it listens, and is live; until open() it is not ready. Throws FileError
  /// for an address that is taken or a certificate that does not fit.
  explicit Front(const FrontOptions& options);
  ~Front();  ///< closes the service, and ends all connections
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  /// Answers from now on, by gRPC too. Throws FileError for an address that is taken.
  void open(std::shared_ptr<Service> service, std::shared_ptr<const ServedModels> models);
  /// Puts others in the place of what was; returns their version. Throws as Service::deploy.
  std::uint64_t deploy(Deployment deployment, std::shared_ptr<const ServedModels> models);

  int http_port() const;           ///< that it listens on; 0: it does not
  int grpc_port() const;           ///< the same of gRPC, after open()
  int descriptor() const;          ///< readable while there are events
  std::vector<FrontEvent> take();  ///< the events that wait, in their order
  /// Answers a HandedRequest.
  void answer(std::uint64_t ticket, int status, std::string content_type, std::string body,
              HeaderList headers);

  /// Answers a request of REST that another server has received: `path` as it was written, without
  /// the query, `headers` with names in lower case. Returns the ticket of its AskedAnswer.
  std::uint64_t ask(std::string method, std::string path, HeaderList headers, std::string body);

  std::map<std::string, std::int64_t> refusals() const;  ///< by their reasons
  /// Counts labels that came back; returns of how many inputs the answers were still known.
  std::int64_t learn(const std::vector<std::int64_t>& inputs,
                     const std::vector<std::int64_t>& labels);
  std::map<std::uint64_t, LabelTally> labels() const;  ///< by version

  /// Takes no more connections, and tells those who ask; those there are end with their next
  /// answer.
  void drain(double within_ms);
  /// Waits until all have ended; false: some are still there.
  bool wait_drained(double within_ms);

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace muxnet
