// route_images ROUTER WEIGHTS FOLDER: of each image file of a folder, the answer, which models a
// saved router calls for it, and what they cost.
#include <algorithm>
#include <iostream>
#include <muxnet/data/read_images.hpp>
#include <muxnet/data/transform.hpp>
#include <muxnet/networks/network.hpp>
#include <muxnet/networks/projection.hpp>
#include <muxnet/networks/weights.hpp>
#include <muxnet/policies/registry.hpp>
#include <muxnet/runtime/router.hpp>
#include <muxnet/runtime/saved_multiplexer.hpp>

int main(int, char** arguments) {
  using namespace muxnet;
  using std::filesystem::path;
  const auto policy = load_policy(path(arguments[1]) / "policy.json");
  std::vector<HostedModel> models;
  for (const auto& name : policy->models()) {
    const NetworkOptions options{
        .channels = 1, .height = 32, .width = 32, .classes = policy->classes()};
    Graph graph = build_network(name, options);
    add_projection(graph, 32);
    auto model = std::make_shared<Model>(name, std::move(graph));
    load_weights(*model, path(arguments[2]) / (name + ".safetensors"));
    models.push_back(host(model));
  }
  Multiplexer multiplexer;
  if (policy->uses_multiplexer()) multiplexer = load_multiplexer(arguments[1]).multiplexer;
  std::vector<path> files(std::filesystem::directory_iterator(arguments[3]), {});
  std::sort(files.begin(), files.end());
  const std::vector<ImageFormat> formats = {{.channels = 1, .height = 32, .width = 32}};
  const ReadImages read = read_images(files, formats);
  refuse_unreadable(read.errors);
  const Tensor images = normalize(read.images[0], models[0].normalization);
  const Router router(std::make_shared<ModelPool>(models), multiplexer, policy->rule());
  const Routed routed = router.route(images);
  for (std::size_t i = 0; i < files.size(); ++i) {
    std::cout << routed.answers[i] << ' ' << routed.called[i] << ' ' << routed.costs[i] << '\n';
  }
}
