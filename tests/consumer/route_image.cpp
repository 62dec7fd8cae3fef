// route_image POLICY WEIGHTS IMAGE: which model a saved policy calls for a photograph, and the
// answer.
#include <iostream>
#include <muxnet/data/read_images.hpp>
#include <muxnet/data/transform.hpp>
#include <muxnet/networks/network.hpp>
#include <muxnet/networks/projection.hpp>
#include <muxnet/networks/weights.hpp>
#include <muxnet/policies/registry.hpp>
#include <muxnet/runtime/router.hpp>

int main(int, char** arguments) {
  using namespace muxnet;
  const auto policy = load_policy(arguments[1]);
  std::vector<HostedModel> models;
  for (const auto& name : policy->models()) {
    const NetworkOptions options{
        .channels = 1, .height = 32, .width = 32, .classes = policy->classes()};
    Graph graph = build_network(name, options);
    add_projection(graph, 32);
    auto model = std::make_shared<Model>(name, std::move(graph));
    load_weights(*model, std::filesystem::path(arguments[2]) / (name + ".safetensors"));
    models.push_back(host(model));
  }
  const std::vector<std::filesystem::path> files = {arguments[3]};
  const std::vector<ImageFormat> formats = {{.channels = 1, .height = 32, .width = 32}};
  const ReadImages read = read_images(files, formats);
  refuse_unreadable(read.errors);
  const Tensor image = normalize(read.images[0], models[0].normalization);
  const Router router(std::make_shared<ModelPool>(models), {}, policy->rule());
  const Routed routed = router.route(image);
  std::cout << routed.answers[0] << ' ' << routed.called[0] << ' ' << routed.costs[0] << '\n';
}
