// muxnet-serve: what `muxnet export --deployment` wrote as an endpoint, without a Python
// interpreter.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "muxnet/core/parallel.hpp"
#include "muxnet/openmp/openmp.hpp"
#include "muxnet/server/command_line.hpp"
#include "muxnet/server/saved_deployment.hpp"

namespace muxnet {
namespace {

constexpr int usage_status = 2;  // as of `muxnet`

void serve(ServeCommand command) {
  const auto read = [folder = command.folder, least = command.least_accuracy] {
    return load_deployment(folder, least);
  };
  const auto files = [file = command.folder / deployment_file] { return std::vector{file}; };
  command.server.front.version = MUXNET_VERSION;
  command.server.front.connections = connections_within_descriptors();
  openmp::begin();
  set_threads(1);  // a worker is one
  Server server(std::move(command.server), {read, files});
  server.open(read());
  if (serve_until_told(server)) return;
  // Threads that do not come back would hold up the program's own end.
  std::_Exit(EXIT_SUCCESS);
}

int run(std::span<char* const> words) {
  try {
    ServeCommand command = parse_serve_command(words);
    if (command.help) {
      std::cout << serve_help();
      return EXIT_SUCCESS;
    }
    serve(std::move(command));
    return EXIT_SUCCESS;
  } catch (const UsageError& error) {
    std::cerr << "muxnet-serve: error: " << error.what() << '\n';
    return usage_status;
  } catch (const std::exception& error) {
    std::cerr << "muxnet-serve: error: " << error.what() << '\n';
    return EXIT_FAILURE;
  }
}

}  // namespace
}  // namespace muxnet

int main(int count, char** words) {
  return muxnet::run(std::span<char* const>(words, static_cast<std::size_t>(count)).subspan(1));
}
