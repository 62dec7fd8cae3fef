// Boost 1.74 asserts five bytes of a last chunk where four may have come, which then wait for more:
// without NDEBUG whoever sends them would end the process.
#define BOOST_DISABLE_ASSERTS

#include "muxnet/front/http_parser.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <limits>

#include "muxnet/core/names.hpp"

namespace muxnet {
namespace {

namespace http = boost::beast::http;
using boost::beast::iequals;
using Error = boost::beast::error_code;
using Text = boost::beast::string_view;

constexpr std::size_t most_trailer_bytes = 16 << 10;
constexpr std::uint64_t free_chunks = 4096;
constexpr std::uint64_t least_chunk_bytes = 16;  // on average, beyond those
constexpr std::size_t reserved_at_once = 1 << 20;

/// What a client of another protocol begins with, in words; empty: nothing known.
std::string foreign(std::string_view bytes) {
  constexpr std::string_view tls = "\x16\x03", http_2 = "PRI * HTTP/2";
  if (bytes.starts_with(tls)) return "TLS, which this port has not";
  return bytes.starts_with(http_2) ? "HTTP/2" : "";
}

/// The path of a target, which may name the server before it.
std::string path_of(Text target) {
  std::string_view path(target.data(), target.size());
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!path.starts_with(scheme)) continue;
    const auto begin = path.find('/', scheme.size());
    path = begin == path.npos ? std::string_view("/") : path.substr(begin);
  }
  return std::string(path.substr(0, path.find_first_of("?#")));
}

}  // namespace

/// Beast's parser, and what it finds.
class HttpParser::Implementation : public http::basic_parser<true> {
 public:
  explicit Implementation(std::uint64_t most) : most_body_bytes_(most) {
    // Its own limits count neither all of a head nor a chunked body: they are minded here.
    header_limit(std::numeric_limits<std::uint32_t>::max());
    body_limit(std::numeric_limits<std::uint64_t>::max());
  }

  State step(std::string_view bytes, std::size_t& taken) {
    Error error;
    const bool in_head = !is_header_done();
    const std::size_t count = put({bytes.data() + taken, bytes.size() - taken}, error);
    taken += count;
    if (in_head) head_bytes_ += count;
    const std::size_t left = bytes.size() - taken;
    if (in_head && head_bytes_ + (is_header_done() ? 0 : left) > most_head_bytes) {
      return State::head_large;
    }
    if (error == http::error::need_more) {
      return !in_head && left > most_trailer_bytes ? State::trailers_large : State::more;
    }
    if (error == http::error::body_limit) return State::body_large;
    if (error && fault.empty()) fault = error.message();  // such as "bad Content-Length"
    return error ? State::malformed : State::whole;
  }

  ReceivedHttp request;
  bool told_head = false;
  bool expects_continue = false;
  std::string fault;

 private:
  void on_request_impl(http::verb /*method*/, Text method, Text target, int version,
                       Error& /*error*/) override {
    request.method.assign(method.data(), method.size());
    request.path = path_of(target);
    request.http_1_1 = version >= 11;
  }
  void on_response_impl(int /*status*/, Text /*reason*/, int /*version*/,
                        Error& /*error*/) override {}
  void on_field_impl(http::field field, Text name, Text value, Error& error) override {
    if (headers_done_) return;  // trailers are of no use
    if (field == http::field::transfer_encoding && !iequals(value, "chunked")) {
      error = http::error::bad_transfer_encoding;
    }
    if (field == http::field::expect) expects_continue = iequals(value, "100-continue");
    request.headers.emplace_back(lower({name.data(), name.size()}),
                                 std::string(value.data(), value.size()));
  }
  void on_header_impl(Error& /*error*/) override { headers_done_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, Error& /*error*/) override {
    if (length) request.body->reserve(std::min<std::uint64_t>(*length, reserved_at_once));
  }
  std::size_t on_body_impl(Text bytes, Error& error) override {
    if (bytes.size() > most_body_bytes_ - request.body->size()) {
      error = http::error::body_limit;
      return 0;
    }
    request.body->append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t /*size*/, Text /*extensions*/, Error& error) override {
    ++chunks_;
    if (chunks_ > free_chunks + request.body->size() / least_chunk_bytes) {
      error = http::error::bad_chunk;
    }
  }
  std::size_t on_chunk_body_impl(std::uint64_t /*left*/, Text bytes, Error& error) override {
    return on_body_impl(bytes, error);
  }
  void on_finish_impl(Error& /*error*/) override {}

  std::uint64_t most_body_bytes_;
  std::uint64_t chunks_ = 0;
  std::size_t head_bytes_ = 0;
  bool headers_done_ = false;
};

HttpParser::HttpParser(std::uint64_t most_body_bytes)
    : implementation_(std::make_unique<Implementation>(most_body_bytes)) {}
HttpParser::~HttpParser() = default;

std::size_t HttpParser::take(std::string_view bytes, State& state) {
  Implementation& parser = *implementation_;
  std::size_t taken = 0;
  state = State::more;
  if (!parser.is_header_done() && parser.fault.empty()) parser.fault = foreign(bytes);
  while (!parser.is_done() && taken < bytes.size()) {
    const State found = parser.step(bytes, taken);
    if (found != State::whole) {
      state = found;
      return taken;
    }
    if (!parser.is_header_done() || parser.told_head) continue;
    parser.told_head = true;
    parser.request.keep_alive = parser.keep_alive();
    state = State::head;
    return taken;
  }
  if (parser.is_done()) state = State::whole;
  return taken;
}

ReceivedHttp& HttpParser::request() { return implementation_->request; }
std::string HttpParser::fault() const { return implementation_->fault; }
bool HttpParser::head_done() const { return implementation_->is_header_done(); }
bool HttpParser::expects_continue() const { return implementation_->expects_continue; }

}  // namespace muxnet
