#include "muxnet/protocol/grpc_channel.hpp"

#include <grpc/support/log.h>
#include <grpcpp/create_channel.h>

#include <algorithm>
#include <climits>
#include <cmath>
#include <cstdlib>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "muxnet/protocol/checks.hpp"

namespace muxnet {
namespace {

constexpr std::uint64_t most_pem_bytes = 1 << 20;
constexpr std::string_view plain = "grpc://", secure = "grpcs://";

/// "host:port" of the URL, as the resolver of names takes it.
std::string target_of(const std::string& url) {
  std::string_view place = url;
  place.remove_prefix(url.starts_with(secure) ? secure.size() : plain.size());
  if (place.ends_with('/')) place.remove_suffix(1);
  const auto colon = place.rfind(':');
  const bool known = colon != std::string_view::npos && colon > 0 && colon + 1 < place.size() &&
                     std::all_of(place.begin() + static_cast<std::ptrdiff_t>(colon) + 1,
                                 place.end(), [](char c) { return c >= '0' && c <= '9'; }) &&
                     place.find_first_of("/?#@ ") == std::string_view::npos;
  require(known, "server", "a URL grpc(s)://HOST:PORT", url);
  std::string target = "dns:///";
  for (const char c : place) {
    if (c == '[' || c == ']') {
      target += c == '[' ? "%5B" : "%5D";  // of an IPv6 address
    } else {
      target += c;
    }
  }
  return target;
}

std::shared_ptr<grpc::ChannelCredentials> credentials_of(const ConnectionOptions& options) {
  if (options.url.starts_with(plain)) return grpc::InsecureChannelCredentials();
  const auto content = [](const std::filesystem::path& path) {
    return path.empty() ? std::string() : read_file(path, most_pem_bytes);
  };
  grpc::SslCredentialsOptions ssl;
  ssl.pem_root_certs = content(options.ca_file);
  ssl.pem_cert_chain = content(options.certificate);
  ssl.pem_private_key = content(options.key);
  return grpc::SslCredentials(ssl);
}

/// Why there is no connection, by the words of gRPC, which has one status code for it all.
Fault unavailable_fault(const std::string& why, bool connected) {
  const auto tells = [&](std::string_view part) { return why.find(part) != std::string::npos; };
  if (connected) return Fault::unavailable;
  if (tells("DNS resolution failed")) return Fault::unresolved;
  if (tells("handshake failed")) return Fault::untrusted;
  return tells("failed to connect") ? Fault::unreachable : Fault::cut;
}

}  // namespace

void keep_grpc_quiet() {
  static const bool once = [] {
    if (std::getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function([](gpr_log_func_args*) {});
    return true;
  }();
  static_cast<void>(once);
}

GrpcChannels::GrpcChannels(const ConnectionOptions& options)
    : options_(options), target_(target_of(options.url)), credentials_(credentials_of(options)) {
  keep_grpc_quiet();
}

std::shared_ptr<grpc::Channel> GrpcChannels::open() const {
  const auto whole = [](double value) {
    return static_cast<int>(std::clamp(std::ceil(value), 1.0, static_cast<double>(INT_MAX)));
  };
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  // The shortest attempt at a connection is also the longest where the back-off is not longer.
  const int connect_ms = whole(options_.connect_timeout_ms);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, connect_ms);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, connect_ms);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, connect_ms);
  // Connections shared between channels would share their back-off too.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(whole(static_cast<double>(options_.max_response_bytes)));
  // An answer that grows when it is unpacked: not asked for.
  constexpr int identity_only = 1;
  arguments.SetInt(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, identity_only);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, options_.proxy.empty() ? 0 : 1);
  if (!options_.proxy.empty()) arguments.SetString(GRPC_ARG_HTTP_PROXY, options_.proxy);
  return grpc::CreateCustomChannel(target_, credentials_, arguments);
}

Fault GrpcChannels::fault_of(const grpc::Status& status, bool connected) const {
  const std::string own_limit = text(" vs. ", options_.max_response_bytes, ")");
  switch (status.error_code()) {
    case grpc::StatusCode::OK:
      return Fault::none;
    case grpc::StatusCode::UNAVAILABLE:
      return unavailable_fault(status.error_message(), connected);
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return Fault::unavailable;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:  // of this side or of the server
      return status.error_message().ends_with(own_limit) ? Fault::too_large : Fault::unfit;
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::OUT_OF_RANGE:
      return Fault::unfit;
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::INTERNAL:
      return connected ? Fault::refused : Fault::cut;
    default:
      return Fault::refused;
  }
}

std::optional<double> rest_ms(const grpc::ClientContext& context) {
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto found = trailers.find("grpc-retry-pushback-ms");
  if (found == trailers.end()) return std::nullopt;
  return sensible_time(number_written({found->second.data(), found->second.size()}));
}

}  // namespace muxnet
