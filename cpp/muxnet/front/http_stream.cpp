#include "muxnet/front/http_stream.hpp"

#include <array>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include "muxnet/core/error.hpp"

namespace muxnet {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

std::array<asio::const_buffer, 2> buffers(std::string_view first, std::string_view second) {
  return {asio::buffer(first.data(), first.size()), asio::buffer(second.data(), second.size())};
}

class PlainStream : public HttpStream {
 public:
  explicit PlainStream(tcp::socket socket) : socket_(std::move(socket)) {
    IoError failed;
    socket_.non_blocking(true, failed);
    waits_ = static_cast<bool>(failed);
  }

  void start(Done done) override { done({}, 0); }
  void read(void* to, std::size_t most, Done done) override {
    socket_.async_read_some(asio::buffer(to, most), std::move(done));
  }
  void write(std::string_view first, std::string_view second, Done done) override {
    asio::async_write(socket_, buffers(first, second), std::move(done));
  }
  std::size_t write_now(std::string_view first, std::string_view second) override {
    IoError failed;
    return waits_ ? 0 : socket_.write_some(buffers(first, second), failed);
  }
  void end() override {
    IoError ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
  }
  void close() override {
    IoError ignored;
    socket_.close(ignored);
  }

 private:
  tcp::socket socket_;
  bool waits_ = false;  ///< for room: it could not be told otherwise
};

class TlsStream : public HttpStream {
 public:
  TlsStream(tcp::socket socket, asio::ssl::context& context)
      : stream_(std::make_shared<Stream>(std::move(socket), context)) {}

  void start(Done done) override {
    stream_->async_handshake(
        asio::ssl::stream_base::server,
        [stream = stream_, done = std::move(done)](const IoError& error) { done(error, 0); });
  }
  void read(void* to, std::size_t most, Done done) override {
    stream_->async_read_some(asio::buffer(to, most), std::move(done));
  }
  void write(std::string_view first, std::string_view second, Done done) override {
    asio::async_write(*stream_, buffers(first, second), std::move(done));
  }
  std::size_t write_now(std::string_view /*first*/, std::string_view /*second*/) override {
    return 0;  // a record that is not taken whole would have to be offered again as it is
  }
  void end() override {
    // The peer's own farewell may never come: nobody waits for it.
    stream_->async_shutdown([stream = stream_](const IoError&) {
      IoError ignored;
      stream->next_layer().shutdown(tcp::socket::shutdown_send, ignored);
    });
  }
  void close() override {
    IoError ignored;
    stream_->next_layer().close(ignored);
  }

 private:
  using Stream = asio::ssl::stream<tcp::socket>;
  std::shared_ptr<Stream> stream_;
};

}  // namespace

std::unique_ptr<HttpStream> plain_stream(tcp::socket socket) {
  return std::make_unique<PlainStream>(std::move(socket));
}

std::unique_ptr<HttpStream> tls_stream(tcp::socket socket, asio::ssl::context& context) {
  return std::make_unique<TlsStream>(std::move(socket), context);
}

asio::ssl::context tls_context(const std::string& certificate, const std::string& key) {
  asio::ssl::context context(asio::ssl::context::tls_server);
  try {
    context.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                        asio::ssl::context::no_tlsv1_1);
    context.use_certificate_chain_file(certificate);
    context.use_private_key_file(key, asio::ssl::context::pem);
  } catch (const boost::system::system_error& error) {
    throw FileError(error_text("certificate", "a chain and its key in PEM", error.what()));
  }
  return context;
}

}  // namespace muxnet
