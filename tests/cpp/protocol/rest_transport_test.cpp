// REST on real sockets.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "ended_requests.hpp"

namespace muxnet {
namespace {

/// Answers the first connection's request, and no other.
class OnceServer {
 public:
  OnceServer() {
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(place);
    auto* address = reinterpret_cast<sockaddr*>(&place);
    EXPECT_EQ(::bind(listening_, address, size), 0);
    EXPECT_EQ(::listen(listening_, 8), 0);
    EXPECT_EQ(::getsockname(listening_, address, &size), 0);
    url = "http://127.0.0.1:" + std::to_string(ntohs(place.sin_port));
    thread_ = std::thread([this] { answer(); });
  }
  OnceServer(const OnceServer&) = delete;
  OnceServer& operator=(const OnceServer&) = delete;
  ~OnceServer() {
    thread_.join();
    ::close(listening_);
  }

  std::string url;

 private:
  void answer() const {
    const int connection = ::accept(listening_, nullptr, nullptr);
    std::string request(4096, '\0');
    EXPECT_GT(::recv(connection, request.data(), request.size(), 0), 0);
    const std::string body = R"({"name": "m"})";
    const std::string reply =
        "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    EXPECT_EQ(::send(connection, reply.data(), reply.size(), 0), std::ssize(reply));
    ::close(connection);
  }

  int listening_ = ::socket(AF_INET, SOCK_STREAM, 0);
  std::thread thread_;
};

TEST(RestTransport, SeesWhatWorkOnAnotherRequestHasEnded) {
  const OnceServer server;
  testing::expect_ended_are_told(server.url);
}

}  // namespace
}  // namespace muxnet
