#include "muxnet/runtime/classifier.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "muxnet/core/error.hpp"
#include "support/errors.hpp"

namespace muxnet {
namespace {

namespace fs = std::filesystem;
using testing::contains;
using testing::error_of;

TEST(Classifier, SaysWhatIsNoModel) {
  const fs::path path =
      fs::temp_directory_path() / ("muxnet-" + std::to_string(::getpid()) + ".onnx");
  const auto message = [&] { return error_of<std::invalid_argument>([&] { load_onnx(path); }); };
  std::ofstream(path) << "no network";
  EXPECT_TRUE(contains(message(), "an ONNX model that can be run"));
  EXPECT_TRUE(contains(message(), path.string()));
  fs::remove(path);
  EXPECT_FALSE(error_of<FileError>([&] { load_onnx(path); }).empty());
}

}  // namespace
}  // namespace muxnet
