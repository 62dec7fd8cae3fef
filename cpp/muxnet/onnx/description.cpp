#include "muxnet/onnx/description.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "muxnet/onnx/labels.hpp"
#include "muxnet/onnx/nodes.hpp"
#include "muxnet/onnx/protobuf.hpp"
#include "muxnet/onnx/read_value.hpp"
#include "muxnet/onnx/tensor_check.hpp"

namespace muxnet {
namespace {

using namespace protobuf;

constexpr int max_depth = 16;  // of graphs within graphs
constexpr std::int64_t max_nodes = 100'000;
constexpr std::size_t max_values = 10'000;  // that a graph takes or gives
constexpr std::size_t max_numbers = 65536;  // of an attribute that are kept, or texts
constexpr std::uint64_t most_model_bytes = (std::uint64_t{1} << 31) - 1;  // of a protobuf message

/// Reads the messages of a model, each by a member of its name; numbers are those of onnx.proto.
class Reader {
 public:
  Reader(std::string_view model, std::string folder) : folder_(std::move(folder)) {
    bool graph = false;
    Fields fields(model);
    while (const auto field = fields.next()) {
      if (field->holds(7)) {
        if (graph) Fields::refuse();  // two would be read as one message
        graph = true;
        read_graph(field->bytes, 0);
      }
      if (field->holds(8)) read_opset(field->bytes);
      if (field->holds(14)) result_.metadata.insert(pair(field->bytes));
      if (field->holds(25)) read_function(field->bytes);
    }
    require(graph, "ONNX", "a graph", "none");
  }

  OnnxDescription take() {
    result_.operators.assign(operators_.begin(), operators_.end());
    result_.external_files.assign(files_.begin(), files_.end());
    if (!result_.inputs.empty()) result_.layout = layout(result_.inputs.front());
    const auto opset = result_.opsets.find("");
    const bool old = opset == result_.opsets.end() || opset->second < 13;
    result_.spans_axes = old && may_span_axes(nodes_, ranks_);
    result_.quantised_in_16_bits = quantises_in_16_bits(nodes_, weights_);
    result_.dynamically_quantised = std::ranges::any_of(operators_, [](const std::string& name) {
      return name.find("DynamicQuantize") != name.npos;  // of ONNX and com.microsoft
    });
    // What picks the label goes before classifiers within, as those of an ensemble.
    for (const OnnxValue& output : result_.outputs) {
      if (output.dtype != "string" && output.dtype != "i64" && output.dtype != "i32") continue;
      OnnxLabels labels = labels_behind(output.name, nodes_, weights_);
      keep_classes(std::move(labels.numbers), std::move(labels.names));
    }
    return std::move(result_);
  }

 private:
  /// What a graph names, and what the node that is being read takes of that.
  struct Scope {
    std::set<std::string, std::less<>> names;
    std::vector<std::string_view> taken;
  };

  std::string layout(const OnnxValue& input) const {
    if (input.shape && input.shape->size() != 4) return "";
    const std::string told = layout_by_operators(nodes_, input.name);
    if (!told.empty() || !input.shape) return told;
    const auto channels = [&](std::size_t axis) {
      return input.shape->at(axis) == 3 || input.shape->at(axis) == 1;
    };
    if (channels(1) == channels(3)) return "";
    return channels(1) ? "nchw" : "nhwc";
  }

  static std::pair<std::string, std::string> pair(std::string_view entry) {
    std::pair<std::string, std::string> result;
    Fields fields(entry);
    while (const auto field = fields.next()) {
      if (field->holds(1)) result.first = field->bytes;
      if (field->holds(2)) result.second = field->bytes;
    }
    return result;
  }

  void read_opset(std::string_view opset) {
    std::string domain;
    std::int64_t version = 0;
    Fields fields(opset);
    while (const auto field = fields.next()) {
      if (field->holds(1)) domain = field->bytes;
      if (field->counts(2)) version = static_cast<std::int64_t>(field->value);
    }
    result_.opsets[domain == "ai.onnx" ? "" : domain] = version;
  }

  void read_function(std::string_view function) {
    Fields fields(function);
    while (const auto field = fields.next()) {
      if (field->holds(7)) read_node(field->bytes, 0);
    }
  }

  void read_graph(std::string_view graph, int depth) {
    require(depth <= max_depth, "ONNX", text("graphs at most ", max_depth, " levels deep"), "more");
    scopes_.emplace_back();
    std::vector<OnnxValue> inputs, outputs;
    Fields fields(graph);
    while (const auto field = fields.next()) {
      if (field->holds(5)) add_weight(field->bytes, depth);
      if (field->holds(11)) inputs.push_back(read_value(field->bytes));
      if (field->holds(12)) outputs.push_back(read_value(field->bytes));
      if (field->holds(13) && depth == 0) add_rank(read_value(field->bytes));
      if (field->holds(15)) add_name(read_sparse(field->bytes), "weight");
      require(std::max(inputs.size(), outputs.size()) <= max_values, "ONNX",
              text("at most ", max_values, " inputs and outputs"), "more");
    }
    // Files of old list their weights among the inputs.
    std::erase_if(inputs,
                  [&](const auto& value) { return scopes_.back().names.contains(value.name); });
    for (const OnnxValue& value : inputs) add_name(value.name, "input");
    read_nodes(graph, depth);
    for (const OnnxValue& value : outputs) require_known(value.name, "an output of the graph");
    scopes_.pop_back();
    if (depth > 0) return;
    for (const OnnxValue& value : outputs) add_rank(value);
    result_.inputs = std::move(inputs);
    result_.outputs = std::move(outputs);
  }

  void add_weight(std::string_view tensor, int depth) {
    const std::string_view name = read_tensor(tensor);
    add_name(name, "weight");
    if (depth == 0) weights_.emplace(name, tensor);
  }

  void add_rank(const OnnxValue& value) {
    if (value.shape) ranks_[value.name] = value.shape->size();
  }

  /// In whatever order they stand, as engines do: tools append what they put in between.
  void read_nodes(std::string_view graph, int depth) {
    Fields outputs(graph);
    while (const auto field = outputs.next()) {
      if (!field->holds(1)) continue;
      require(++result_.nodes <= max_nodes, "ONNX", text("at most ", max_nodes, " nodes"), "more");
      add_outputs(field->bytes);
    }
    std::vector<OnnxNode> nodes;
    std::vector<std::vector<std::string_view>> taken;
    Fields fields(graph);
    while (const auto field = fields.next()) {
      if (!field->holds(1)) continue;
      nodes.push_back(read_node(field->bytes, depth));
      const OnnxNode& node = nodes.back();
      for (const auto name : node.inputs) require_known(name, text("node ", shown(node.type)));
      taken.push_back(std::exchange(scopes_.back().taken, {}));
    }
    for (const std::size_t place : in_order(nodes, taken)) keep_node(nodes[place], depth);
  }

  void keep_node(const OnnxNode& node, int depth) {
    const bool zips = depth == 0 && node.type == "ZipMap" && node.domain == "ai.onnx.ml";
    if (zips && node.inputs.size() == 1 && node.outputs.size() == 1) {
      result_.zipped.emplace(node.outputs.front(), node.inputs.front());
    }
    nodes_.push_back(node);
  }

  void add_outputs(std::string_view node) {
    std::string_view type;
    std::vector<std::string_view> names;
    Fields fields(node);
    while (const auto field = fields.next()) {
      if (field->holds(2)) names.push_back(field->bytes);
      if (field->holds(4)) type = field->bytes;
    }
    for (const auto name : names) add_name(name, text("node ", shown(type)));
  }

  void add_name(std::string_view name, const std::string& where) {
    const bool fresh = name.empty() || scopes_.back().names.emplace(name).second;
    require(fresh, where, "a name of its own", shown(name));
  }

  /// Graphs within a node take values of those around it, which that node takes then.
  void require_known(std::string_view name, const std::string& where) {
    if (name.empty()) return;
    const auto scope = std::find_if(scopes_.rbegin(), scopes_.rend(),
                                    [&](const Scope& one) { return one.names.contains(name); });
    require(scope != scopes_.rend(), where, "values that the graph has", shown(name));
    scope->taken.push_back(name);
  }

  std::string_view read_tensor(std::string_view tensor) {
    check_onnx_tensor(tensor, folder_, files_);
    std::string_view name;
    Fields fields(tensor);
    while (const auto field = fields.next()) {
      if (field->holds(8)) name = field->bytes;
    }
    return name;
  }

  std::string_view read_sparse(std::string_view sparse) {
    std::string_view name;
    Fields fields(sparse);
    while (const auto field = fields.next()) {
      if (field->holds(1)) name = read_tensor(field->bytes);
      if (field->holds(2)) read_tensor(field->bytes);
    }
    return name;
  }

  OnnxNode read_node(std::string_view bytes, int depth) {
    OnnxNode node;
    Fields fields(bytes);
    while (const auto field = fields.next()) {
      if (field->holds(1)) node.inputs.push_back(field->bytes);
      if (field->holds(2)) node.outputs.push_back(field->bytes);
      if (field->holds(4)) node.type = field->bytes;
      if (field->holds(5)) read_attribute(field->bytes, depth, node);
      if (field->holds(7)) node.domain = field->bytes == "ai.onnx" ? "" : field->bytes;
    }
    const std::string type(node.type);
    operators_.insert(node.domain.empty() ? type : std::string(node.domain) + "." + type);
    return node;
  }

  void read_attribute(std::string_view bytes, int depth, OnnxNode& node) {
    Fields fields(bytes);
    int singles = 0;
    std::string_view name;
    std::int64_t number = 0;
    std::vector<std::int64_t> numbers;
    std::vector<std::string> names;
    while (const auto field = fields.next()) {
      // Two of a kind would be read as one message.
      singles += field->holds(5) || field->holds(6) ? 1 : 0;
      if (singles > 1) Fields::refuse();
      if (field->holds(1)) name = field->bytes;
      if (field->holds(5)) node.tensor = field->bytes;
      if (field->holds(5) || field->holds(10)) read_tensor(field->bytes);
      if (field->holds(6) || field->holds(11)) read_graph(field->bytes, depth + 1);
      if (field->holds(22) || field->holds(23)) read_sparse(field->bytes);
      if (field->holds(9) && names.size() < max_numbers) names.emplace_back(field->bytes);
      if (field->counts(3)) number = static_cast<std::int64_t>(field->value);
      if (field->number == 8) add_numbers(*field, numbers);
    }
    if (name == "perm") node.permutation = numbers;
    if (name == "axis") node.axis = number;
    if (name == "output_dtype") node.output_type = number;
    if (name.starts_with("classlabels_")) keep_classes(std::move(numbers), std::move(names));
  }

  static void add_numbers(const Field& field, std::vector<std::int64_t>& numbers) {
    for_varints(field, [&](std::uint64_t value) {
      if (numbers.size() < max_numbers) numbers.push_back(static_cast<std::int64_t>(value));
    });
  }

  /// Of several classifiers the last is the one that answers.
  void keep_classes(std::vector<std::int64_t> labels, std::vector<std::string> names) {
    if (labels.empty() && names.empty()) return;  // some write the one that they do not use too
    result_.class_labels = std::move(labels);
    result_.class_names = std::move(names);
  }

  std::string folder_;
  OnnxDescription result_;
  std::vector<OnnxNode> nodes_;
  std::map<std::string_view, std::string_view> weights_;  // of the outermost graph, by name
  std::vector<Scope> scopes_;                             // outermost graph first
  std::map<std::string, std::size_t, std::less<>> ranks_;
  std::set<std::string> operators_;
  std::set<std::string> files_;
};

}  // namespace

std::string read_onnx(const std::filesystem::path& path) {
  return read_file(path, most_model_bytes);
}

OnnxDescription describe_onnx(std::string_view content, const std::filesystem::path& folder) {
  return Reader(content, folder.string()).take();
}

OnnxDescription describe_onnx(const std::filesystem::path& path) {
  const std::string content = read_onnx(path);
  try {
    return describe_onnx(content, path.parent_path());
  } catch (const std::invalid_argument& failure) {
    throw std::invalid_argument(error_text(path.string(), "an ONNX model", failure.what()));
  }
}

std::string to_string(const OnnxValue& value) {
  std::string axes;
  for (const std::int64_t extent : value.shape.value_or(Shape{})) {
    axes += text(axes.empty() ? "" : ", ", extent == 0 ? "?" : text(extent));
  }
  return text(shown(value.name), ' ', value.dtype,
              value.shape ? text(" (", axes, ')') : std::string());
}

std::string to_string(const std::vector<OnnxValue>& values) {
  std::string result;
  for (const OnnxValue& value : values) {
    result += text(result.empty() ? "" : ", ", to_string(value));
  }
  return result.empty() ? "none" : result;
}

}  // namespace muxnet
