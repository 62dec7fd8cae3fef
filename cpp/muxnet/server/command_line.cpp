#include "muxnet/server/command_line.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <set>
#include <type_traits>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "muxnet/core/parallel.hpp"

namespace muxnet {
namespace {

constexpr double mib = 1 << 20, second_ms = 1000, least = 1e-3;
constexpr double longest_s = 3600, most_port = 65535;
constexpr std::uint64_t token_bytes = 64 << 10;

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

double number_of(const CommandOption& option, const std::string& written) {
  double value = 0;
  const char* end = written.data() + written.size();
  const auto read = std::from_chars(written.data(), end, value);
  const bool fits = read.ec == std::errc() && read.ptr == end;
  if (!fits || !(value >= option.low && value <= option.high)) {
    const auto expected = text("a number from ", option.low, " to ", option.high);
    throw UsageError(error_text("--" + option.name, expected, shown(written)));
  }
  return option.unit * value;
}

template <class Whole>
Whole whole_of(const CommandOption& option, const std::string& written) {
  const double value = number_of(option, written);
  if (option.unit == 1 && value != std::floor(value)) {
    throw UsageError(error_text("--" + option.name, "a whole number", shown(written)));
  }
  return static_cast<Whole>(value);
}

void take(const CommandOption& option, const std::string& written) {
  std::visit(Overloaded{[&](std::vector<std::string>* to) { to->push_back(written); },
                        [&](bool* to) { *to = true; },
                        [&](int* to) { *to = whole_of<int>(option, written); },
                        [&](std::int64_t* to) { *to = whole_of<std::int64_t>(option, written); },
                        [&](double* to) { *to = number_of(option, written); },
                        [&](auto* to) { *to = written; }},
             option.target);
}

/// What holds unless it is given; empty: nothing to tell.
std::string default_of(const CommandOption& option) {
  const auto number = [&](const auto* value) {
    const double told = static_cast<double>(*value) / option.unit;
    const auto whole = static_cast<std::int64_t>(told);
    return static_cast<double>(whole) == told ? text(whole) : text(told);
  };
  return std::visit(Overloaded{[](const std::string* to) { return *to; },
                               [](const std::filesystem::path* to) { return to->string(); },
                               [](const std::vector<std::string>*) { return std::string(); },
                               [](const bool*) { return std::string(); },
                               [&](const auto* to) { return number(to); }},
                    option.target);
}

std::vector<CommandOption> network_options(ServeCommand& command) {
  FrontOptions& front = command.server.front;
  return {
      {"name", "NAME", "the router's name", &command.server.router},
      {"host", "ADDRESS", "address", &front.host},
      {"port", "PORT", "of HTTP; 0: any free one", &front.http_port, 0, most_port},
      {"grpc-port", "PORT", "of gRPC; 0: any free one", &front.grpc_port, 0, most_port},
      {"token-file", "FILE", "bearer token to ask for (or variable MUXNET_TOKEN)",
       &command.token_file},
      {"certificate", "FILE", "PEM file: serve over TLS", &front.certificate},
      {"key", "FILE", "PEM file of the certificate's key", &front.key},
      {"allowed-hosts", "NAME", "further name that requests may call it by; may be repeated",
       &front.allowed_hosts},
      {"max-body", "MIB", "of one request", &front.body_bytes, least, mib, mib},
      {"max-bodies", "MIB", "of all requests not answered yet", &front.held_bytes, least, mib, mib},
      {"head-seconds", "S", "for the head of a request to come", &front.head_seconds, least,
       longest_s},
      {"body-seconds", "S", "for its body, and 1 s more per 64 kB", &front.body_seconds, least,
       longest_s},
      {"requests", "N", "at a time by each protocol, then 503", &front.requests, 1},
      {"max-pixels", "N", "of an encoded image", &front.max_pixels, 1}};
}

std::vector<CommandOption> work_options(ServeCommand& command) {
  ServiceOptions& service = command.server.service;
  return {
      {"workers", "N", "threads for models; 0: all cores", &service.workers},
      {"batch", "N", "most images that a model runs on at a time", &service.max_batch, 1},
      {"queue", "N", "images that may wait for a model, then 503", &service.queue_images, 1},
      {"fill-ms", "MS", "longest wait for a batch to fill", &service.fill_ms},
      {"cheaper-when-full", "", "another model instead of 503", &service.cheaper_when_full},
      {"target-ms", "MS",
       "cheaper operating points under load, so that requests wait no longer; 0: the same",
       &service.target_ms, 0, longest_s * second_ms},
      {"least-accuracy", "SHARE",
       "that an operating point attained on held-out inputs, for load to choose it",
       &command.least_accuracy, 0, 1},
      {"deadline-ms", "MS", "of requests that name none", &service.deadline_ms, least,
       longest_s * second_ms},
      {"stuck", "SECONDS", "a batch that runs for longer costs its worker", &service.stuck_ms,
       least, longest_s, second_ms},
      {"warm-up", "SECONDS", "longest that a model may take for a batch before it serves",
       &service.warm_up_ms, least, longest_s, second_ms},
      {"decisions", "FILE", "file that decision records are appended to",
       &command.server.decisions},
      {"drain", "SECONDS", "to the end after SIGTERM, whatever is stuck", &command.server.drain_s}};
}

ServeCommand unread() {
  ServeCommand command;
  command.server.front.http_port = 8080;
  command.server.front.grpc_port = 8081;
  command.server.service.workers = 0;
  return command;
}

std::string token_of(const std::filesystem::path& path) {
  if (path.empty()) {
    const char* given = std::getenv("MUXNET_TOKEN");
    return given == nullptr ? "" : given;
  }
  std::string token = read_file(path, token_bytes);
  const auto ends = [](char letter) { return std::isspace(static_cast<unsigned char>(letter)); };
  while (!token.empty() && ends(token.back())) token.pop_back();
  if (token.empty()) throw UsageError(error_text("--token-file", "a token", "an empty file"));
  return token;
}

void check(const ServeCommand& command) {
  static const std::set<std::string> loopback{"localhost", "127.0.0.1", "::1"};
  const FrontOptions& front = command.server.front;
  if (command.folder.empty()) {
    throw UsageError(error_text("muxnet-serve", "the folder of a deployment", "none"));
  }
  if (!loopback.contains(front.host) && front.token.empty()) {
    const auto expected = text("a token beside ", front.host, ": others could call");
    throw UsageError(error_text("--host", expected, "none"));
  }
  if (front.certificate.empty() != front.key.empty()) {
    throw UsageError(error_text("--certificate", "both --certificate and --key", "one"));
  }
}

}  // namespace

std::vector<CommandOption> options_of(ServeCommand& command) {
  std::vector<CommandOption> all = network_options(command);
  for (CommandOption& option : work_options(command)) all.push_back(std::move(option));
  all.push_back({"help", "", "tells all this", &command.help});
  return all;
}

ServeCommand parse_serve_command(std::span<char* const> words) {
  ServeCommand command = unread();
  const auto options = options_of(command);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string word = words[i];
    if (!word.starts_with("--")) {
      if (!command.folder.empty()) throw UsageError(error_text("muxnet-serve", "one folder", word));
      command.folder = word;
      continue;
    }
    const auto equals = word.find('=');
    const std::string name = word.substr(2, equals == word.npos ? word.npos : equals - 2);
    const auto option = std::find_if(options.begin(), options.end(),
                                     [&](const auto& known) { return known.name == name; });
    if (option == options.end()) {
      throw UsageError(error_text(shown(word), "an option of --help", "another"));
    }
    const bool separate = !option->value.empty() && equals == word.npos;
    if (separate && ++i == words.size()) {
      throw UsageError(error_text(word, option->value, "nothing"));
    }
    take(*option, separate ? words[i] : word.substr(std::min(equals, word.size() - 1) + 1));
  }
  if (command.help) return command;
  ServerOptions& server = command.server;
  server.front.token = token_of(command.token_file);
  check(command);
  if (server.service.workers == 0) server.service.workers = usable_cores();
  server.front.images = server.service.queue_images;
  return command;
}

std::string serve_help() {
  ServeCommand command = unread();
  std::string written =
      "usage: muxnet-serve FOLDER [--OPTION VALUE ...]\n\n"
      "serve what `muxnet export --deployment` wrote over HTTP and gRPC (Open Inference Protocol)"
      "\n\n";
  for (const CommandOption& option : options_of(command)) {
    const std::string held = default_of(option);
    const std::string told = held.empty() ? "" : " (default: " + held + ")";
    const std::string value = option.value.empty() ? "" : " " + option.value;
    written += "  --" + option.name + value + "\n      " + option.help + told + "\n";
  }
  return written;
}

}  // namespace muxnet
