#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "muxnet/server/server.hpp"

namespace muxnet {

/// What the command line of muxnet-serve says.
struct ServeCommand {
  std::filesystem::path folder;  ///< of a saved deployment
  ServerOptions server;
  std::filesystem::path token_file;
  double least_accuracy = 0;  ///< of operating points that load may choose
  bool help = false;          ///< is all that is wanted
};

/// An option that there is not, or a value that it does not take: the command is not begun.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// An option of the command line, `--NAME VALUE`, and where its value goes.
struct CommandOption {
  using Target = std::variant<std::string*, std::filesystem::path*, std::vector<std::string>*,
                              bool*, int*, std::int64_t*, double*>;
  std::string name, value, help;
  Target target;
  double low = 0, high = 1e9;  ///< of a number
  double unit = 1;             ///< how many of the target's there are in one that is written
};

/// All options, their values those of `command`; named as those of `muxnet serve`.
std::vector<CommandOption> options_of(ServeCommand& command);

/// `words` without the program's name; MUXNET_TOKEN where there is no file of a token. Throws
/// UsageError, FileError for such a file.
ServeCommand parse_serve_command(std::span<char* const> words);

/// What --help prints.
std::string serve_help();

}  // namespace muxnet
