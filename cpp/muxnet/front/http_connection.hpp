#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "muxnet/front/http_connections.hpp"
#include "muxnet/front/http_parser.hpp"
#include "muxnet/front/http_stream.hpp"
#include "muxnet/front/origins.hpp"

namespace muxnet {

/// What becomes of requests.
struct HttpHandlers {
  using Reply = std::function<void(HttpReply)>;  ///< once, from any thread

  /// By its head; none: it may come.
  std::function<std::optional<HeadRefusal>(const ReceivedHttp&)> refusal;
  /// Whether a request is worked on however many there are.
  std::function<bool(const ReceivedHttp&)> always_let_in;
  std::function<void(ReceivedHttp, Reply)> handler;
  std::function<void()> sweep;  ///< called now and then
};

/// What all connections of one server share; used by its thread, where nothing else is said.
struct HttpShared {
  boost::asio::io_context& io;
  HttpConnections& connections;
  std::uint64_t most_body_bytes = 0;
  std::size_t most_requests = 0;  ///< that are worked on at a time
  HttpHandlers handlers;
  std::atomic<std::size_t> inside{0};  ///< requests that are worked on; by any thread
};

/// One connection: reads a request, lets it be answered, writes the answer, and begins anew. A
/// request becomes work when all of it has come: a slow one takes no room from others. What is
/// refused amid its request is answered at once, and what still comes of it is ignored for a while,
/// so that the peer, who may read only after sending, gets the answer.
class HttpConnection : public KeptConnection, public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(HttpShared& shared, std::unique_ptr<HttpStream> stream, std::string client);

  void start();
  bool unfinished() const override { return state_ == State::head || state_ == State::body; }
  void check(double now_s) override;
  void evict(const std::string& reason) override;

 private:
  enum class State {
    handshake,
    silent,
    head,
    body,
    working,
    answering,
    refusing,
    lingering,
    closed
  };

  void read_more();
  void came(const IoError& error, std::size_t bytes);
  void ignore(std::size_t bytes);
  void advance(std::string_view bytes);
  void keep(std::string_view bytes);
  void begin_request();
  bool hold_body();
  void let_body_come(std::string_view rest);
  void work();
  void give(HttpReply reply);
  void answer(std::size_t taken);
  void write_answer();
  void answered();
  void refuse(int status, const std::string& text, const std::string& reason);
  void refuse_malformed(HttpParser::State found);
  void linger();
  void release_body();
  void leave();
  void close();

  HttpShared& shared_;
  std::unique_ptr<HttpStream> stream_;
  std::string client_;
  State state_ = State::handshake;
  std::unique_ptr<HttpParser> parser_;
  std::unique_ptr<char[]> piece_;  ///< what comes
  std::string left_;               ///< of that, what is not read yet
  bool reading_ = false, writing_ = false;
  std::size_t held_ = 0;     ///< bytes of the body
  std::size_t ignored_ = 0;  ///< bytes
  bool inside_ = false;      ///< counts among the requests that are worked on
  bool keep_alive_ = true, http_1_1_ = true, head_only_ = false;  ///< of the request
  std::string head_;                                              ///< of the answer
  HttpReply reply_;
  std::size_t written_ = 0;  ///< bytes of its body
  double progress_s_ = 0;    ///< when the peer took some of it
};

}  // namespace muxnet
