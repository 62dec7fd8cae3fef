#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "fuzz/targets.hpp"
#include "muxnet/front/http_parser.hpp"
#include "muxnet/front/packed_body.hpp"
#include "muxnet/front/refused.hpp"

namespace muxnet::fuzz {
namespace {

using State = HttpParser::State;

constexpr std::uint64_t most_body_bytes = 4096;

std::string told(const ReceivedHttp& request) {
  std::string text = request.method + ' ' + request.path + (request.keep_alive ? " +" : " -");
  for (const std::string& part : request.parts()) text += '/' + part;
  for (const auto& [name, value] : request.headers) text += '\n' + name + ": " + value;
  return text + '\n' + *request.body;
}

/// The requests that a connection hears in bytes that come in pieces of `step`, until one that is
/// refused or not whole.
std::vector<std::string> hear(std::string_view bytes, std::size_t step) {
  std::vector<std::string> requests;
  auto parser = std::make_unique<HttpParser>(most_body_bytes);
  std::string left;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    left += bytes.substr(at, step);
    State state = State::head;
    while (state == State::head || (state == State::whole && !left.empty())) {
      left.erase(0, parser->take(left, state));
      if (state != State::whole) continue;
      requests.push_back(told(parser->request()));
      parser = std::make_unique<HttpParser>(most_body_bytes);
    }
    if (state != State::more && state != State::whole) break;
  }
  return requests;
}

/// Requests are the same however they are cut, as otherwise two who read them would differ on where
/// one ends.
void read_http(std::string_view bytes) {
  const auto whole = hear(bytes, bytes.size() + 1);
  for (const std::size_t step : {1, 7, 1024}) {
    if (hear(bytes, step) != whole) {
      throw std::logic_error("other requests where they come in pieces");
    }
  }
  if (whole.empty()) throw std::invalid_argument("no whole request");
}

void read_packed_body(std::string_view bytes) {
  ReceivedHttp request;
  request.headers = {{std::string(packing_header), "gzip"}};
  try {
    PackedBodies(most_body_bytes, most_body_bytes).unpacked(bytes, packing_of(request).value());
  } catch (const RequestRefused& refused) {
    throw std::invalid_argument(refused.what());
  }
}

}  // namespace

void add_front(Targets& targets) {
  targets["http"] = read_http;
  targets["packed_body"] = read_packed_body;
}

}  // namespace muxnet::fuzz
