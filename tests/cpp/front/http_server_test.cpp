#include "muxnet/front/http_server.hpp"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/write.hpp>

namespace muxnet {
namespace {

using boost::asio::ip::tcp;

/// Answers POST /N by N bytes, given by other threads, and all else by the server's own.
class HttpServerOfSizes : public ::testing::Test {
 protected:
  HttpServerOfSizes() {
    HttpHandlers handlers;
    handlers.refusal = [](const ReceivedHttp&) { return std::optional<HeadRefusal>(); };
    handlers.always_let_in = [](const ReceivedHttp&) { return false; };
    handlers.handler = [this](const ReceivedHttp& request, const HttpHandlers::Reply& reply) {
      if (request.method != "POST") return reply({200, "here"});
      const std::size_t size = std::stoul(request.path.substr(1));
      boost::asio::post(others_, [reply, size] {
        reply({200, body_of(size)});
        reply({200, "once more"});
      });
    };
    HttpOptions options;
    options.requests = 1;
    server_.emplace(options, refusals_, handlers);
    socket_.connect(
        {boost::asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(server_->port())});
  }

  ~HttpServerOfSizes() override { others_.join(); }

  static std::string body_of(std::size_t size) {
    std::string body(size, 'a');
    for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<char>('a' + i % 23);
    return body;
  }

  void ask(const std::string& request) {
    boost::asio::write(socket_,
                       boost::asio::buffer(request + " HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  }
  /// Head and body of the next answer.
  std::pair<std::string, std::string> answer(std::size_t size) {
    const std::size_t end = boost::asio::read_until(socket_, came_, "\r\n\r\n");
    const auto bytes = boost::asio::buffers_begin(came_.data());
    std::string head(bytes, bytes + static_cast<std::ptrdiff_t>(end));
    came_.consume(end);
    if (came_.size() < size) {
      boost::asio::read(socket_, came_, boost::asio::transfer_exactly(size - came_.size()));
    }
    const auto rest = boost::asio::buffers_begin(came_.data());
    std::string body(rest, rest + static_cast<std::ptrdiff_t>(size));
    came_.consume(size);
    return {head, body};
  }

  FrontEvents events_;
  Refusals refusals_{events_};
  boost::asio::thread_pool others_{2};
  std::optional<HttpServer> server_;
  boost::asio::io_context io_;
  tcp::socket socket_{io_};
  boost::asio::streambuf came_;
};

TEST_F(HttpServerOfSizes, WritesWhatOtherThreadsGiveWhateverItsSize) {
  constexpr std::size_t large = 16 << 20;  // more than a socket takes at once
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, large, std::size_t{3}}) {
    ask("POST /" + std::to_string(size));
    const auto [head, body] = answer(size);
    EXPECT_TRUE(head.starts_with("HTTP/1.1 200")) << head;
    EXPECT_TRUE(body == body_of(size)) << size;
  }
  ask("HEAD /");
  EXPECT_TRUE(answer(0).first.starts_with("HTTP/1.1 200"));
}

TEST_F(HttpServerOfSizes, AnswersWhatIsSentAheadInItsOrder) {
  constexpr int times = 200;
  for (int i = 0; i < times; ++i) {
    ask("POST /" + std::to_string(i));
    ask("GET /");
  }
  for (std::size_t i = 0; i < times; ++i) {
    EXPECT_EQ(answer(i).second, body_of(i));
    EXPECT_EQ(answer(4).second, "here");
  }
}

// The only place among the requests that are worked on is free once the answer can be read.
TEST_F(HttpServerOfSizes, RoomIsFreeOnceAnAnswerHasCome) {
  tcp::socket other(io_);
  other.connect(socket_.remote_endpoint());
  for (int i = 0; i < 500; ++i) {
    ask("POST /2");
    EXPECT_TRUE(answer(2).first.starts_with("HTTP/1.1 200"));
    std::swap(socket_, other);
  }
}

TEST_F(HttpServerOfSizes, LastAnswersSayThatTheConnectionEnds) {
  ask("POST /1");
  EXPECT_EQ(answer(1).first.find("connection: close"), std::string::npos);
  server_->drain();
  EXPECT_FALSE(server_->wait_drained(0));
  ask("POST /1");
  EXPECT_NE(answer(1).first.find("connection: close"), std::string::npos);
  socket_.close();
  EXPECT_TRUE(server_->wait_drained(10'000));
}

}  // namespace
}  // namespace muxnet
