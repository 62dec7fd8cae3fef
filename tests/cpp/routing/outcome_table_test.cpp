#include "muxnet/routing/outcome_table.hpp"

#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <functional>
#include <limits>
#include <numeric>

#include "muxnet/core/error.hpp"
#include "muxnet/core/file.hpp"
#include "muxnet/core/safetensors.hpp"
#include "muxnet/routing/decisions.hpp"
#include "support/tables.hpp"

namespace muxnet {
namespace {

using testing::error_of;
using testing::expect_text;
using testing::random_table;
using testing::two_class_fields;

OutcomeFields small() {
  return two_class_fields({{0.9F, 0.6F}, {0.2F, 0.7F}, {0.4F, 0.1F}}, {1, 1, 0}, {1, 10});
}

std::string error_after(const std::function<void(OutcomeFields&)>& spoil) {
  OutcomeFields fields = small();
  spoil(fields);
  return error_of([&] { OutcomeTable table(fields); });
}

class OutcomeFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / text("muxnet_outcomes_", getpid());
    std::filesystem::create_directories(folder_);
    path_ = folder_ / "table.safetensors";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  /// Loads a good file after `spoil` changed its content.
  std::string error_of_file(const std::function<void(SafeTensors&)>& spoil) {
    random_table(1).save(path_);
    auto content = load_safetensors(path_);
    spoil(content);
    save_safetensors(path_, content);
    return error_of<FileError>([&] { OutcomeTable::load(path_); });
  }

  std::filesystem::path folder_;
  std::filesystem::path path_;
};

TEST(OutcomeTable, derives_answers_once) {
  const OutcomeTable table(small());
  const auto predictions = table.predictions().span<std::int32_t>();
  const auto quality = table.quality().span<float>();
  EXPECT_EQ(std::vector<std::int32_t>(predictions.begin(), predictions.end()),
            (std::vector<std::int32_t>{1, 1, 0, 1, 0, 0}));
  EXPECT_EQ(std::vector<float>(quality.begin(), quality.end()),
            (std::vector<float>{1, 1, 0, 1, 1, 1}));
  EXPECT_EQ(table.right(), (std::vector<std::uint8_t>{1, 1, 0, 1, 1, 1}));
  EXPECT_FLOAT_EQ(table.confidences().span<float>()[2], 0.8F);
  EXPECT_NEAR(table.accuracies()[0], 2.0 / 3, 1e-12);
  EXPECT_NEAR(table.accuracies()[1], 1.0, 1e-12);
  EXPECT_EQ(table.multiplexer_cost("macs"), 0.0);
}

TEST(OutcomeTable, names_row_and_model_of_bad_probabilities) {
  expect_text(error_after([](auto& f) { f.probabilities.template data<float>()[6] = 0.5F; }),
              {"[outcome table]", "sum to 1", "row 2, model 'm1'"});
  const float nan = std::numeric_limits<float>::quiet_NaN();
  expect_text(error_after([&](auto& f) { f.probabilities.template data<float>()[8] = nan; }),
              {"in [0, 1]", "nan", "row 3, model 'm0'"});
  expect_text(error_after([](auto& f) { f.probabilities.template data<float>()[0] = -0.1F; }),
              {"in [0, 1]", "-0.1", "row 1"});
}

TEST(OutcomeTable, takes_the_rounding_of_float16) {
  OutcomeFields fields = small();
  fields.probabilities.data<float>()[0] += 0.009F;
  EXPECT_NO_THROW(OutcomeTable{fields});
  fields.probabilities.data<float>()[0] += 0.002F;
  EXPECT_THROW(OutcomeTable{fields}, std::invalid_argument);
}

TEST(OutcomeTable, refuses_fields_that_disagree) {
  expect_text(error_after([](auto& f) { f.models.pop_back(); }), {"(3, 1, classes)", "(3, 2, 2)"});
  expect_text(error_after([](auto& f) { f.models[1] = "m0"; }), {"different", "'m0' twice"});
  expect_text(error_after([](auto& f) { f.models[1] = ""; }), {"not empty"});
  expect_text(error_after([](auto& f) { f.labels = Tensor({2}, DType::i32); }),
              {"labels i32 (3)", "(2)"});
  expect_text(error_after([](auto& f) { f.labels.template data<std::int32_t>()[1] = 2; }),
              {"labels in [0, 2)", "2 in row 2"});
  expect_text(error_after([](auto& f) {
                f.probabilities = Tensor({3, 2});
              }),
              {"(3, 2, classes)", "(3, 2)"});
  expect_text(error_after([](auto& f) {
                f.weights = Tensor({3, 3});
                f.multiplexer_costs["macs"] = 0;
              }),
              {"weights f32 (3, 2)", "(3, 3)"});
  expect_text(error_after([](auto& f) { f.indices = Tensor({3}, DType::i64); }),
              {"source", "indices alone"});
}

TEST(OutcomeTable, refuses_costs_that_are_none) {
  expect_text(error_after([](auto& f) { f.costs.clear(); }), {"at least one kind of cost"});
  expect_text(error_after([](auto& f) { f.costs["macs"] = {1}; }), {"2 costs of kind 'macs'"});
  expect_text(error_after([](auto& f) { f.costs["macs"][0] = -3; }), {"at least 0", "-3", "'m0'"});
  expect_text(error_after([](auto& f) { f.multiplexer_costs["money"] = 1; }), {"'money'"});
  expect_text(error_after([](auto& f) { f.multiplexer_costs["macs"] = -1; }), {"at least 0", "-1"});
}

TEST(OutcomeTable, wants_the_routers_cost_beside_its_output) {
  expect_text(error_after([](auto& f) {
                f.scores = Tensor({3, 2});
              }),
              {"multiplexer's own cost in macs"});
}

TEST(OutcomeTable, refuses_multiplexer_output_out_of_range) {
  expect_text(error_after([](auto& f) {
                f.multiplexer_costs["macs"] = 0;
                f.offload_score = Tensor::from<float>({0, 1.5F, 0}, {3});
              }),
              {"offload_score in [0, 1]", "1.5 in row 2"});
  expect_text(error_after([](auto& f) {
                f.multiplexer_costs["macs"] = 0;
                f.scores = Tensor({3, 2});
                f.scores.template data<float>()[5] = std::numeric_limits<float>::infinity();
              }),
              {"finite scores", "inf in row 3"});
}

TEST(OutcomeTable, lists_the_kinds_of_cost) {
  const OutcomeTable table = random_table(1);
  expect_text(error_of([&] { table.costs("money"); }), {"latency_ms, macs", "money"});
}

TEST(OutcomeTable, trades_macs_where_no_other_kind_is_wanted) {
  auto fields = two_class_fields({{0.9F, 0.8F}}, {1}, {1, 2});
  fields.costs["latency_ms"] = {3, 4};
  const OutcomeTable both(fields);
  EXPECT_EQ(both.traded_cost(), "macs");
  EXPECT_EQ(both.traded_cost("latency_ms"), "latency_ms");
  expect_text(error_of([&] { both.traded_cost("money"); }),
              {"cost kind", "latency_ms or macs", "received money"});
  fields.costs.erase("macs");
  EXPECT_EQ(OutcomeTable(fields).traded_cost(), "latency_ms");
}

TEST(OutcomeTable, works_without_labels_until_they_are_needed) {
  OutcomeFields fields = small();
  fields.labels = Tensor();
  const OutcomeTable table(fields);
  EXPECT_FALSE(table.labelled());
  expect_text(error_of([&] { table.quality(); }), {"labels or quality", "without"});
  expect_text(error_of([&] { table.labels(); }), {"labels", "without"});
}

TEST(OutcomeTable, subset_keeps_rows_and_their_identity) {
  const OutcomeTable table = random_table(3);
  const std::vector<std::int64_t> rows{7, 2};
  const OutcomeTable part = table.subset(rows, "calibration");
  ASSERT_EQ(part.size(), 2);
  EXPECT_EQ(part.fields().split, "calibration");
  EXPECT_EQ(part.labels()[0], table.labels()[7]);
  EXPECT_EQ(part.fields().scores.span<float>()[4], table.fields().scores.span<float>()[8]);
  EXPECT_EQ(part.confidences().span<float>()[0], table.confidences().span<float>()[28]);
  EXPECT_EQ(part.fields().indices.span<std::int64_t>()[1], 2);
  EXPECT_TRUE(part.identity()->overlaps(*table.identity()));
  const std::vector<std::int64_t> others{3, 8};
  EXPECT_FALSE(part.identity()->overlaps(*table.subset(others).identity()));
  expect_text(error_of([&] { table.subset(std::vector<std::int64_t>{400}); }), {"[0, 400)", "400"});
  expect_text(error_of([&] { table.subset({}); }), {"at least one row"});
}

TEST(OutcomeTable, identity_tells_collections_apart) {
  EXPECT_FALSE(random_table(1).identity()->overlaps(*random_table(2).identity()));
  EXPECT_TRUE(random_table(1).identity()->overlaps(*random_table(1).identity()));
  OutcomeFields fields = small();
  fields.source = "train";
  fields.indices = Tensor::from<std::int64_t>({5, 6, 7}, {3});
  const OutcomeTable a(fields);
  fields.indices = Tensor::from<std::int64_t>({9, 8, 7}, {3});
  EXPECT_TRUE(a.identity()->overlaps(*OutcomeTable(fields).identity()));
  fields.source = "test";
  EXPECT_FALSE(a.identity()->overlaps(*OutcomeTable(fields).identity()));
}

TEST(OutcomeTable, a_copy_under_another_name_is_the_same_data) {
  OutcomeFields fields = small();
  fields.indices = {};
  fields.source = "answers.csv/all";
  const OutcomeTable a(fields);
  fields.source = "copy.csv/all";
  EXPECT_TRUE(a.identity()->overlaps(*OutcomeTable(fields).identity()));
  fields.indices = Tensor::from<std::int64_t>({5, 6, 7}, {3});
  fields.source = "photos#7b32091a121a51ff";
  const OutcomeTable photos(fields);
  fields.source = "copied#7b32091a121a51ff";
  EXPECT_TRUE(photos.identity()->overlaps(*OutcomeTable(fields).identity()));
  fields.source = "copied#5127558a54c1bb9b";
  EXPECT_FALSE(photos.identity()->overlaps(*OutcomeTable(fields).identity()));
}

TEST(OutcomeTable, an_input_of_the_same_content_is_the_same_in_any_collection) {
  OutcomeFields fields = small();
  fields.source = "all";
  fields.indices = Tensor::from<std::int64_t>({0, 1, 2}, {3});
  fields.contents = Tensor::from<std::int64_t>({-11, 22, 33}, {3});
  const OutcomeTable all(fields);
  fields.source = "test";
  fields.contents = Tensor::from<std::int64_t>({44, 33, 55}, {3});
  const OutcomeTable test(fields);
  EXPECT_EQ(test.identity()->rows_beyond(*all.identity()), (std::vector<std::int64_t>{0, 2}));
  EXPECT_TRUE(test.identity()->overlaps(*all.identity()));
  const std::vector<std::int64_t> unseen{0, 2};
  EXPECT_FALSE(test.subset(unseen).identity()->overlaps(*all.identity()));
  fields.contents = Tensor::from<std::int64_t>({44, 33}, {2});
  expect_text(error_of([&] { OutcomeTable{fields}; }), {"contents", "(3)", "(2)"});
}

TEST(OutcomeTable, rows_are_known_in_a_file_that_has_grown_or_was_shuffled) {
  const OutcomeFields all = random_table(1).fields();
  const auto part = [&](const std::vector<std::int64_t>& rows) {
    OutcomeFields fields = OutcomeTable(all).subset(rows).fields();
    fields.indices = fields.contents = Tensor();
    fields.source = "answers.csv";
    return OutcomeTable(fields);
  };
  const OutcomeTable fitted = part({0, 1, 2, 3}), later = part({7, 3, 1, 8, 0, 2});
  EXPECT_EQ(later.identity()->rows_beyond(*fitted.identity()), (std::vector<std::int64_t>{0, 3}));
  EXPECT_EQ(part({3, 2, 1, 0}).identity()->digest(), fitted.identity()->digest());
  const std::vector<std::int64_t> unseen{0, 3};
  EXPECT_FALSE(later.subset(unseen).identity()->overlaps(*fitted.identity()));
  // Of rows that are alike nobody knows which inputs they are; the others are known all the same.
  std::vector<std::int64_t> many(40);
  std::iota(many.begin(), many.end(), 0);
  many.push_back(39);
  EXPECT_EQ(part(many).identity()->rows_beyond(*fitted.identity()).size(), 37U);
  // Where such are many no row tells anything: the file is known as a whole.
  const OutcomeTable alike = part({5, 5, 6}), once = part({5, 6});
  EXPECT_FALSE(once.identity()->overlaps(*alike.identity()));
  EXPECT_TRUE(alike.identity()->overlaps(*part({5, 5, 6}).identity()));
}

TEST(OutcomeTable, of_one_source_places_tell_inputs_apart_and_not_what_they_hold) {
  OutcomeFields fields = random_table(1).fields();
  fields.source = "photos#7b32091a121a51ff";
  fields.indices = fields.contents = Tensor({400}, DType::i64);
  for (std::int64_t i = 0; i < 400; ++i) fields.indices.data<std::int64_t>()[i] = i;
  fields.contents = Tensor({400}, DType::i64);  // pairs of the same photograph
  for (std::int64_t i = 0; i < 400; ++i) fields.contents.data<std::int64_t>()[i] = 1 + i / 2;
  const OutcomeTable table(fields);
  std::vector<std::int64_t> even, odd;
  for (std::int64_t i = 0; i < 400; i += 2) {
    even.push_back(i);
    odd.push_back(i + 1);
  }
  EXPECT_FALSE(table.subset(even).identity()->overlaps(*table.subset(odd).identity()));
  fields.source = "other";
  EXPECT_TRUE(
      OutcomeTable(fields).subset(even).identity()->overlaps(*table.subset(odd).identity()));
}

TEST_F(OutcomeFileTest, round_trip_keeps_everything) {
  OutcomeFields fields = random_table(5).fields();
  fields.models[2] = "a \"quoted\", näme";
  fields.source = "digits/train";
  fields.features = Tensor({400, 3});
  fields.features.data<float>()[11] = 2.5F;
  fields.indices = Tensor({400}, DType::i64);
  for (std::int64_t i = 0; i < 400; ++i) fields.indices.data<std::int64_t>()[i] = 3 * i;
  fields.costs["macs"][0] = 1.0 / 3;
  const OutcomeTable saved(fields);
  saved.save(path_);
  const OutcomeTable loaded = OutcomeTable::load(path_);
  EXPECT_EQ(loaded.models(), saved.models());
  EXPECT_EQ(loaded.fields().costs, saved.fields().costs);
  EXPECT_EQ(loaded.fields().multiplexer_costs, saved.fields().multiplexer_costs);
  EXPECT_EQ(loaded.fields().split, "held_out");
  EXPECT_EQ(loaded.identity()->source, saved.identity()->source);
  EXPECT_EQ(loaded.identity()->keys, saved.identity()->keys);
  for (auto field : {&OutcomeFields::probabilities, &OutcomeFields::labels, &OutcomeFields::weights,
                     &OutcomeFields::scores, &OutcomeFields::offload_score,
                     &OutcomeFields::features, &OutcomeFields::indices}) {
    const Tensor& a = saved.fields().*field;
    const Tensor& b = loaded.fields().*field;
    ASSERT_EQ(a.shape(), b.shape());
    EXPECT_EQ(std::memcmp(a.raw(), b.raw(), a.bytes()), 0);
  }
}

TEST_F(OutcomeFileTest, refuses_hostile_files) {
  expect_text(error_of<FileError>([&] { OutcomeTable::load(folder_ / "none"); }), {"none"});
  write_atomically(path_, "no table at all");
  expect_text(error_of<FileError>([&] { OutcomeTable::load(path_); }), {"table.safetensors"});
  random_table(1).save(path_);
  const std::string bytes = read_file(path_);
  write_atomically(path_, bytes.substr(0, bytes.size() - 100));
  expect_text(error_of<FileError>([&] { OutcomeTable::load(path_); }), {"table.safetensors"});
}

TEST_F(OutcomeFileTest, refuses_content_that_is_no_table) {
  const std::string path = "table.safetensors";
  expect_text(error_of_file([](auto& c) { c.metadata.clear(); }), {path, "metadata 'format'"});
  expect_text(error_of_file([](auto& c) { c.metadata["format"] = "other"; }), {path, "other"});
  expect_text(error_of_file([](auto& c) { c.metadata["models"] = "[1, 2"; }), {path, "no valid"});
  expect_text(error_of_file([](auto& c) { c.metadata["models"] = "{\"a\": 1}"; }), {path});
  expect_text(error_of_file([](auto& c) { c.metadata["costs"] = "[]"; }), {path, "cost"});
  expect_text(error_of_file([](auto& c) { c.tensors.erase("costs"); }), {path, "'costs'"});
  expect_text(error_of_file([](auto& c) { c.tensors["costs"] = Tensor({2, 4}); }), {path, "f64"});
  expect_text(error_of_file([](auto& c) {
                c.tensors["multiplexer_costs"] = Tensor({2, 2}, DType::f64);
              }),
              {path, "one number per kind"});
  expect_text(error_of_file([](auto& c) {
                c.tensors.erase("probabilities");
                c.tensors.erase("predictions");
              }),
              {path, "at least one input"});
  expect_text(error_of_file([](auto& c) { c.tensors["labels"] = Tensor({400}, DType::i64); }),
              {path, "labels i32"});
}

}  // namespace
}  // namespace muxnet
