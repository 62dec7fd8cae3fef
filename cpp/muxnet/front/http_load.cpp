#include "muxnet/front/http_load.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <deque>
#include <memory>
#include <optional>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;
using IoError = boost::system::error_code;

constexpr std::size_t most_requests = 1'000'000;
constexpr std::uint64_t most_answer_bytes = 64 << 20;

/// A request on its way.
struct Sent {
  std::size_t request;
  double due_s;
};

/// Status 0: it did not come whole.
struct Came {
  int status = 0;
  std::string body{};
  bool kept = false;  ///< the connection
};

class Load;

/// A kept connection with one request at a time.
class Connection {
 public:
  Connection(asio::io_context& io, Load& load) : load_(load), socket_(io) {}

  void send(const Sent& sent);

 private:
  void write();
  void read();
  void end(Came came = {});

  Load& load_;
  tcp::socket socket_;
  Sent sent_{};
  boost::beast::flat_buffer buffer_;
  std::optional<http::response_parser<http::string_body>> parser_;
};

class Load {
 public:
  Load(const std::vector<std::string>& requests, const HttpLoad& options)
      : requests_(requests), options_(options), server_(address(options.port)) {
    tally_.latency_ms.reserve(options.due_s.size());
  }

  LoadTally run() {
    start_ = Clock::now();
    if (open()) {
      send_due();
    } else {
      for (std::size_t i = 0; i < options_.at_once; ++i) send(now_s());
    }
    io_.run_until(at(sending_s() + options_.last_s));
    fail_those_out();
    tally_.seconds = open() ? sent_all_s_ : options_.seconds;
    return std::move(tally_);
  }

  const tcp::endpoint& server() const { return server_; }
  const std::string& bytes(const Sent& sent) const { return requests_[sent.request]; }

  /// A connection is free again, or gone.
  void ended(Connection& connection, const Sent& sent, Came came) {
    --out_;
    note(sent, came);
    if (came.kept) {
      free_.push_back(&connection);
    } else {
      std::erase_if(connections_, [&](const auto& one) { return one.get() == &connection; });
    }
    if (!open() && now_s() < options_.seconds) send(now_s());
    serve_waiting();
  }

 private:
  static tcp::endpoint address(int port) {
    return {asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(port)};
  }
  bool open() const { return !options_.due_s.empty(); }
  double sending_s() const { return open() ? options_.due_s.back() : options_.seconds; }
  double now_s() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  Clock::time_point at(double second) const {
    return start_ +
           std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(second));
  }

  void note(const Sent& sent, Came& came) {
    const double now = now_s();
    tally_.latency_ms.push_back(1000 * (now - sent.due_s));
    tally_.ended_s.push_back(now);
    tally_.status.push_back(came.status);
    tally_.request.push_back(sent.request);
    tally_.body.push_back(std::move(came.body));
  }

  /// Sends what is due, and waits for the next.
  void send_due() {
    const std::vector<double>& due = options_.due_s;
    while (next_ < due.size() && due[next_] <= now_s()) send(due[next_]);
    if (next_ == due.size()) {
      sent_all_s_ = now_s();
      return;
    }
    timer_.expires_at(at(due[next_]));
    timer_.async_wait([this](const IoError& error) {
      if (!error) send_due();
    });
  }

  void send(double due_s) {
    waiting_.push_back({next_++ % requests_.size(), due_s});
    serve_waiting();
  }

  void serve_waiting() {
    while (!waiting_.empty() && (!free_.empty() || connections_.size() < options_.connections)) {
      if (free_.empty()) {
        connections_.push_back(std::make_unique<Connection>(io_, *this));
        free_.push_back(connections_.back().get());
      }
      Connection& connection = *free_.back();
      free_.pop_back();
      const Sent sent = waiting_.front();
      waiting_.pop_front();
      ++out_;
      connection.send(sent);
    }
  }

  /// Counts what has no answer as failed.
  void fail_those_out() {
    tally_.status.resize(tally_.status.size() + out_ + waiting_.size(), 0);
    tally_.ended_s.resize(tally_.status.size(), now_s());
    tally_.latency_ms.resize(tally_.status.size(), 1000 * now_s());
  }

  const std::vector<std::string>& requests_;
  const HttpLoad& options_;
  tcp::endpoint server_;
  asio::io_context io_{1};
  asio::steady_timer timer_{io_};
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> free_;
  std::deque<Sent> waiting_;
  std::size_t next_ = 0, out_ = 0;
  double sent_all_s_ = 0;
  Clock::time_point start_;
  LoadTally tally_;
};

void Connection::send(const Sent& sent) {
  sent_ = sent;
  if (socket_.is_open()) return write();
  socket_.async_connect(load_.server(), [this](const IoError& error) {
    if (error) return end();
    socket_.set_option(tcp::no_delay(true));
    write();
  });
}

void Connection::write() {
  asio::async_write(socket_, asio::buffer(load_.bytes(sent_)),
                    [this](const IoError& error, std::size_t) {
                      if (error) return end();
                      read();
                    });
}

void Connection::read() {
  parser_.emplace();
  parser_->body_limit(most_answer_bytes);
  http::async_read(socket_, buffer_, *parser_, [this](const IoError& error, std::size_t) {
    if (error) return end();
    auto& answer = parser_->get();
    end({static_cast<int>(answer.result_int()), std::move(answer.body()), parser_->keep_alive()});
  });
}

void Connection::end(Came came) { load_.ended(*this, sent_, std::move(came)); }

void check(const std::vector<std::string>& requests, const HttpLoad& load) {
  require(!requests.empty(), "load", "requests", "none");
  require(load.due_s.size() <= most_requests, "load", text("at most ", most_requests, " requests"),
          text(load.due_s.size()));
  require(std::is_sorted(load.due_s.begin(), load.due_s.end()), "load", "times that rise",
          "others");
  require(!load.due_s.empty() || (load.seconds > 0 && load.seconds <= 86'400), "load",
          "seconds above 0, at most a day", text(load.seconds));
  require(load.at_once > 0 && load.connections > 0, "load", "a connection or more", "none");
}

}  // namespace

LoadTally run_load(const std::vector<std::string>& requests, const HttpLoad& load) {
  check(requests, load);
  return Load(requests, load).run();
}

}  // namespace muxnet
