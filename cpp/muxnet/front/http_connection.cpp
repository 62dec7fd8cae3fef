#include "muxnet/front/http_connection.hpp"

#include <algorithm>
#include <boost/asio/dispatch.hpp>

#include "muxnet/core/error.hpp"
#include "muxnet/front/inference.hpp"
#include "muxnet/front/refused.hpp"

namespace muxnet {
namespace {

constexpr std::size_t piece_bytes = 64 << 10;
constexpr std::size_t most_ignored_bytes = 4 << 20;  // of a request that was refused
constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

HttpConnection::HttpConnection(HttpShared& shared, std::unique_ptr<HttpStream> stream,
                               std::string client)
    : shared_(shared), stream_(std::move(stream)), client_(std::move(client)) {}

void HttpConnection::start() {
  began_s = steady_s();
  shared_.connections.add(shared_from_this());
  shared_.connections.wake(*this);
  stream_->start([self = shared_from_this()](const IoError& error, std::size_t /*bytes*/) {
    if (self->state_ != State::handshake) return;
    if (error) return self->close();
    self->state_ = State::silent;
    self->began_s = steady_s();
    self->shared_.connections.rest(*self);
    self->read_more();
  });
}

// What comes

void HttpConnection::read_more() {
  if (reading_ || state_ == State::closed) return;
  reading_ = true;
  if (!piece_)
    piece_.reset(new char[piece_bytes]);  // not zeroed: what nobody fills takes no memory
  stream_->read(piece_.get(), piece_bytes,
                [self = shared_from_this()](const IoError& error, std::size_t bytes) {
                  self->reading_ = false;
                  self->came(error, bytes);
                });
}

void HttpConnection::came(const IoError& error, std::size_t bytes) {
  if (state_ == State::closed) return;
  if (error) return state_ == State::refusing ? void() : close();
  if (state_ == State::refusing || state_ == State::lingering) return ignore(bytes);
  const std::string_view piece(piece_.get(), bytes);
  if (left_.empty()) return advance(piece);
  left_.append(piece);
  advance(left_);
}

void HttpConnection::ignore(std::size_t bytes) {
  ignored_ += bytes;
  if (ignored_ > most_ignored_bytes) return close();
  read_more();
}

/// Reads what has come, until a request is whole or more of it has to come.
void HttpConnection::advance(std::string_view bytes) {
  while (state_ == State::silent || unfinished()) {
    if (state_ == State::silent) {
      // Old clients send an empty line behind a body (RFC 9112, 2.2).
      bytes.remove_prefix(std::min(bytes.find_first_not_of("\r\n"), bytes.size()));
      if (bytes.empty()) break;
      begin_request();
      continue;
    }
    HttpParser::State found{};
    bytes.remove_prefix(parser_->take(bytes, found));
    if (!hold_body()) return;
    switch (found) {
      case HttpParser::State::more:
        keep(bytes);
        return read_more();
      case HttpParser::State::head: {
        const auto refused = shared_.handlers.refusal(parser_->request());
        if (refused) return refuse(refused->status, refused->text, refused->reason);
        state_ = State::body;
        if (parser_->expects_continue() && bytes.empty()) return let_body_come(bytes);
        break;
      }
      case HttpParser::State::whole:
        keep(bytes);
        return work();
      default:
        return refuse_malformed(found);
    }
  }
  if (state_ != State::silent) return;
  keep(bytes);
  read_more();
}

void HttpConnection::keep(std::string_view bytes) { left_ = std::string(bytes); }

void HttpConnection::begin_request() {
  state_ = State::head;
  began_s = steady_s();
  shared_.connections.wake(*this);
  parser_ = std::make_unique<HttpParser>(shared_.most_body_bytes);
}

/// Counts what came of the body; false: there was no room for it.
bool HttpConnection::hold_body() {
  const std::size_t size = parser_->request().body->size();
  if (size > held_) {
    const auto more = static_cast<std::int64_t>(size - held_);
    held_ = size;
    shared_.connections.hold(more);
  }
  return unfinished();
}

void HttpConnection::let_body_come(std::string_view rest) {
  keep(rest);
  writing_ = true;
  stream_->write(go_on, {}, [self = shared_from_this()](const IoError& error, std::size_t) {
    self->writing_ = false;
    if (self->state_ != State::body) return;
    if (error) return self->close();
    self->advance(std::string(self->left_));
  });
}

void HttpConnection::refuse_malformed(HttpParser::State found) {
  switch (found) {
    case HttpParser::State::head_large:
      return refuse(400, text("[http] expected a head of ", most_head_bytes, " bytes"),
                    "head_large");
    case HttpParser::State::trailers_large:
      return refuse(400, "[http] expected the end of the body", "trailers_large");
    case HttpParser::State::body_large:
      return refuse(413, too_large_text(shared_.most_body_bytes), "body_large");
    default:
      return refuse(400, error_text("http", "requests of HTTP/1.1", parser_->fault()), "malformed");
  }
}

// Answers

void HttpConnection::work() {
  state_ = State::working;
  ReceivedHttp request = std::move(parser_->request());
  parser_.reset();
  keep_alive_ = request.keep_alive;
  http_1_1_ = request.http_1_1;
  head_only_ = request.method == "HEAD";
  request.client = client_;
  request.began_ns = now_ns();
  if (shared_.inside >= shared_.most_requests && !shared_.handlers.always_let_in(request)) {
    shared_.connections.refusals.add("busy", client_);
    return give(refusal_reply(503, full_error, 1));
  }
  ++shared_.inside;
  inside_ = true;
  // A second answer would be taken for that to the next request.
  const auto given = std::make_shared<std::atomic_flag>();
  shared_.handlers.handler(std::move(request), [self = shared_from_this(), given](HttpReply reply) {
    if (!given->test_and_set()) self->give(std::move(reply));
  });
}

/// By any thread. While a request is worked on nobody else uses the stream, so what it takes at
/// once has gone before the server's thread wakes.
void HttpConnection::give(HttpReply reply) {
  leave();
  if (shared_.connections.draining() && left_.empty()) keep_alive_ = false;
  head_ = head_of(reply, !keep_alive_, http_1_1_);
  reply_ = std::move(reply);
  if (head_only_) reply_.body.clear();
  const bool here = shared_.io.get_executor().running_in_this_thread();
  const std::size_t taken = here ? 0 : stream_->write_now(head_, reply_.body);
  boost::asio::dispatch(shared_.io, [self = shared_from_this(), taken] { self->answer(taken); });
}

/// Writes the rest.
void HttpConnection::answer(std::size_t taken) {
  if (state_ != State::working) return;
  state_ = State::answering;
  progress_s_ = steady_s();
  const std::size_t of_head = std::min(taken, head_.size());
  head_.erase(0, of_head);
  written_ = taken - of_head;
  if (head_.empty() && written_ == reply_.body.size()) return answered();
  write_answer();
}

void HttpConnection::write_answer() {
  const std::string_view body(reply_.body);
  const std::string_view piece = body.substr(written_, piece_bytes);
  writing_ = true;
  stream_->write(head_, piece,
                 [self = shared_from_this(), size = piece.size()](const IoError& error,
                                                                  std::size_t /*bytes*/) {
                   self->writing_ = false;
                   if (self->state_ != State::answering) return;
                   if (error) return self->close();
                   self->head_.clear();
                   self->written_ += size;
                   self->progress_s_ = steady_s();
                   if (self->written_ < self->reply_.body.size()) return self->write_answer();
                   self->answered();
                 });
}

void HttpConnection::answered() {
  release_body();
  reply_ = {};
  began_s = steady_s();
  if (!keep_alive_) return linger();
  state_ = State::silent;
  shared_.connections.rest(*this);
  if (left_.empty()) return read_more();
  advance(std::string(std::exchange(left_, {})));
}

void HttpConnection::refuse(int status, const std::string& text, const std::string& reason) {
  if (state_ == State::refusing || state_ == State::lingering || state_ == State::closed) return;
  shared_.connections.refusals.add(reason, client_);
  if (writing_) return close();
  shared_.connections.wake(*this);
  release_body();
  left_.clear();
  state_ = State::refusing;
  began_s = steady_s();
  reply_ = refusal_reply(status, text, status == 503 ? 1 : 0);
  head_ = head_of(reply_, true);
  writing_ = true;
  stream_->write(head_, reply_.body,
                 [self = shared_from_this()](const IoError& error, std::size_t) {
                   self->writing_ = false;
                   if (error) return self->close();
                   self->linger();
                 });
  read_more();
}

/// Hears no more, but lets the peer read.
void HttpConnection::linger() {
  if (state_ == State::closed) return;
  state_ = State::lingering;
  shared_.connections.wake(*this);
  left_.clear();
  parser_.reset();
  stream_->end();
  read_more();
}

void HttpConnection::release_body() {
  shared_.connections.release(static_cast<std::int64_t>(std::exchange(held_, 0)));
}

void HttpConnection::leave() {
  if (std::exchange(inside_, false)) --shared_.inside;
}

void HttpConnection::close() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  release_body();
  stream_->close();
  shared_.connections.remove(*this);
}

// For those who look after all connections

void HttpConnection::check(double now_s) {
  const ConnectionLimits& limits = shared_.connections.limits;
  const double waited_s = now_s - began_s;
  switch (state_) {
    case State::handshake:
      if (waited_s > limits.head_s) close();
      return;
    case State::silent:
      if (shared_.connections.has_waited(began_s, now_s)) close();
      return;
    case State::head:
      if (waited_s <= limits.head_s) return;
      return refuse(408, text("[http] expected a head within ", limits.head_s, " s"), "head_late");
    case State::body: {
      const double most_s =
          limits.body_s + static_cast<double>(held_) / static_cast<double>(limits.body_rate);
      if (waited_s <= most_s) return;
      return refuse(408, text("[http] expected a body within ", limits.body_s, " s"), "body_late");
    }
    case State::answering:
      if (now_s - progress_s_ <= limits.answer_s) return;
      shared_.connections.refusals.add("answer_late", client_);
      return close();
    case State::refusing:
    case State::lingering:
      if (waited_s > limits.linger_s) close();
      return;
    default:
      return;
  }
}

void HttpConnection::evict(const std::string& reason) {
  if (unfinished()) return refuse(503, std::string(full_error), reason);
  shared_.connections.refusals.add(reason, client_);
  close();
}

}  // namespace muxnet
