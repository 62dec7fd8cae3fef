#include <cmath>
#include <numeric>

#include "muxnet/routing/decisions.hpp"
#include "muxnet/routing/outcome_table.hpp"
#include "support/tables.hpp"
#include "support/temporary_folder.hpp"

namespace muxnet {
namespace {

using testing::error_of;
using testing::expect_text;
using testing::random_table;

/// Three inputs, two models, an answer and a score each; the second did not answer the last.
OutcomeFields answers_alone() {
  OutcomeFields fields;
  fields.models = {"m0", "m1"};
  fields.predictions = Tensor::from<std::int32_t>({7, 7, 0, 2, 7, no_answer}, {3, 2});
  fields.answer_scores = Tensor::from<float>({0, -3.5F, 12, 1, NAN, NAN}, {3, 2, 1});
  fields.score_kinds = {"score"};
  fields.labels = Tensor::from<std::int32_t>({7, 2, 1}, {3});
  fields.costs["usd"] = {0, 2};
  return fields;
}

TEST(OutcomeTable, holds_answers_and_scores_as_they_are) {
  const OutcomeTable table(answers_alone());
  EXPECT_FALSE(table.distributed());
  EXPECT_EQ(table.class_count(), 8);
  const auto confidences = table.confidences().span<float>();
  EXPECT_EQ(confidences[1], -3.5F);
  EXPECT_EQ(confidences[2], 12.0F);
  EXPECT_TRUE(std::isnan(confidences[4]));
  EXPECT_EQ(table.accuracies(), (std::vector<double>{1.0 / 3, 1.0}));
  EXPECT_TRUE(table.distribution(0, 0).empty());
}

TEST(OutcomeTable, leaves_out_inputs_with_a_missing_answer_when_asked) {
  const OutcomeTable table(answers_alone());
  EXPECT_TRUE(table.incomplete());
  EXPECT_NEAR(table.missing_share(), 1.0 / 6, 1e-12);
  const OutcomeTable complete = table.complete();
  EXPECT_EQ(complete.size(), 2);
  EXPECT_FALSE(complete.incomplete());
  EXPECT_TRUE(complete.identity()->overlaps(*table.complete().identity()));
  auto fields = answers_alone();
  fields.predictions =
      Tensor::from<std::int32_t>({no_answer, 7, no_answer, 2, 7, no_answer}, {3, 2});
  expect_text(error_of([&] { OutcomeTable(fields).complete(); }), {"every model answered"});
}

TEST(OutcomeTable, takes_quality_in_place_of_labels) {
  auto fields = answers_alone();
  fields.labels = Tensor();
  fields.quality = Tensor::from<float>({0.25F, 1, 0.5F, 0, 1, NAN}, {3, 2});
  const OutcomeTable table(fields);
  EXPECT_TRUE(table.judged());
  EXPECT_EQ(table.accuracies(), (std::vector<double>{1.75 / 3, 0.5}));
  EXPECT_EQ(table.right(), (std::vector<std::uint8_t>{0, 1, 1, 0, 1, 0}));
  const Decisions decisions{{1, 3, 1}, {7, 2, 7}, {1, 3, 1}};
  EXPECT_EQ(decisions.quality(table), (std::vector<double>{0.25, 0, 1}));
  const Decisions strange{{1, 3, 1}, {7, 1, 7}, {1, 3, 1}};
  expect_text(error_of([&] { strange.quality(table); }), {"some model gave", "row 1"});
  fields.quality = Tensor::from<float>({0.25F, 1, 0.5F, 0, 1, 0.5F}, {3, 2});
  expect_text(error_of([&] { OutcomeTable{fields}; }), {"no quality", "row 3, model 'm1'"});
  fields.quality = Tensor::from<float>({0.25F, 1, 1.5F, 0, 1, NAN}, {3, 2});
  expect_text(error_of([&] { OutcomeTable{fields}; }), {"quality in [0, 1]", "row 2, model 'm0'"});
}

TEST(OutcomeTable, counts_what_each_call_cost) {
  auto fields = answers_alone();
  fields.input_costs["usd"] = Tensor::from<float>({0, 4, 0, 1, 0, NAN}, {3, 2});
  fields.input_costs["ms"] = Tensor::from<float>({1, 4, 2, 2, 3, NAN}, {3, 2});
  const OutcomeTable table(fields);
  EXPECT_EQ(table.costs("usd"), (std::vector<double>{0, 2}));  // what is expected was said
  EXPECT_EQ(table.costs("ms"), (std::vector<double>{2, 3}));   // or is their mean
  const OutcomeTable complete = table.complete();
  const Decisions decisions{{3, 1}, {7, 0}, {2, 1}};
  EXPECT_EQ(decisions.costs(complete, "usd"), (std::vector<double>{4, 0}));
  EXPECT_EQ(decisions.costs(complete, "ms"), (std::vector<double>{5, 2}));
  fields.input_costs["ms"] = Tensor::from<float>({1, 4, -2, 2, 3, NAN}, {3, 2});
  expect_text(error_of([&] { OutcomeTable{fields}; }),
              {"at least 0", "-2 ms", "row 2, model 'm0'"});
}

TEST(OutcomeTable, keeps_the_likeliest_of_many_classes) {
  OutcomeFields fields;
  fields.models = {"m0"};
  fields.probabilities = Tensor({1, 1, 1000});
  const auto values = fields.probabilities.span<float>();
  for (std::size_t k = 0; k < values.size(); ++k) values[k] = 0.5F / 1000;
  values[3] += 0.2F;
  values[999] += 0.3F;
  fields.labels = Tensor::from<std::int32_t>({999}, {1});
  fields.costs["macs"] = {1};
  const OutcomeTable table(fields);
  EXPECT_EQ(table.class_count(), 1000);
  EXPECT_EQ(table.fields().probabilities.dim(2), static_cast<std::int64_t>(kept_classes));
  const Distribution said = table.distribution(0, 0);
  EXPECT_EQ(said.classes[0], 999);
  EXPECT_EQ(said.classes[1], 3);
  EXPECT_EQ(said.classes[2], 0);
  EXPECT_FLOAT_EQ(said.at(3), 0.2005F);
  EXPECT_NEAR(said.at(500), 0.0005F, 1e-6);
  EXPECT_EQ(table.predictions().span<std::int32_t>()[0], 999);
  std::vector<float> all(1000);
  said.expand(all);
  EXPECT_NEAR(std::accumulate(all.begin(), all.end(), 0.0), 1, 1e-5);
}

TEST(OutcomeTable, refuses_top_classes_that_are_not_the_likeliest) {
  const auto with = [](std::vector<std::int32_t> classes, std::vector<float> values) {
    OutcomeFields fields;
    fields.models = {"m0"};
    fields.classes = 4;
    fields.top_classes = Tensor::from(classes, {1, 1, 2});
    fields.probabilities = Tensor::from(values, {1, 1, 2});
    fields.costs["macs"] = {1};
    return error_of([&] { OutcomeTable{fields}; });
  };
  expect_text(with({2, 2}, {0.5F, 0.4F}), {"likeliest of 4 classes", "row 1, model 'm0'"});
  expect_text(with({2, 4}, {0.5F, 0.4F}), {"likeliest of 4 classes"});
  expect_text(with({2, 1}, {0.4F, 0.5F}), {"falling probability"});
  expect_text(with({2, 1}, {0.5F, 0.1F}), {"likeliest"});
  expect_text(with({2, 1}, {0.7F, 0.5F}), {"sum to 1 at most"});
}

TEST(OutcomeTable, of_models_keeps_their_columns) {
  auto fields = answers_alone();
  fields.input_costs["ms"] = Tensor::from<float>({1, 4, 2, 2, 3, NAN}, {3, 2});
  fields.inputs = {{"m0", "{}"}, {"m1", "[]"}};
  const OutcomeTable turned = OutcomeTable(fields).of_models({1, 0});
  EXPECT_EQ(turned.models(), (std::vector<std::string>{"m1", "m0"}));
  EXPECT_EQ(turned.predictions().span<std::int32_t>()[4], no_answer);
  EXPECT_EQ(turned.confidences().span<float>()[0], -3.5F);
  EXPECT_EQ(turned.costs("usd"), (std::vector<double>{2, 0}));
  EXPECT_EQ(turned.costs("ms"), (std::vector<double>{3, 2}));
  const OutcomeTable one = OutcomeTable(fields).of_models({1});
  EXPECT_EQ(one.fields().inputs, (std::map<std::string, std::string>{{"m1", "[]"}}));
  const OutcomeTable table = random_table(3, {.models = 3});
  const OutcomeTable pair = table.of_models({2, 0});
  EXPECT_EQ(pair.distribution(7, 0).values[1], table.distribution(7, 2).values[1]);
  EXPECT_TRUE(pair.fields().scores.empty());
  expect_text(error_of([&] { table.of_models({3}); }), {"models in [0, 3)", "received 3"});
  expect_text(error_of([&] { table.of_models({1, 1}); }), {"different model names"});
}

TEST(OutcomeTable, expects_of_some_rows_what_calls_cost_there_unless_told) {
  auto fields = answers_alone();
  fields.input_costs["ms"] = Tensor::from<float>({1, 4, 2, 2, 3, NAN}, {3, 2});
  const std::vector<std::int64_t> rows{1, 2};
  EXPECT_EQ(OutcomeTable(fields).subset(rows).costs("ms"), (std::vector<double>{2.5, 2}));
  EXPECT_EQ(OutcomeTable(fields).complete().costs("ms"), (std::vector<double>{1.5, 3}));
  fields.costs["ms"] = {7, 8};  // a price list
  EXPECT_EQ(OutcomeTable(fields).subset(rows).costs("ms"), (std::vector<double>{7, 8}));
  EXPECT_EQ(OutcomeTable(fields).subset(rows).costs("usd"), (std::vector<double>{0, 2}));
}

TEST(OutcomeTable, comes_back_from_a_file_with_answers_scores_and_costs) {
  const testing::TemporaryFolder folder;
  const auto path = folder.path() / "table.safetensors";
  auto fields = answers_alone();
  fields.input_costs["ms"] = Tensor::from<float>({1, 4, 2, 2, 3, NAN}, {3, 2});
  fields.groups = Tensor::from<std::int64_t>({5, 5, -1}, {3});
  OutcomeTable(fields).save(path);
  const OutcomeTable again = OutcomeTable::load(path);
  EXPECT_EQ(again.fields().score_kinds, fields.score_kinds);
  EXPECT_EQ(again.fields().answer_scores.span<float>()[1], -3.5F);
  EXPECT_EQ(again.fields().groups.span<std::int64_t>()[2], -1);
  EXPECT_EQ(again.costs("ms"), (std::vector<double>{2, 3}));
  EXPECT_EQ(again.class_count(), 8);
  EXPECT_EQ(again.identity()->digest(), OutcomeTable(fields).identity()->digest());
}

}  // namespace
}  // namespace muxnet
