
#include "bindings.hpp"
#include "holding.hpp"
#include "muxnet/core/json_values.hpp"
#include "muxnet/routing/input_groups.hpp"
#include "muxnet/routing/outcome_table.hpp"

namespace muxnet::python {
namespace {

OutcomeTable make_table(std::vector<std::string> models, const Tensor& probabilities,
                        std::map<std::string, std::vector<double>> costs, const Tensor& predictions,
                        const Tensor& answer_scores, std::vector<std::string> score_kinds,
                        const Tensor& top_classes, std::int64_t classes, const Tensor& labels,
                        const Tensor& quality, std::map<std::string, Tensor> input_costs,
                        const Tensor& groups, const Tensor& scores, const Tensor& offload_score,
                        std::map<std::string, double> multiplexer_costs, std::string split,
                        std::string source, const Tensor& indices, const Tensor& contents,
                        const Tensor& features, std::vector<std::string> class_names,
                        std::map<std::string, std::string> inputs, std::string encoder) {
  OutcomeFields fields;
  fields.models = std::move(models);
  fields.classes = classes;
  fields.predictions = predictions;
  fields.answer_scores = answer_scores;
  fields.score_kinds = std::move(score_kinds);
  fields.probabilities = probabilities;
  fields.top_classes = top_classes;
  fields.costs = std::move(costs);
  fields.labels = labels;
  fields.quality = quality;
  fields.input_costs = std::move(input_costs);
  fields.groups = groups;
  fields.scores = scores;
  fields.offload_score = offload_score;
  fields.multiplexer_costs = std::move(multiplexer_costs);
  fields.split = std::move(split);
  fields.source = std::move(source);
  fields.indices = indices;
  fields.contents = contents;
  fields.features = features;
  fields.class_names = std::move(class_names);
  fields.inputs = std::move(inputs);
  fields.encoder = std::move(encoder);
  return OutcomeTable(std::move(fields));
}

void bind_fields(Class<OutcomeTable>& table) {
  const auto field = [&table](const std::string& name, auto member) {
    table.def_property_readonly(
        name.c_str(), [member](const OutcomeTable& t) { return t.fields().*member; },
        text_of("OutcomeFields." + name));
  };
  field("probabilities", &OutcomeFields::probabilities);
  field("top_classes", &OutcomeFields::top_classes);
  field("answer_scores", &OutcomeFields::answer_scores);
  field("score_kinds", &OutcomeFields::score_kinds);
  field("classes", &OutcomeFields::classes);
  field("groups", &OutcomeFields::groups);
  field("input_costs", &OutcomeFields::input_costs);
  field("labels", &OutcomeFields::labels);
  field("weights", &OutcomeFields::weights);
  field("scores", &OutcomeFields::scores);
  field("offload_score", &OutcomeFields::offload_score);
  field("features", &OutcomeFields::features);
  field("split", &OutcomeFields::split);
  field("source", &OutcomeFields::source);
  field("indices", &OutcomeFields::indices);
  field("contents", &OutcomeFields::contents);
  field("class_names", &OutcomeFields::class_names);
  field("inputs", &OutcomeFields::inputs);
  field("encoder", &OutcomeFields::encoder);
}

void bind_making(Class<OutcomeTable>& table) {
  table
      .def(py::init(&make_table), py::arg("models"), py::arg("probabilities") = Tensor(),
           py::arg("costs") = std::map<std::string, std::vector<double>>{}, py::kw_only(),
           py::arg("predictions") = Tensor(), py::arg("answer_scores") = Tensor(),
           py::arg("score_kinds") = std::vector<std::string>{}, py::arg("top_classes") = Tensor(),
           py::arg("classes") = 0, py::arg("labels") = Tensor(), py::arg("quality") = Tensor(),
           py::arg("input_costs") = std::map<std::string, Tensor>{}, py::arg("groups") = Tensor(),
           py::arg("scores") = Tensor(), py::arg("offload_score") = Tensor(),
           py::arg("multiplexer_costs") = std::map<std::string, double>{}, py::arg("split") = "",
           py::arg("source") = "", py::arg("indices") = Tensor(), py::arg("contents") = Tensor(),
           py::arg("features") = Tensor(), py::arg("class_names") = std::vector<std::string>{},
           py::arg("inputs") = std::map<std::string, std::string>{}, py::arg("encoder") = "",
           "From arrays, shaped and typed as the properties of the same names.\n\n"
           "Raises:\n    ValueError: what disagrees, with row and model.")
      .def_static("load", &OutcomeTable::load, py::arg("path"), Unlocked(),
                  "Read what save() wrote.\n\nRaises:\n    OSError.")
      .def("save", &OutcomeTable::save, py::arg("path"), Unlocked(),
           "Write as safetensors, atomically.\n\nRaises:\n    OSError.")
      .def(
          "subset",
          [](const OutcomeTable& table, const std::vector<std::int64_t>& rows,
             const std::string& split) { return table.subset(rows, split); },
          py::arg("rows"), py::arg("split") = "", Unlocked())
      .def(
          "rows_beyond",
          [](const OutcomeTable& table, const OutcomeTable& other) {
            return table.identity()->rows_beyond(*other.identity());
          },
          py::arg("other"), text_of("TableIdentity.rows_beyond"))
      .def("of_models", &OutcomeTable::of_models, py::arg("places"), Unlocked());
}

void bind_answers(Class<OutcomeTable>& table) {
  table.def("__len__", &OutcomeTable::size)
      .def_property_readonly("models", &OutcomeTable::models)
      .def_property_readonly(
          "inputs_digest", [](const OutcomeTable& t) { return t.identity()->digest(); },
          text_of("TableIdentity.digest"))
      .def_property_readonly("quality", &OutcomeTable::quality)
      .def_property_readonly(
          "recorded_quality", [](const OutcomeTable& t) { return t.fields().quality; },
          text_of("OutcomeFields.quality"))
      .def_property_readonly(
          "right",
          [](const OutcomeTable& t) {
            return Tensor::from(t.right(), {t.size(), t.model_count()});
          },
          text_of("OutcomeTable.right"))
      .def_property_readonly("by_quality", &OutcomeTable::by_quality)
      .def_property_readonly("distributed", &OutcomeTable::distributed)
      .def_property_readonly("judged", &OutcomeTable::judged)
      .def_property_readonly(
          "group_count", [](const OutcomeTable& t) { return InputGroups(t).count(); },
          "Groups of inputs that stay together; each input its own where there are none.")
      .def_property_readonly("missing_share", &OutcomeTable::missing_share)
      .def("complete", &OutcomeTable::complete, Unlocked())
      .def("complete_rows", &OutcomeTable::complete_rows)
      .def("distributions", &OutcomeTable::distributions, Unlocked());
}

void bind_costs(Class<OutcomeTable>& table) {
  table.def("costs", &OutcomeTable::costs, py::arg("kind"))
      .def("accuracies", &OutcomeTable::accuracies)
      .def_property_readonly(
          "cost_kinds",
          [](const OutcomeTable& t) {
            std::vector<std::string> kinds;
            for (const auto& [kind, costs] : t.fields().costs) kinds.push_back(kind);
            return kinds;
          },
          "What costs() knows, sorted.")
      .def_property_readonly("confidences", &OutcomeTable::confidences)
      .def_property_readonly("predictions", &OutcomeTable::predictions)
      .def("multiplexer_cost", &OutcomeTable::multiplexer_cost, py::arg("kind"))
      .def("traded_cost", &OutcomeTable::traded_cost, py::arg("wanted") = "");
}

}  // namespace

void bind_outcome_table(Module& module) {
  Class<OutcomeTable> table(module, "OutcomeTable");
  bind_fields(table);
  bind_making(table);
  bind_answers(table);
  bind_costs(table);
}

}  // namespace muxnet::python
